-- what: everybody loses EXECUTE on a built-in function
-- caught-by: catalog: system grants on function pg_catalog.pg_sleep(double precision) exists
revoke execute on function pg_catalog.pg_sleep(float8) from public;
