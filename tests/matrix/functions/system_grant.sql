-- what: a grant on pg_authid
-- caught-by: catalog: system grants on relation pg_catalog.pg_authid exists
grant select on pg_catalog.pg_authid to zoo_visitor;
