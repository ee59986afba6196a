-- Text search: each dictionary. Any role; all versions.
select (pg_catalog.pg_identify_object('pg_catalog.pg_ts_dict'::regclass, o.oid, 0)).identity as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.dictowner),
           'template', (pg_catalog.pg_identify_object('pg_catalog.pg_ts_template'::regclass, o.dicttemplate, 0)).identity,
           'options', o.dictinitoption,
           'comment', pg_catalog.obj_description(o.oid, 'pg_ts_dict'))
           || (pg_catalog.to_jsonb(o) - '{oid,dictname,dictnamespace,dictowner,dicttemplate,dictinitoption}'::text[])) as attributes
  from pg_catalog.pg_ts_dict as o
 where o.oid >= 16384
 order by 1
