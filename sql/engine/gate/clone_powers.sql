-- What could the clone's role do beyond the clone, by itself or as a role of which it is a member? Asked on
-- the clone. Any role; PostgreSQL 14 and later (the roles that are newer are not there before).
select coalesce(pg_catalog.bool_or(r.rolsuper), false) as superuser,
       coalesce(pg_catalog.bool_or(r.rolcreatedb), false) as create_database,
       coalesce(pg_catalog.bool_or(r.rolcreaterole), false) as create_role,
       coalesce(pg_catalog.bool_or(r.rolreplication), false) as replication,
       coalesce(pg_catalog.bool_or(r.rolbypassrls), false) as bypass_rls,
       coalesce(pg_catalog.string_agg(r.rolname::text, ', ' order by r.rolname)
                    filter (where r.rolname in ('pg_write_all_data', 'pg_read_server_files',
                                                'pg_write_server_files', 'pg_execute_server_program',
                                                'pg_signal_backend', 'pg_create_subscription',
                                                'pg_maintain', 'pg_checkpoint',
                                                'pg_signal_autovacuum_worker')), '') as server_roles
  from pg_catalog.pg_roles as r
 where pg_catalog.pg_has_role(current_user, r.oid, 'member')
