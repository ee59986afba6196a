-- Operator families. Any role; all versions.
select (pg_catalog.pg_identify_object('pg_catalog.pg_opfamily'::regclass, o.oid, 0)).identity as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.opfowner),
           'comment', pg_catalog.obj_description(o.oid, 'pg_opfamily'))
           || (pg_catalog.to_jsonb(o) - '{oid,opfmethod,opfname,opfnamespace,opfowner}'::text[])) as attributes
  from pg_catalog.pg_opfamily as o
 where o.oid >= 16384
 order by 1
