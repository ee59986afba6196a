-- title: idle in transaction
-- require: idle = 0, prepared = 0
-- observed: unseen = 0
-- across: unchanged
--
-- A transaction that somebody left open holds locks and an old snapshot, and may commit after the
-- run's exit was taken. A prepared one does so without a session. The gate's own sessions carry its
-- application name and are not counted.
-- A role without pg_read_all_stats sees neither state nor kind of other roles' sessions, and a
-- session with track_activities off reports none: these are `unseen`, and then nothing was
-- established. A backend without a user is an autovacuum worker.
-- Needs pg_read_all_stats. For PostgreSQL 14 to 18.
select count(*) filter (where a.backend_type = 'client backend'
                          and a.state in ('idle in transaction', 'idle in transaction (aborted)')) as idle,
       (select count(*)
          from pg_catalog.pg_prepared_xacts as p
         where p.database = current_catalog) as prepared,
       count(*) filter (where a.backend_type is null
                           or (a.backend_type = 'client backend' and (a.state is null or a.state = 'disabled'))) as unseen
  from pg_catalog.pg_stat_activity as a
 where a.datname = current_catalog
   and a.usesysid is not null
   and a.application_name is distinct from current_setting('application_name');
