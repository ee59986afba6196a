-- Schemas in publications. Any role; 15 and later.
select pg_catalog.format('%I in %I', n.nspname, p.pubname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'published', true)
           || (pg_catalog.to_jsonb(o) - '{oid,pnpubid,pnnspid}'::text[])) as attributes
  from pg_catalog.pg_publication_namespace as o
  join pg_catalog.pg_publication as p on p.oid = o.pnpubid
  join pg_catalog.pg_namespace as n on n.oid = o.pnnspid
 order by 1
