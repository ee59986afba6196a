-- Asks: may this role ask for the system identifier?
-- Needs: nothing; PostgreSQL 9.6 and later.
select pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute')
