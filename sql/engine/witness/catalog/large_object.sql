-- Large objects, without their contents. Any role; all versions.
select l.oid::text as identity,
       pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(l.lomowner),
           'acl', l.lomacl::text,
           'comment', pg_catalog.obj_description(l.oid, 'pg_largeobject')) as attributes
  from pg_catalog.pg_largeobject_metadata as l
 order by 1
