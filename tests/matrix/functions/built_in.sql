-- what: a built-in function is altered
-- caught-by: catalog: system functions digest
alter function pg_catalog.pg_sleep(float8) cost 5;
