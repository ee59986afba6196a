-- Row security policies. Any role; all versions.
select pg_catalog.format('%I.%I.%I', n.nspname, c.relname, o.polname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'on', pg_catalog.format('%I.%I', n.nspname, c.relname),
           'command', case o.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
           'permissive', o.polpermissive,
           'roles', (select pg_catalog.string_agg(case r when 0 then 'public' else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r)) end, ', '
                                              order by pg_catalog.pg_get_userbyid(r))
                       from pg_catalog.unnest(o.polroles) as r),
           'using', pg_catalog.pg_get_expr(o.polqual, o.polrelid),
           'check', pg_catalog.pg_get_expr(o.polwithcheck, o.polrelid),
           'comment', pg_catalog.obj_description(o.oid, 'pg_policy'))
           || (pg_catalog.to_jsonb(o) - '{oid,polname,polrelid,polcmd,polpermissive,polroles,polqual,polwithcheck}'::text[])) as attributes
  from pg_catalog.pg_policy as o
  join pg_catalog.pg_class as c on c.oid = o.polrelid
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 order by 1
