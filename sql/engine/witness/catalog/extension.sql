-- Extensions. Any role; all versions.
select pg_catalog.format('%I', e.extname) as identity,
       pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(e.extowner),
           'schema', e.extnamespace::regnamespace::text,
           'version', e.extversion,
           'comment', pg_catalog.obj_description(e.oid, 'pg_extension')) as attributes
  from pg_catalog.pg_extension as e
 order by 1
