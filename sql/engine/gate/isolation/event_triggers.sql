-- Event triggers that fire: they do more than a script says. Any role; all versions.
select pg_catalog.count(*) as found,
       coalesce(pg_catalog.string_agg(t.evtname::text, ', ' order by t.evtname), '') as names
  from pg_catalog.pg_event_trigger as t
 where t.evtenabled <> 'D'
