-- Roles of the cluster, never their passwords. Any role; all versions.
select pg_catalog.format('%I', o.rolname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'superuser', nullif(o.rolsuper, false),
           'no inherit', nullif(not o.rolinherit, false),
           'createrole', nullif(o.rolcreaterole, false),
           'createdb', nullif(o.rolcreatedb, false),
           'login', nullif(o.rolcanlogin, false),
           'replication', nullif(o.rolreplication, false),
           'bypassrls', nullif(o.rolbypassrls, false),
           'connection limit', nullif(o.rolconnlimit, -1),
           'valid until', o.rolvaliduntil::text,
           'comment', pg_catalog.shobj_description(o.oid, 'pg_authid'))
           || (pg_catalog.to_jsonb(o) - '{oid,rolname,rolsuper,rolinherit,rolcreaterole,rolcreatedb,rolcanlogin,rolreplication,rolbypassrls,rolconnlimit,rolpassword,rolvaliduntil,rolconfig}'::text[])) as attributes
  from pg_catalog.pg_roles as o
 order by 1
