-- title: event dispatch inert
-- require: gov_emit = 0, active_types = 0, guards = 1
-- across: unchanged
--
-- No governance event was emitted, none could be (`active_types`), and the trigger that rejects
-- unknown and inactive types is there, before insert for each row (tgtype 7), and fires for ordinary
-- sessions ('O') or always ('A').
-- Needs SELECT on event_outbox and event_type_registry. For PostgreSQL 14 to 18.
select (select count(*)
          from public.event_outbox as o
          left join public.event_type_registry as t on t.event_type = o.event_type
         where t.domain = 'governance'
            or starts_with(o.event_type, 'governance.')) as gov_emit,
       (select count(*)
          from public.event_type_registry as t
         where t.domain = 'governance'
           and t.active) as active_types,
       (select count(*)
          from pg_catalog.pg_trigger as g
         where g.tgrelid = 'public.event_outbox'::regclass
           and g.tgfoid = 'public.event_outbox_fail_closed()'::regprocedure
           and g.tgtype = 7
           and g.tgqual is null
           and g.tgenabled in ('O', 'A')) as guards;
