-- Is pg_cron's table in this database, may this role read it, and in which database is it if not here? No
-- privileges.
select pg_catalog.concat(:'nonce', '|cron|', pg_catalog.json_build_object(
    'here', pg_catalog.to_regclass('cron.job') is not null,
    'readable', coalesce(pg_catalog.has_table_privilege(pg_catalog.to_regclass('cron.job'), 'select')
        and pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace('cron'), 'usage'), false),
    'elsewhere', pg_catalog.current_setting('cron.database_name', true))::pg_catalog.text);
