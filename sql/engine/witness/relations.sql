-- Every relation that holds rows or stands for some; whether this role may read it and would see all
-- its rows; its size, and the file that it had in this snapshot. Asking for a size takes a lock, so for a
-- relation that somebody holds or wants for himself it is the planner's estimate. Any role; all versions.
with held as materialized (
    select distinct l.relation
      from pg_catalog.pg_locks as l
     where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
)
select pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
       c.oid::bigint as oid,
       c.relkind::text as kind,
       c.relpersistence::text as persistence,
       d.description as comment,
       pg_catalog.has_table_privilege(c.oid, 'select')
           and pg_catalog.has_schema_privilege(n.oid, 'usage') as readable,
       pg_catalog.row_security_active(c.oid) as hides_rows,
       c.relispopulated as populated,
       coalesce(a.amname = 'heap', true) as heap,
       pg_catalog.pg_is_in_recovery() as standby,
       c.relfilenode::bigint as filenode,
       s.bytes / pg_catalog.current_setting('block_size')::bigint as blocks,
       -- What is out of line, as VACUUM last saw it; only where it never did the file is looked at.
       s.bytes + coalesce(case when o.reltuples >= 0 then o.relpages::bigint * 8192
                               when h.relation is null then pg_catalog.pg_relation_size(o.oid) end, 0) as bytes
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  left join pg_catalog.pg_am as a on a.oid = c.relam
  left join held as h on h.relation = c.oid
  left join pg_catalog.pg_description as d
         on d.classoid = 'pg_catalog.pg_class'::regclass and d.objoid = c.oid and d.objsubid = 0
  left join pg_catalog.pg_class as o on o.oid = nullif(c.reltoastrelid, 0)
 cross join lateral (
     select case when h.relation is null then pg_catalog.pg_relation_size(c.oid)
                 else greatest(c.relpages, 0)::bigint * pg_catalog.current_setting('block_size')::bigint end as bytes
     offset 0
 ) as s
 where (c.oid >= 16384 or c.oid = 2613 and exists (select from pg_catalog.pg_largeobject_metadata))
   and c.relkind in ('r', 'm', 'p', 'f')
   and n.nspname !~ '^pg_toast'
 order by 1
