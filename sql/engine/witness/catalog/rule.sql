-- Rewrite rules; a view's own is its definition. Any role; all versions.
select pg_catalog.format('%I.%I.%I', n.nspname, c.relname, r.rulename) as identity,
       pg_catalog.json_build_object(
           'on', pg_catalog.format('%I.%I', n.nspname, c.relname),
           'definition', pg_catalog.pg_get_ruledef(r.oid),
           'enabled', r.ev_enabled,
           'comment', pg_catalog.obj_description(r.oid, 'pg_rewrite')) as attributes
  from pg_catalog.pg_rewrite as r
  join pg_catalog.pg_class as c on c.oid = r.ev_class
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where r.oid >= 16384
   and r.rulename <> '_RETURN'
 order by 1
