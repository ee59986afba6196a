-- What came with the server: owners, grants and definitions of system objects, as one digest a catalog.
-- A grant on pg_authid or an altered built-in function shows here. Any role; all versions.
select 'grants on system relations' as identity,
       pg_catalog.json_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(
           pg_catalog.concat_ws(' ', c.oid, c.relowner, c.relacl, c.reloptions), ', ' order by c.oid))) as attributes
  from pg_catalog.pg_class as c
 where c.oid < 16384
union all
select 'grants on system columns',
       pg_catalog.json_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(
           pg_catalog.concat_ws(' ', a.attrelid, a.attnum, a.attacl), ', ' order by a.attrelid, a.attnum)))
  from pg_catalog.pg_attribute as a
 where a.attrelid < 16384 and a.attacl is not null
union all
select 'system functions',
       pg_catalog.json_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(
           pg_catalog.md5(p::text), '' order by p.oid)))
  from pg_catalog.pg_proc as p
 where p.oid < 16384
union all
select 'system types',
       pg_catalog.json_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(
           pg_catalog.md5(t::text), '' order by t.oid)))
  from pg_catalog.pg_type as t
 where t.oid < 16384
union all
select 'system languages',
       pg_catalog.json_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(
           pg_catalog.md5(l::text), '' order by l.oid)))
  from pg_catalog.pg_language as l
 where l.oid < 16384
union all
select 'system operators and casts',
       pg_catalog.json_build_object('md5', pg_catalog.md5(pg_catalog.string_agg(o.row, '' order by o.oid)))
  from (select r.oid, pg_catalog.md5(r::text) as row from pg_catalog.pg_operator as r where r.oid < 16384
        union all
        select k.oid, pg_catalog.md5(k::text) from pg_catalog.pg_cast as k where k.oid < 16384) as o
