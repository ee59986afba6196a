-- title: no uncontrolled worker loop
-- require: daemons = 0, schedulers = 0, subscriptions = 0
-- observed: unseen = 0
-- across: unchanged
--
-- Nothing works on this database by itself: no background process but the server's own (autovacuum
-- has no user; parallel workers belong to a session that is judged elsewhere), no installed
-- scheduler, no subscription that applies changes. The kind of another role's process can be read
-- only with pg_read_all_stats: where one is here and can't be read it is `unseen`.
-- Needs no privilege; pg_read_all_stats tells daemons from sessions of other roles. For PostgreSQL 14 to 18.
select count(*) filter (where a.backend_type not in ('client backend', 'walsender', 'parallel worker', 'autovacuum worker')) as daemons,
       (select count(*)
          from pg_catalog.pg_extension as e
         where e.extname in ('pg_cron', 'pgagent', 'pg_timetable', 'pg_background', 'pg_task', 'timescaledb')) as schedulers,
       (select count(*)
          from pg_catalog.pg_subscription as s
          join pg_catalog.pg_database as d on d.oid = s.subdbid
         where d.datname = current_catalog
           and s.subenabled) as subscriptions,
       count(*) filter (where a.backend_type is null) as unseen
  from pg_catalog.pg_stat_activity as a
 where a.datname = current_catalog
   and a.usesysid is not null
   and a.application_name is distinct from current_setting('application_name');
