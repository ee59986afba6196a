-- title: governance event emit
-- require: gov_emit = 0
-- across: unchanged
--
-- Governance is not live: no event of it may have left. A type counts by its registered domain and,
-- in case its registration was taken away, by its name.
-- Needs SELECT on event_outbox and event_type_registry. For PostgreSQL 14 to 18.
select count(*) as gov_emit
  from public.event_outbox as o
  left join public.event_type_registry as t on t.event_type = o.event_type
 where t.domain = 'governance'
    or starts_with(o.event_type, 'governance.');
