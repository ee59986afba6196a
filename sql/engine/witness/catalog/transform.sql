-- Transforms. Any role; all versions.
select pg_catalog.format('for %s language %I', (pg_catalog.pg_identify_object('pg_catalog.pg_type'::regclass, o.trftype, 0)).identity, l.lanname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'from SQL', nullif(o.trffromsql, 0)::regprocedure::text,
           'to SQL', nullif(o.trftosql, 0)::regprocedure::text,
           'comment', pg_catalog.obj_description(o.oid, 'pg_transform'))
           || (pg_catalog.to_jsonb(o) - '{oid,trftype,trflang,trffromsql,trftosql}'::text[])) as attributes
  from pg_catalog.pg_transform as o
  join pg_catalog.pg_language as l on l.oid = o.trflang
 where o.oid >= 16384
 order by 1
