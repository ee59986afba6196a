-- Relations in publications. From 15 on with columns and a row filter, as a digest where
-- the server does not render it. Any role; all versions.
select pg_catalog.format('%I.%I in %I', n.nspname, c.relname, p.pubname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'columns', (select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' order by a.attnum)
                         from pg_catalog.pg_attribute as a
                        where a.attrelid = o.prrelid
                          and a.attnum = any ((pg_catalog.translate(pg_catalog.to_jsonb(o) ->> 'prattrs', '[]', '{}'))::int[])),
           'where', coalesce((select pg_catalog.to_jsonb(v) ->> 'rowfilter'
                                from pg_catalog.pg_publication_tables as v
                               where v.pubname = p.pubname and v.schemaname = n.nspname and v.tablename = c.relname),
                             pg_catalog.md5(pg_catalog.to_jsonb(o) ->> 'prqual')))
           || (pg_catalog.to_jsonb(o) - '{oid,prpubid,prrelid,prqual,prattrs}'::text[])) as attributes
  from pg_catalog.pg_publication_rel as o
  join pg_catalog.pg_publication as p on p.oid = o.prpubid
  join pg_catalog.pg_class as c on c.oid = o.prrelid
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 order by 1
