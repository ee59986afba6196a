-- Whether the clone's role (in braces, as a literal) exists in this server, and would be let into this database.
-- Any role; all versions.
select (select count(*) from pg_catalog.pg_roles as p where p.rolname = {clone_role}) as clone_role_exists,
       coalesce((select pg_catalog.has_database_privilege(p.oid, current_catalog, 'connect')
                   from pg_catalog.pg_roles as p
                  where p.rolname = {clone_role}), false) as clone_role_connects
