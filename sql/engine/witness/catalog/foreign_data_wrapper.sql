-- Foreign data wrappers. Any role; all versions.
select pg_catalog.format('%I', o.fdwname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.fdwowner),
           'acl', case when o.fdwacl is not null then nullif(
               array(select a::text from pg_catalog.unnest(o.fdwacl) as a order by a::text collate "C"),
               array(select a::text from pg_catalog.unnest(pg_catalog.acldefault('F', o.fdwowner)) as a order by a::text collate "C"))::text end,
           'handler', nullif(o.fdwhandler, 0)::regproc::text,
           'validator', nullif(o.fdwvalidator, 0)::regproc::text,
           'options', o.fdwoptions::text,
           'comment', pg_catalog.obj_description(o.oid, 'pg_foreign_data_wrapper'))
           || (pg_catalog.to_jsonb(o) - '{oid,fdwname,fdwowner,fdwhandler,fdwvalidator,fdwacl,fdwoptions}'::text[])) as attributes
  from pg_catalog.pg_foreign_data_wrapper as o
 order by 1
