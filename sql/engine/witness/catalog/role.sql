-- Roles of the cluster, without their password hashes. Any role; all versions.
select pg_catalog.format('%I', r.rolname) as identity,
       pg_catalog.json_build_object(
           'superuser', r.rolsuper,
           'inherit', r.rolinherit,
           'createrole', r.rolcreaterole,
           'createdb', r.rolcreatedb,
           'login', r.rolcanlogin,
           'replication', r.rolreplication,
           'bypassrls', r.rolbypassrls,
           'connection limit', r.rolconnlimit,
           'valid until', r.rolvaliduntil::text,
           'member of', (select pg_catalog.string_agg(g.rolname || case when m.admin_option then ' with admin' else '' end
                                  -- From 16 on a membership says itself whether it inherits and may be set.
                                  || coalesce(' inherit ' || (pg_catalog.to_jsonb(m) ->> 'inherit_option'), '')
                                  || coalesce(' set ' || (pg_catalog.to_jsonb(m) ->> 'set_option'), ''), ', ' order by g.rolname, m.grantor)
                           from pg_catalog.pg_auth_members as m
                           join pg_catalog.pg_roles as g on g.oid = m.roleid
                          where m.member = r.oid),
           'comment', pg_catalog.shobj_description(r.oid, 'pg_authid')) as attributes
  from pg_catalog.pg_roles as r
 order by 1
