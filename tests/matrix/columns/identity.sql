-- what: an identity column becomes ALWAYS
-- caught-by: catalog: column zoo.animal.id identity
alter table zoo.animal alter column id set generated always;
