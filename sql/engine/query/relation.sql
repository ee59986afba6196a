-- Asks: what is the relation clonegate.schema.clonegate.relation, which of its columns may the role
-- read, and which keys are made of those alone? One statement, so that it is one moment's.
-- Needs: nothing; PostgreSQL 14 and later. A key's definition has names only.
with relation as (
    select
        c.oid,
        c.relname::text as name,
        case c.relkind
            when 'r' then 'table'
            when 'p' then 'partitioned table'
            when 'v' then 'view'
            when 'm' then 'materialized view'
            when 'f' then 'foreign table'
        end as kind,
        case when c.relkind <> 'v' and c.reltuples >= 0 then c.reltuples::bigint end as rows
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = pg_catalog.current_setting('clonegate.schema')::name
      and c.relname = pg_catalog.current_setting('clonegate.relation')::name
      and pg_catalog.has_schema_privilege(n.oid, 'USAGE')
      and c.relkind in ('r', 'p', 'v', 'm', 'f')
      and pg_catalog.has_any_column_privilege(c.oid, 'SELECT')
)
select
    1 as part,
    0 as position,
    r.name as name,
    r.kind as kind,
    null::boolean as not_null,
    r.rows as rows,
    "left"(pg_catalog.obj_description(r.oid, 'pg_class'), 500) as words
from relation r
union all
select
    2,
    a.attnum::integer,
    a.attname::text,
    pg_catalog.format_type(a.atttypid, a.atttypmod),
    a.attnotnull,
    null::bigint,
    "left"(pg_catalog.col_description(r.oid, a.attnum::integer), 500)
from relation r
join pg_catalog.pg_attribute a on a.attrelid = r.oid
where a.attnum > 0
  and not a.attisdropped
  and pg_catalog.has_column_privilege(r.oid, a.attnum, 'SELECT')
union all
select
    3,
    0,
    k.conname::text,
    k.contype::text,
    null::boolean,
    null::bigint,
    pg_catalog.pg_get_constraintdef(k.oid)
from relation r
join pg_catalog.pg_constraint k on k.conrelid = r.oid
where k.contype in ('p', 'u', 'f')
  and not exists (
      select 1
      from pg_catalog.unnest(k.conkey) as u(attnum)
      where not pg_catalog.has_column_privilege(r.oid, u.attnum, 'SELECT')
  )
order by part, position, name
