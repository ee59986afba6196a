-- The columns of the primary keys of the relations in braces, in the key's order. Any role; all versions.
select i.indrelid::bigint as oid,
       pg_catalog.json_agg(pg_catalog.quote_ident(a.attname) order by k.n) as columns
  from pg_catalog.pg_index as i
 cross join lateral pg_catalog.unnest(i.indkey::smallint[]) with ordinality as k(attribute, n)
  join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.attribute
 where i.indisprimary
   and i.indrelid = any ('{relations}'::oid[])
   and k.n <= i.indnkeyatts
 group by i.indrelid
