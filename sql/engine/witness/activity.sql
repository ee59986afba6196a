-- Other client sessions on this database; the run's own share its application_name.
-- The state is NULL where this role may not see it (pg_read_all_stats sees all). All versions.
select a.pid::bigint as pid,
       coalesce(a.usename::text, '') as role,
       coalesce(a.application_name, '') as application,
       a.state as state
  from pg_catalog.pg_stat_activity as a
 where a.datname = current_catalog
   and a.usesysid is not null
   and a.application_name is distinct from pg_catalog.current_setting('application_name')
   and coalesce(a.backend_type, 'client backend') in ('client backend', 'walsender')
 order by a.pid
