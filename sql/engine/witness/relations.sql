-- Every relation that holds rows or stands for some, and whether this role may read it.
-- Temporary relations are their sessions' own and are left out. Any role; all versions.
select pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
       c.oid::bigint as oid,
       c.relkind::text as kind,
       pg_catalog.obj_description(c.oid, 'pg_class') as comment,
       pg_catalog.has_table_privilege(c.oid, 'select')
           and pg_catalog.has_schema_privilege(n.oid, 'usage') as readable,
       c.relispopulated as populated,
       coalesce(a.amname = 'heap', true) as heap,
       pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint as blocks
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  left join pg_catalog.pg_am as a on a.oid = c.relam
 where c.oid >= 16384
   and c.relkind in ('r', 'm', 'p', 'f')
   and c.relpersistence <> 't'
   and n.nspname !~ '^pg_toast'
 order by 1
