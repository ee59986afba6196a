-- Does pg_cron's scheduler run in this server, and are its jobs kept in this database? The scheduler is a session
-- whose application_name everybody sees. Any role; all versions.
select (select pg_catalog.count(*)
          from pg_catalog.pg_stat_activity as a
         where a.application_name = 'pg_cron scheduler') as schedulers,
       exists (select from pg_catalog.pg_class as c
                 join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
                where n.nspname = 'cron' and c.relname = 'job') as here
