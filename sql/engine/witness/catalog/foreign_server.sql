-- Foreign servers. Any role; all versions.
select pg_catalog.format('%I', o.srvname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.srvowner),
           'wrapper', w.fdwname,
           'type', o.srvtype,
           'version', o.srvversion,
           'acl', case when o.srvacl is not null then nullif(
               array(select a::text from pg_catalog.unnest(o.srvacl) as a order by a::text collate "C"),
               array(select a::text from pg_catalog.unnest(pg_catalog.acldefault('S', o.srvowner)) as a order by a::text collate "C"))::text end,
           'options', o.srvoptions::text,
           'comment', pg_catalog.obj_description(o.oid, 'pg_foreign_server'))
           || (pg_catalog.to_jsonb(o) - '{oid,srvname,srvowner,srvfdw,srvtype,srvversion,srvacl,srvoptions}'::text[])) as attributes
  from pg_catalog.pg_foreign_server as o
  join pg_catalog.pg_foreign_data_wrapper as w on w.oid = o.srvfdw
 order by 1
