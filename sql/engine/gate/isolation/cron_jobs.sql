-- Active jobs of pg_cron that run in this database. Asked where cron.job is there; its row security shows a role
-- its own jobs only, and then this is an error and no answer. SELECT on cron.job.
select pg_catalog.count(*) as found,
       coalesce(pg_catalog.string_agg(j.jobid::text, ', ' order by j.jobid), '') as names
  from cron.job as j
 where j.active and j.database = current_catalog
