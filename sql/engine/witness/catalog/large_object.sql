-- Large objects, without their contents. Any role; all versions.
select o.oid::text as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.lomowner),
           'acl', case when o.lomacl is not null then nullif(
               array(select a::text from pg_catalog.unnest(o.lomacl) as a order by a::text collate "C"),
               array(select a::text from pg_catalog.unnest(pg_catalog.acldefault('L', o.lomowner)) as a order by a::text collate "C"))::text end,
           'comment', pg_catalog.obj_description(o.oid, 'pg_largeobject'))
           || (pg_catalog.to_jsonb(o) - '{oid,lomowner,lomacl}'::text[])) as attributes
  from pg_catalog.pg_largeobject_metadata as o
 where case when pg_catalog.abs(pg_catalog.hashoid(o.oid)::bigint) % {pages} = {page} then true else false end
