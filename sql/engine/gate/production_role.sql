-- What the current role could write in this database if its transactions were not READ ONLY, by itself
-- or as a role that it is a member of, whether inherited or by SET ROLE; and whether the clone's role (in
-- braces, as a literal) would be let in. Any role; all versions.
select pg_catalog.bool_or(r.rolsuper) as superuser,
       pg_catalog.bool_or(r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls) as special,
       pg_catalog.bool_or(pg_catalog.has_database_privilege(r.oid, current_catalog, 'create')) as creates_schemas,
       pg_catalog.bool_or(pg_catalog.has_database_privilege(r.oid, current_catalog, 'temporary')) as creates_temporary,
       (select count(*)
          from pg_catalog.pg_class as c
         where (c.oid >= 16384 and c.relkind in ('r', 'v', 'm', 'p', 'f', 'S') or c.oid < 16384 and c.relkind = 'r')
           and exists (select from pg_catalog.pg_roles as m
                        where pg_catalog.pg_has_role(m.oid, 'member')
                          and case when c.relkind = 'S' then pg_catalog.has_sequence_privilege(m.oid, c.oid, 'update, usage')
                                   else pg_catalog.has_table_privilege(m.oid, c.oid, 'insert, update, delete, truncate, references, trigger')
                                     or pg_catalog.has_any_column_privilege(m.oid, c.oid, 'insert, update') end)) as writable_relations,
       (select count(*)
          from pg_catalog.pg_namespace as n
         where n.nspname !~ '^pg_(toast|temp_)'
           and exists (select from pg_catalog.pg_roles as m
                        where pg_catalog.pg_has_role(m.oid, 'member')
                          and pg_catalog.has_schema_privilege(m.oid, n.oid, 'create'))) as writable_schemas,
       (select count(*) from pg_catalog.pg_class as c
         where c.oid >= 16384 and pg_catalog.pg_has_role(c.relowner, 'member'))
       + (select count(*) from pg_catalog.pg_proc as p
           where p.oid >= 16384 and pg_catalog.pg_has_role(p.proowner, 'member'))
       + (select count(*) from pg_catalog.pg_namespace as n
           where pg_catalog.pg_has_role(n.nspowner, 'member') and n.nspname !~ '^pg_temp_')
       + (select count(*) from pg_catalog.pg_database as d
           where pg_catalog.pg_has_role(d.datdba, 'member')) as owned_objects,
       pg_catalog.count(*) filter (where r.rolname in (
           'pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program', 'pg_read_server_files',
           'pg_signal_backend', 'pg_maintain', 'pg_create_subscription', 'pg_checkpoint',
           'pg_use_reserved_connections', 'pg_database_owner')) as dangerous_memberships,
       (select count(*) from pg_catalog.pg_roles as p where p.rolname = {clone_role}) as clone_role_exists,
       coalesce((select pg_catalog.has_database_privilege(p.oid, current_catalog, 'connect')
                   from pg_catalog.pg_roles as p
                  where p.rolname = {clone_role}), false) as clone_role_connects
  from pg_catalog.pg_roles as r
 where pg_catalog.pg_has_role(r.oid, 'member')
