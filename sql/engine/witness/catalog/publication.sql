-- Publications and what they publish by name. Any role; all versions.
select pg_catalog.format('%I', o.pubname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.pubowner),
           'all tables', nullif(o.puballtables, false),
           'publishes', pg_catalog.concat_ws(' ', case when o.pubinsert then 'insert' end, case when o.pubupdate then 'update' end, case when o.pubdelete then 'delete' end, case when o.pubtruncate then 'truncate' end),
           'via root', nullif(o.pubviaroot, false),
           'comment', pg_catalog.obj_description(o.oid, 'pg_publication'))
           || (pg_catalog.to_jsonb(o) - '{oid,pubname,pubowner,puballtables,pubinsert,pubupdate,pubdelete,pubtruncate,pubviaroot}'::text[])) as attributes
  from pg_catalog.pg_publication as o
 order by 1
