-- What came with the server: a digest of each catalog, and by name what has other grants than it came with.
-- A grant on pg_authid or an altered built-in function shows here. Any role; all versions. A digest is that of the
-- digest witness: each row is written out and hashed as one value, and the hashes are summed.
-- Columns of functions and types that a later version may have are looked for once. To read the rows as
-- JSON would take longer than all the rest.
with more_of_functions as materialized (
    select array(select pg_catalog.jsonb_object_keys(pg_catalog.to_jsonb(x) - '{oid,proname,pronamespace,proowner,prolang,procost,prorows,provariadic,prosupport,prokind,prosecdef,proleakproof,proisstrict,proretset,provolatile,proparallel,pronargs,pronargdefaults,prorettype,proargtypes,proallargtypes,proargmodes,proargnames,proargdefaults,protrftypes,prosrc,probin,prosqlbody,proconfig,proacl}'::text[])) as names
      from pg_catalog.pg_proc as x
     limit 1
), more_of_types as materialized (
    select array(select pg_catalog.jsonb_object_keys(pg_catalog.to_jsonb(x) - '{oid,typname,typnamespace,typowner,typlen,typbyval,typtype,typcategory,typispreferred,typisdefined,typdelim,typrelid,typsubscript,typelem,typarray,typinput,typoutput,typreceive,typsend,typmodin,typmodout,typanalyze,typalign,typstorage,typnotnull,typbasetype,typtypmod,typndims,typcollation,typdefaultbin,typdefault,typacl}'::text[])) as names
      from pg_catalog.pg_type as x
     limit 1
)
select 'relations' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(row(o.oid, o.relname, o.relnamespace, o.relowner, o.relkind, o.relnatts, o.reloptions, o.relrowsecurity, o.relforcerowsecurity))), 0))::text) as attributes
  from pg_catalog.pg_class as o
 where o.oid < 16384 and o.relkind not in ('i', 't')
union all
select 'columns' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(row(o.attrelid, o.attnum, o.attname, o.atttypid, o.attstattarget, o.attoptions, o.attnotnull))), 0))::text) as attributes
  from pg_catalog.pg_attribute as o
  join pg_catalog.pg_class as c on c.oid = o.attrelid
 where c.oid < 16384 and c.relkind not in ('i', 't')
union all
select 'functions' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(row(o.oid, o.proname, o.pronamespace, o.proowner, o.prolang, o.procost, o.prorows, o.provariadic, o.prosupport, o.prokind, o.prosecdef, o.proleakproof, o.proisstrict, o.proretset, o.provolatile, o.proparallel, o.pronargs, o.pronargdefaults, o.prorettype, o.proargtypes, o.proallargtypes, o.proargmodes, o.proargnames, o.proargdefaults, o.protrftypes, o.prosrc, o.probin, o.prosqlbody, o.proconfig,
           case when pg_catalog.cardinality((select m.names from more_of_functions as m)) > 0 then (
               select pg_catalog.json_object_agg(k, pg_catalog.to_jsonb(o) -> k)::text
                 from pg_catalog.unnest((select m.names from more_of_functions as m)) as k) end))), 0))::text) as attributes
  from pg_catalog.pg_proc as o
 where o.oid < 16384
union all
select 'aggregates' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_aggregate as o
 where o.aggfnoid < 16384
union all
select 'types' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(row(o.oid, o.typname, o.typnamespace, o.typowner, o.typlen, o.typbyval, o.typtype, o.typcategory, o.typispreferred, o.typisdefined, o.typdelim, o.typrelid, o.typsubscript, o.typelem, o.typarray, o.typinput, o.typoutput, o.typreceive, o.typsend, o.typmodin, o.typmodout, o.typanalyze, o.typalign, o.typstorage, o.typnotnull, o.typbasetype, o.typtypmod, o.typndims, o.typcollation, o.typdefaultbin, o.typdefault,
           case when pg_catalog.cardinality((select m.names from more_of_types as m)) > 0 then (
               select pg_catalog.json_object_agg(k, pg_catalog.to_jsonb(o) -> k)::text
                 from pg_catalog.unnest((select m.names from more_of_types as m)) as k) end))), 0))::text) as attributes
  from pg_catalog.pg_type as o
 where o.oid < 16384
union all
select 'ranges' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_range as o
 where o.rngtypid < 16384
union all
select 'operators' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_operator as o
 where o.oid < 16384
union all
select 'operator classes' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_opclass as o
 where o.oid < 16384
union all
select 'operator families' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_opfamily as o
 where o.oid < 16384
union all
select 'operators of families' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_amop as o
 where o.oid < 16384
union all
select 'functions of families' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_amproc as o
 where o.oid < 16384
union all
select 'access methods' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_am as o
 where o.oid < 16384
union all
select 'casts' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_cast as o
 where o.oid < 16384
union all
select 'collations' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_collation as o
 where o.oid < 16384
union all
select 'conversions' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_conversion as o
 where o.oid < 16384
union all
select 'text search configurations' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_ts_config as o
 where o.oid < 16384
union all
select 'text search dictionaries' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_ts_dict as o
 where o.oid < 16384
union all
select 'text search parsers' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_ts_parser as o
 where o.oid < 16384
union all
select 'text search templates' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_ts_template as o
 where o.oid < 16384
union all
select 'rules' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_rewrite as o
 where o.oid < 16384
union all
select 'constraints' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_constraint as o
 where o.oid < 16384
union all
select 'text search mappings' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_ts_config_map as o
 where o.mapcfg < 16384
union all
select 'triggers of system relations' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_trigger as o
 where o.tgrelid < 16384
union all
select 'inheritance' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
  from pg_catalog.pg_inherits as o
 where o.inhrelid < 16384
union all
select 'comments' as identity,
       pg_catalog.jsonb_build_object('digest', pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(o)), 0))::text) as attributes
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
