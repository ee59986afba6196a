create table :schema.audit (id bigint);
grant select on :schema.audit to :"reader";
