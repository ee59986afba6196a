-- Asks: which relations of the schema in clonegate.schema, behind the one in clonegate.after, may the
-- role read something of?
-- Needs: nothing; PostgreSQL 14 and later. reltuples is the planner's estimate, -1 where it has none; a
-- view has none either.
select
    n.nspname::text as schema,
    c.relname::text as name,
    case c.relkind
        when 'r' then 'table'
        when 'p' then 'partitioned table'
        when 'v' then 'view'
        when 'm' then 'materialized view'
        when 'f' then 'foreign table'
    end as kind,
    case when c.relkind <> 'v' and c.reltuples >= 0 then c.reltuples::bigint end as rows,
    "left"(pg_catalog.obj_description(c.oid, 'pg_class'), 500) as comment
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = pg_catalog.current_setting('clonegate.schema')::name
  and pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
  and c.relname > pg_catalog.current_setting('clonegate.after')::name
order by c.relname
