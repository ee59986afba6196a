-- Indexes. Any role; all versions.
select pg_catalog.format('%I.%I', n.nspname, c.relname) as identity,
       pg_catalog.json_build_object(
           'on', pg_catalog.format('%I.%I', n.nspname, t.relname),
           'definition', pg_catalog.pg_get_indexdef(i.indexrelid),
           'valid', i.indisvalid,
           'ready', i.indisready,
           'clustered', i.indisclustered,
           'replica identity', i.indisreplident,
           'tablespace', s.spcname,
           'parent', (select h.inhparent::regclass::text from pg_catalog.pg_inherits as h where h.inhrelid = c.oid),
           'statistics targets', (select pg_catalog.string_agg(a.attnum || ' ' || a.attstattarget, ', ' order by a.attnum)
                                    from pg_catalog.pg_attribute as a
                                   where a.attrelid = c.oid and a.attstattarget <> -1),
           'comment', pg_catalog.obj_description(c.oid, 'pg_class')) as attributes
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
  join pg_catalog.pg_class as t on t.oid = i.indrelid
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  left join pg_catalog.pg_tablespace as s on s.oid = c.reltablespace
 where c.oid >= 16384
   and c.relpersistence <> 't'
   and n.nspname !~ '^pg_toast'
 order by 1
