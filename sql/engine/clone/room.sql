-- How large is the database, and where are its files? The data folder is NULL where this role may not read
-- all settings. The backend's pid shows, where psql runs, whether the server runs there too. PostgreSQL 14
-- and later, no privileges but CONNECT on the database.
select pg_catalog.concat(:'nonce', '|room|', pg_catalog.json_build_object(
    'pid', pg_catalog.pg_backend_pid(),
    'bytes', (select pg_catalog.pg_database_size(d.oid) from pg_catalog.pg_database d where d.datname operator(pg_catalog.=) :'database'),
    'tablespace', (select nullif(pg_catalog.pg_tablespace_location(d.dattablespace), '') from pg_catalog.pg_database d where d.datname operator(pg_catalog.=) :'database'),
    'folder', case when pg_catalog.pg_has_role(session_user, 'pg_read_all_settings', 'member')
                   then pg_catalog.current_setting('data_directory') end)::pg_catalog.text);
