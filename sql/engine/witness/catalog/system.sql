-- What came with the server: a digest of each catalog, and by name what has other grants than it came with.
-- A grant on pg_authid or an altered built-in function shows here. Any role; all versions.
select 'relations' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(pg_catalog.concat_ws(' ', o.oid, o.relname, o.relnamespace, o.relowner, o.relkind, o.relnatts, o.reloptions, o.relrowsecurity, o.relforcerowsecurity)), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_class as o
 where o.oid < 16384 and o.relkind not in ('i', 't')
union all
select 'columns' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(pg_catalog.concat_ws(' ', o.attrelid, o.attnum, o.attname, o.atttypid, o.attstattarget, o.attoptions, o.attnotnull)), ' ' order by o.attrelid, o.attnum))) as attributes
  from pg_catalog.pg_attribute as o
  join pg_catalog.pg_class as c on c.oid = o.attrelid
 where c.oid < 16384 and c.relkind not in ('i', 't')
union all
select 'functions' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5((pg_catalog.to_jsonb(o) - 'proacl')::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_proc as o
 where o.oid < 16384
union all
select 'aggregates' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.aggfnoid))) as attributes
  from pg_catalog.pg_aggregate as o
 where o.aggfnoid < 16384
union all
select 'types' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5((pg_catalog.to_jsonb(o) - 'typacl')::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_type as o
 where o.oid < 16384
union all
select 'ranges' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.rngtypid))) as attributes
  from pg_catalog.pg_range as o
 where o.rngtypid < 16384
union all
select 'operators' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_operator as o
 where o.oid < 16384
union all
select 'operator classes' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_opclass as o
 where o.oid < 16384
union all
select 'operator families' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_opfamily as o
 where o.oid < 16384
union all
select 'operators of families' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_amop as o
 where o.oid < 16384
union all
select 'functions of families' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_amproc as o
 where o.oid < 16384
union all
select 'access methods' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_am as o
 where o.oid < 16384
union all
select 'casts' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_cast as o
 where o.oid < 16384
union all
select 'collations' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_collation as o
 where o.oid < 16384
union all
select 'conversions' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_conversion as o
 where o.oid < 16384
union all
select 'text search configurations' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_ts_config as o
 where o.oid < 16384
union all
select 'text search dictionaries' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_ts_dict as o
 where o.oid < 16384
union all
select 'text search parsers' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_ts_parser as o
 where o.oid < 16384
union all
select 'text search templates' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_ts_template as o
 where o.oid < 16384
union all
select 'rules' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_rewrite as o
 where o.oid < 16384
union all
select 'constraints' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_constraint as o
 where o.oid < 16384
union all
select 'text search mappings' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.mapcfg, o.maptokentype, o.mapseqno))) as attributes
  from pg_catalog.pg_ts_config_map as o
 where o.mapcfg < 16384
union all
select 'triggers of system relations' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.oid))) as attributes
  from pg_catalog.pg_trigger as o
 where o.tgrelid < 16384
union all
select 'inheritance' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.inhrelid, o.inhseqno))) as attributes
  from pg_catalog.pg_inherits as o
 where o.inhrelid < 16384
union all
select 'comments' as identity,
       pg_catalog.jsonb_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(o::text), ' ' order by o.classoid, o.objoid, o.objsubid))) as attributes
  from pg_catalog.pg_description as o
 where o.objoid < 16384
   and o.classoid not in ('pg_catalog.pg_namespace'::regclass, 'pg_catalog.pg_language'::regclass, 'pg_catalog.pg_extension'::regclass, 'pg_catalog.pg_largeobject'::regclass)
union all
select pg_catalog.format('grants on relation %s', (pg_catalog.pg_identify_object(o.tableoid, o.oid, 0)).identity),
       pg_catalog.jsonb_build_object('acl', array(select a::text from pg_catalog.unnest(o.relacl) as a order by a::text collate "C")::text)
  from pg_catalog.pg_class as o
  left join pg_catalog.pg_init_privs as i on i.classoid = o.tableoid and i.objoid = o.oid and i.objsubid = 0
 where o.oid < 16384 and o.relacl is distinct from i.initprivs
union all
select pg_catalog.format('grants on function %s', (pg_catalog.pg_identify_object(o.tableoid, o.oid, 0)).identity),
       pg_catalog.jsonb_build_object('acl', array(select a::text from pg_catalog.unnest(o.proacl) as a order by a::text collate "C")::text)
  from pg_catalog.pg_proc as o
  left join pg_catalog.pg_init_privs as i on i.classoid = o.tableoid and i.objoid = o.oid and i.objsubid = 0
 where o.oid < 16384 and o.proacl is distinct from i.initprivs
union all
select pg_catalog.format('grants on type %s', (pg_catalog.pg_identify_object(o.tableoid, o.oid, 0)).identity),
       pg_catalog.jsonb_build_object('acl', array(select a::text from pg_catalog.unnest(o.typacl) as a order by a::text collate "C")::text)
  from pg_catalog.pg_type as o
  left join pg_catalog.pg_init_privs as i on i.classoid = o.tableoid and i.objoid = o.oid and i.objsubid = 0
 where o.oid < 16384 and o.typacl is distinct from i.initprivs
union all
select pg_catalog.format('grants on column %s', (pg_catalog.pg_identify_object('pg_catalog.pg_class'::regclass, o.attrelid, o.attnum)).identity),
       pg_catalog.jsonb_build_object('acl', array(select a::text from pg_catalog.unnest(o.attacl) as a order by a::text collate "C")::text)
  from pg_catalog.pg_attribute as o
  left join pg_catalog.pg_init_privs as i on i.classoid = 'pg_catalog.pg_class'::regclass and i.objoid = o.attrelid and i.objsubid = o.attnum
 where o.attrelid < 16384 and o.attacl is distinct from i.initprivs
