-- Which server is this, who asks, and may this role make databases? Asked in the maintenance database.
-- PostgreSQL 14 and later. pg_control_system() is granted to everybody by default.
select pg_catalog.concat(:'nonce', '|server|', pg_catalog.json_build_object(
    'database', current_catalog,
    'database_oid', (select d.oid::pg_catalog.int8 from pg_catalog.pg_database d where d.datname operator(pg_catalog.=) current_catalog),
    'role', session_user,
    'superuser', r.rolsuper,
    'createdb', r.rolcreatedb,
    'createrole', r.rolcreaterole,
    'system_identifier', (select c.system_identifier::pg_catalog.text from pg_catalog.pg_control_system() c),
    'postmaster_start', pg_catalog.pg_postmaster_start_time()::pg_catalog.text,
    'server_version', pg_catalog.current_setting('server_version'),
    'server_version_num', pg_catalog.current_setting('server_version_num')::pg_catalog.int4,
    'in_recovery', pg_catalog.pg_is_in_recovery())::pg_catalog.text)
from pg_catalog.pg_roles r
where r.rolname operator(pg_catalog.=) session_user;
