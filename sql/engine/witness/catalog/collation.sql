-- Collations, with the version that the server recorded. Any role; all versions.
select (pg_catalog.pg_identify_object('pg_catalog.pg_collation'::regclass, o.oid, 0)).identity as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.collowner),
           'provider', o.collprovider,
           'comment', pg_catalog.obj_description(o.oid, 'pg_collation'))
           || (pg_catalog.to_jsonb(o) - '{oid,collname,collnamespace,collowner,collprovider}'::text[])) as attributes
  from pg_catalog.pg_collation as o
 where o.oid >= 16384
 order by 1
