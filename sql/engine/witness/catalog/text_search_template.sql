-- Text search: each template. Any role; all versions.
select (pg_catalog.pg_identify_object('pg_catalog.pg_ts_template'::regclass, o.oid, 0)).identity as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'functions', pg_catalog.concat_ws(' ', o.tmplinit, o.tmpllexize),
           'comment', pg_catalog.obj_description(o.oid, 'pg_ts_template'))
           || (pg_catalog.to_jsonb(o) - '{oid,tmplname,tmplnamespace,tmplinit,tmpllexize}'::text[])) as attributes
  from pg_catalog.pg_ts_template as o
 where o.oid >= 16384
 order by 1
