-- Schemas. Any role; all versions.
select pg_catalog.format('%I', n.nspname) as identity,
       pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(n.nspowner),
           'acl', n.nspacl::text,
           'comment', pg_catalog.obj_description(n.oid, 'pg_namespace')) as attributes
  from pg_catalog.pg_namespace as n
 where n.nspname !~ '^pg_(toast|temp_)'
 order by 1
