-- Schemas. Any role; all versions.
select pg_catalog.format('%I', o.nspname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.nspowner),
           'acl', case when o.nspacl is not null then nullif(
               array(select a::text from pg_catalog.unnest(o.nspacl) as a order by a::text collate "C"),
               array(select a::text from pg_catalog.unnest(pg_catalog.acldefault('n', o.nspowner)) as a order by a::text collate "C"))::text end,
           'comment', pg_catalog.obj_description(o.oid, 'pg_namespace'))
           || (pg_catalog.to_jsonb(o) - '{oid,nspname,nspowner,nspacl}'::text[])) as attributes
  from pg_catalog.pg_namespace as o
 where o.nspname !~ '^pg_(toast|temp_)'
 order by 1
