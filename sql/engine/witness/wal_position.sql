-- Where the write-ahead log is, and whether this role may look into it: the schema of pg_walinspect where
-- it is installed, and whether this role may use it (pg_read_server_files may). Any role; all versions,
-- pg_walinspect from 15 on.
select case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
            else pg_catalog.pg_current_wal_flush_lsn() end::text as position,
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
