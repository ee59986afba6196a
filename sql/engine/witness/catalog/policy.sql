-- Row security policies. Any role; all versions.
select pg_catalog.format('%I.%I.%I', n.nspname, c.relname, p.polname) as identity,
       pg_catalog.json_build_object(
           'on', pg_catalog.format('%I.%I', n.nspname, c.relname),
           'command', p.polcmd,
           'permissive', p.polpermissive,
           'roles', (select pg_catalog.string_agg(pg_catalog.pg_get_userbyid(r), ', ' order by r)
                       from pg_catalog.unnest(p.polroles) as r),
           'using', pg_catalog.pg_get_expr(p.polqual, p.polrelid),
           'check', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid),
           'comment', pg_catalog.obj_description(p.oid, 'pg_policy')) as attributes
  from pg_catalog.pg_policy as p
  join pg_catalog.pg_class as c on c.oid = p.polrelid
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 order by 1
