-- Tablespaces of the cluster. Any role; all versions.
select pg_catalog.format('%I', o.spcname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.spcowner),
           'acl', case when o.spcacl is not null then nullif(
               array(select a::text from pg_catalog.unnest(o.spcacl) as a order by a::text collate "C"),
               array(select a::text from pg_catalog.unnest(pg_catalog.acldefault('t', o.spcowner)) as a order by a::text collate "C"))::text end,
           'options', o.spcoptions::text,
           'location', nullif(pg_catalog.pg_tablespace_location(o.oid), ''),
           'comment', pg_catalog.shobj_description(o.oid, 'pg_tablespace'))
           || (pg_catalog.to_jsonb(o) - '{oid,spcname,spcowner,spcacl,spcoptions}'::text[])) as attributes
  from pg_catalog.pg_tablespace as o
 order by 1
