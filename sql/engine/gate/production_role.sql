-- What the current role could write in this database if its transactions were not READ ONLY, and
-- whether the clone's role (in braces, as a literal) would be let in. Any role; all versions.
select r.rolsuper as superuser,
       (r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls) as special,
       has_database_privilege(current_catalog, 'create') as creates_schemas,
       (select count(*)
          from pg_catalog.pg_class as c
         where c.oid >= 16384
           and c.relkind in ('r', 'v', 'm', 'p', 'f', 'S')
           and case when c.relkind = 'S' then pg_catalog.has_sequence_privilege(c.oid, 'update, usage')
                    else pg_catalog.has_table_privilege(c.oid, 'insert, update, delete, truncate, references, trigger')
                      or pg_catalog.has_any_column_privilege(c.oid, 'insert, update') end) as writable_relations,
       (select count(*)
          from pg_catalog.pg_namespace as n
         where n.nspname !~ '^pg_(toast|temp_)'
           and pg_catalog.has_schema_privilege(n.oid, 'create')) as writable_schemas,
       (select count(*)
          from pg_catalog.pg_class as c
         where c.oid >= 16384
           and pg_catalog.pg_has_role(c.relowner, 'usage')) as owned_relations,
       (select count(*) from pg_catalog.pg_roles as p where p.rolname = {clone_role}) as clone_role_exists,
       coalesce((select pg_catalog.has_database_privilege(p.oid, current_catalog, 'connect')
                   from pg_catalog.pg_roles as p
                  where p.rolname = {clone_role}), false) as clone_role_connects
  from pg_catalog.pg_roles as r
 where r.rolname = current_user
