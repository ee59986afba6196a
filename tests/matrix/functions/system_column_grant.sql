-- what: a grant on one column of pg_authid
-- caught-by: catalog: system grants on column pg_catalog.pg_authid.rolpassword exists
grant select (rolpassword) on pg_catalog.pg_authid to zoo_visitor;
