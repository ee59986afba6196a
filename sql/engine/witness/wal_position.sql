-- How far the write-ahead log is on disk, which is how far it can be read, and how far it is written; after
-- how many milliseconds at the most the server writes an asynchronous commit to disk, which is three times
-- wal_writer_delay; and whether this role may look into the log: the schema of pg_walinspect where it is
-- installed, and whether this role may use it (pg_read_server_files may). Any role; all versions, pg_walinspect
-- from 15 on.
select case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
            else pg_catalog.pg_current_wal_flush_lsn() end::text as position,
       case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
            else pg_catalog.pg_current_wal_insert_lsn() end::text as written,
       (select 3 * s.setting::bigint
          from pg_catalog.pg_settings as s where s.name = 'wal_writer_delay') as patience,
       (select pg_catalog.quote_ident(n.nspname)
          from pg_catalog.pg_extension as e
          join pg_catalog.pg_namespace as n on n.oid = e.extnamespace
         where e.extname = 'pg_walinspect') as schema,
       coalesce((select pg_catalog.bool_and(pg_catalog.has_function_privilege(p.oid, 'execute')
                                            and pg_catalog.has_schema_privilege(p.pronamespace, 'usage'))
                   from pg_catalog.pg_extension as e
                   join pg_catalog.pg_proc as p on p.pronamespace = e.extnamespace
                  where e.extname = 'pg_walinspect'
                    and p.proname = 'pg_get_wal_records_info'), false) as usable
