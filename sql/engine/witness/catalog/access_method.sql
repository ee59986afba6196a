-- Access methods. Any role; all versions.
select (pg_catalog.pg_identify_object('pg_catalog.pg_am'::regclass, o.oid, 0)).identity as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'handler', o.amhandler::regproc::text,
           'type', o.amtype,
           'comment', pg_catalog.obj_description(o.oid, 'pg_am'))
           || (pg_catalog.to_jsonb(o) - '{oid,amname,amhandler,amtype}'::text[])) as attributes
  from pg_catalog.pg_am as o
 where o.oid >= 16384
 order by 1
