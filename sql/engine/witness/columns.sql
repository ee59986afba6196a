-- The columns that make up a row's contents, of the relations in braces, in an order that does not depend
-- on how the relation was made; and for each how it is written out: 'binary' where the type is one of the
-- server's own with an OID that is the same on every server, and 'integer' where that is smallint or integer;
-- 'base' for a domain over such a type, which is named then; and 'text' for all others, whose binary form would
-- contain OIDs of this database or does not exist.
-- Dropped columns have no contents, virtual ones (PostgreSQL 18) none of their own. Any role; all versions.
with recursive resolved(type, base) as (
    -- The server's own types; whatever else there is is written out as text.
    select t.oid, t.oid from pg_catalog.pg_type as t where t.typtype <> 'd' and t.oid < 10000
    union all
    select d.oid, r.base
      from resolved as r
      join pg_catalog.pg_type as d on d.typbasetype = r.type and d.typtype = 'd'
), written as (
    select r.type,
           case when b.typsend <> 0 and b.typtype in ('b', 'r', 'm')
                     and coalesce(e.oid < 10000 and e.typsend <> 0 and e.typtype = 'b', true)
                then case when r.type <> r.base then 'base'
                          when r.type in (21, 23) then 'integer'
                          when r.type = 20 then 'bigint'
                          when r.type in (25, 1043) and pg_catalog.current_setting('server_encoding') = 'UTF8' then 'characters'
                          else 'binary' end
                else 'text'
           end as how,
           case when r.type <> r.base then pg_catalog.format('%I.%I', n.nspname, b.typname) end as base
      from resolved as r
      -- The bound is known, and spares reading the types of all tables.
      join pg_catalog.pg_type as b on b.oid = r.base and b.oid < 10000
      join pg_catalog.pg_namespace as n on n.oid = b.typnamespace
      left join pg_catalog.pg_type as e on e.oid = b.typelem and b.typcategory = 'A'
)
select a.attrelid::bigint as oid,
       pg_catalog.array_agg(array[
           pg_catalog.quote_ident(a.attname),
           pg_catalog.format_type(a.atttypid, a.atttypmod),
           coalesce(w.how, 'text'),
           w.base
       ] order by a.attname collate "C") as columns
  from pg_catalog.pg_attribute as a
  left join written as w on w.type = a.atttypid
 where a.attrelid = any ('{relations}'::oid[])
   and a.attnum > 0
   and not a.attisdropped
   and a.attgenerated::text <> 'v'
 group by a.attrelid
