-- Permanent replication slots, without how far they are and who is connected. Any role; all versions.
select pg_catalog.format('%I', s.slot_name) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'type', s.slot_type,
           'plugin', s.plugin,
           'database', s.database,
           'two phase', nullif(s.two_phase, false),
           'failover', pg_catalog.to_jsonb(s) -> 'failover')) as attributes
  from pg_catalog.pg_replication_slots as s
 where not s.temporary
 order by 1
