-- Rewrite rules; a view's own is its definition. Any role; all versions.
select pg_catalog.format('%I.%I.%I', n.nspname, c.relname, o.rulename) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'on', pg_catalog.format('%I.%I', n.nspname, c.relname),
           'definition', pg_catalog.pg_get_ruledef(o.oid),
           'enabled', case o.ev_enabled when 'O' then 'yes' when 'D' then 'disabled' when 'R' then 'replica' when 'A' then 'always' end,
           'comment', pg_catalog.obj_description(o.oid, 'pg_rewrite'))
           || (pg_catalog.to_jsonb(o) - '{oid,rulename,ev_class,ev_type,ev_enabled,is_instead,ev_qual,ev_action}'::text[])) as attributes
  from pg_catalog.pg_rewrite as o
  join pg_catalog.pg_class as c on c.oid = o.ev_class
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where o.oid >= 16384
   and o.rulename <> '_RETURN'
 order by 1
