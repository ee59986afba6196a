-- Is the clone the pinned one, and is the scratch copy's name free? Asked in the maintenance database
-- before CREATE DATABASE. No privileges but CONNECT.
select pg_catalog.concat(:'nonce', '|may-be-made|', pg_catalog.json_build_object(
    'clone_oid', (select d.oid::pg_catalog.int8 from pg_catalog.pg_database d where d.datname operator(pg_catalog.=) :'clone'),
    'taken', exists (select from pg_catalog.pg_database d where d.datname operator(pg_catalog.=) :'scratch'),
    'bytes', pg_catalog.pg_database_size(:'clone'),
    'system_identifier', (select c.system_identifier::pg_catalog.text from pg_catalog.pg_control_system() c))::pg_catalog.text);
