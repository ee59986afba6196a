-- Columns. A dropped column stays as a gap in the positions. Any role; all versions.
select pg_catalog.format('%I.%I.%I', n.nspname, c.relname, a.attname) as identity,
       pg_catalog.json_build_object(
           'on', pg_catalog.format('%I.%I', n.nspname, c.relname),
           'position', a.attnum,
           'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
           'not null', a.attnotnull,
           'default', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
           'identity', nullif(a.attidentity::text, ''),
           'generated', nullif(a.attgenerated::text, ''),
           'collation', nullif(a.attcollation, 0)::regcollation::text,
           'storage', a.attstorage,
           'compression', nullif(a.attcompression::text, ''),
           'options', a.attoptions::text,
           'foreign options', a.attfdwoptions::text,
           'statistics target', nullif(a.attstattarget, -1),
           'local', a.attislocal,
           'inherited', nullif(a.attinhcount, 0),
           'acl', a.attacl::text,
           'comment', pg_catalog.col_description(c.oid, a.attnum)) as attributes
  from pg_catalog.pg_attribute as a
  join pg_catalog.pg_class as c on c.oid = a.attrelid
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where c.oid >= 16384
   and c.relkind in ('r', 'v', 'm', 'p', 'f', 'c')
   and c.relpersistence <> 't'
   and n.nspname !~ '^pg_toast'
   and a.attnum > 0
   and not a.attisdropped
 order by 1
