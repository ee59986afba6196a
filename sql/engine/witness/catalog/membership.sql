-- Who is a member of which role, and by whose grant. From 16 on with what the membership gives. Any role; all versions.
select pg_catalog.format('%I in %I by %I', pg_catalog.pg_get_userbyid(o.member), pg_catalog.pg_get_userbyid(o.roleid), pg_catalog.pg_get_userbyid(o.grantor)) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'admin', o.admin_option,
           'inherit', (pg_catalog.to_jsonb(o) -> 'inherit_option'),
           'set', (pg_catalog.to_jsonb(o) -> 'set_option'))
           || (pg_catalog.to_jsonb(o) - '{oid,roleid,member,grantor,admin_option,inherit_option,set_option}'::text[])) as attributes
  from pg_catalog.pg_auth_members as o
 order by 1
