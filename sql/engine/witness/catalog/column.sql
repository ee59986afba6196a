-- Columns. A dropped column stays as a gap in the positions. {page} of {pages} is a part of them.
-- Any role; all versions.
-- For a default, which can't name columns, pg_get_expr need not open the table: that would be a third of the time.
-- What most columns don't have is only written for those that have some of it: most of the time is writing.
-- Columns are looked up one relation after the other, which an array forces: of itself the planner reads all of them in
-- the order of an index.
-- Columns of pg_attribute that a later version may have are looked for once, and read where there are any.
with more as materialized (
    select array(select pg_catalog.jsonb_object_keys(pg_catalog.to_jsonb(x) - '{attrelid,attname,atttypid,attstattarget,attlen,attnum,attndims,attcacheoff,atttypmod,attbyval,attstorage,attalign,attcompression,attnotnull,atthasdef,atthasmissing,attidentity,attgenerated,attisdropped,attislocal,attinhcount,attcollation,attacl,attoptions,attfdwoptions,attmissingval}'::text[])) as names
      from pg_catalog.pg_attribute as x
     limit 1
), relation as materialized (
    select c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) as name
      from pg_catalog.pg_class as c
      join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
     where c.oid >= 16384
       and c.relkind not in ('i', 'I', 't', 'S')
       and c.relpersistence <> 't'
       and n.nspname !~ '^pg_toast'
       and case when pg_catalog.abs(pg_catalog.hashoid(c.oid)::bigint) % {pages} = {page} then true else false end
)
select pg_catalog.concat(c.name, '.', pg_catalog.quote_ident(a.attname)) as identity,
       array[
           'on', c.name,
           'position', a.attnum::text,
           'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
           'not null', nullif(a.attnotnull, false)::text,
           'default', case when a.atthasdef then (
                          select pg_catalog.pg_get_expr(d.adbin, case when a.attgenerated <> '' then d.adrelid else 0 end)
                            from pg_catalog.pg_attrdef as d where d.adrelid = a.attrelid and d.adnum = a.attnum) end]
       || case when a.attidentity <> '' or a.attgenerated <> '' or a.attcollation <> y.typcollation
                    or a.attstorage <> y.typstorage or a.attcompression <> '' or a.attoptions is not null
                    or a.attfdwoptions is not null or a.attstattarget <> -1 or a.attndims <> 0 or not a.attislocal
                    or a.attinhcount <> 0 or a.attacl is not null or m.description is not null then array[
           'identity', nullif(a.attidentity, '')::text,
           'generated', nullif(a.attgenerated, '')::text,
           'collation', case when a.attcollation <> y.typcollation then (
                           select pg_catalog.format('%I.%I', ln.nspname, l.collname) from pg_catalog.pg_collation as l
                             join pg_catalog.pg_namespace as ln on ln.oid = l.collnamespace where l.oid = a.attcollation) end,
           'storage', case when a.attstorage <> y.typstorage then a.attstorage::text end,
           'compression', nullif(a.attcompression, '')::text,
           'options', a.attoptions::text,
           'foreign options', a.attfdwoptions::text,
           'statistics target', nullif(a.attstattarget, -1)::text,
           'dimensions', nullif(a.attndims, 0)::text,
           'local', nullif(a.attislocal, true)::text,
           'inherited', nullif(a.attinhcount, 0)::text,
           'acl', case when pg_catalog.cardinality(a.attacl) > 0 then array(select x::text from pg_catalog.unnest(a.attacl) as x order by x::text collate "C")::text end,
           'comment', m.description]
          end as attributes,
       case when pg_catalog.cardinality((select m.names from more as m)) > 0 then (
           select pg_catalog.json_object_agg(k, pg_catalog.to_jsonb(a) -> k)
             from pg_catalog.unnest((select m.names from more as m)) as k) end as more
  from relation as c
  join pg_catalog.pg_attribute as a on a.attrelid = any (array[c.oid]) and a.attnum > 0 and not a.attisdropped
  join pg_catalog.pg_type as y on y.oid = a.atttypid
  left join pg_catalog.pg_description as m
         on m.classoid = 'pg_catalog.pg_class'::regclass and m.objoid = a.attrelid and m.objsubid = a.attnum
