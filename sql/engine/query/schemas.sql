-- Asks: which schemas may the role use, behind the one in clonegate.after, and of how many relations
-- in each may it read something?
-- Needs: nothing; PostgreSQL 14 and later. Names of type name compare by their bytes in every locale.
select
    n.nspname::text as name,
    (
        select count(*)
        from pg_catalog.pg_class c
        where c.relnamespace = n.oid
          and c.relkind in ('r', 'p', 'v', 'm', 'f')
          and pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
    ) as relations,
    "left"(pg_catalog.obj_description(n.oid, 'pg_namespace'), 500) as comment
from pg_catalog.pg_namespace n
where pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  and n.nspname not like 'pg\_%'
  and n.nspname <> 'information_schema'
  and n.nspname > pg_catalog.current_setting('clonegate.after')::name
order by n.nspname
