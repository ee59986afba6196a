-- Triggers; the internal ones of foreign keys only where somebody disabled them.
-- Any role; all versions.
select pg_catalog.format('%I.%I.%I', n.nspname, c.relname, t.tgname) as identity,
       pg_catalog.json_build_object(
           'on', pg_catalog.format('%I.%I', n.nspname, c.relname),
           'definition', case when not t.tgisinternal then pg_catalog.pg_get_triggerdef(t.oid) end,
           'enabled', t.tgenabled,
           'comment', pg_catalog.obj_description(t.oid, 'pg_trigger')) as attributes
  from pg_catalog.pg_trigger as t
  join pg_catalog.pg_class as c on c.oid = t.tgrelid
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where t.oid >= 16384
   and c.relpersistence <> 't'
   and (not t.tgisinternal or t.tgenabled <> 'O')
 order by 1
