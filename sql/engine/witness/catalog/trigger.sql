-- Triggers; the internal ones of foreign keys, whose names are numbers, only where somebody changed how
-- they fire.
-- {page} of {pages} is a part of them. Any role; all versions.
select case when o.tgisinternal
            then pg_catalog.format('%I.%I.%I of %I', n.nspname, c.relname, f.proname, k.conname)
            else pg_catalog.format('%I.%I.%I', n.nspname, c.relname, o.tgname) end as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'on', pg_catalog.format('%I.%I', n.nspname, c.relname),
           'definition', case when not o.tgisinternal then pg_catalog.pg_get_triggerdef(o.oid) end,
           'enabled', case o.tgenabled when 'O' then 'yes' when 'D' then 'disabled' when 'R' then 'replica' when 'A' then 'always' end,
           'inherited', nullif(o.tgparentid <> 0, false),
           'comment', (select m.description from pg_catalog.pg_description as m
                         where m.classoid = 'pg_catalog.pg_trigger'::regclass and m.objoid = o.oid and m.objsubid = 0))
           || (pg_catalog.to_jsonb(o) - '{oid,tgrelid,tgparentid,tgname,tgfoid,tgtype,tgenabled,tgisinternal,tgconstrrelid,tgconstrindid,tgconstraint,tgdeferrable,tginitdeferred,tgnargs,tgattr,tgargs,tgqual,tgoldtable,tgnewtable}'::text[])) as attributes
  from pg_catalog.pg_trigger as o
  join pg_catalog.pg_class as c on c.oid = o.tgrelid
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  join pg_catalog.pg_proc as f on f.oid = o.tgfoid
  left join pg_catalog.pg_constraint as k on k.oid = o.tgconstraint
 where o.oid >= 16384
   and c.relpersistence <> 't'
   and (not o.tgisinternal or o.tgenabled <> 'O')
   and case when pg_catalog.abs(pg_catalog.hashoid(o.oid)::bigint) % {pages} = {page} then true else false end
