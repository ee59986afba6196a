-- How busy the server is: other sessions that are at work, and how many seconds the slowest standby is
-- behind or this standby is (NULL where there is none, or where this role may not see it). Whose state this
-- role may not see (pg_read_all_stats sees all) counts as at work while it is in a transaction. Any role;
-- all versions.
select (select count(*)
          from pg_catalog.pg_stat_activity as a
         where a.application_name is distinct from pg_catalog.current_setting('application_name')
           and case when a.backend_type is not null
                    then a.backend_type = 'client backend'
                         and a.state in ('active', 'fastpath function call')
                    else a.usesysid is not null
                         and exists (select from pg_catalog.pg_locks as l
                                      where l.pid = a.pid and l.locktype = 'virtualxid' and l.granted)
               end) as active,
       case when pg_catalog.pg_is_in_recovery()
            then case when pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() then 0
                      else extract(epoch from pg_catalog.clock_timestamp()
                                              - pg_catalog.pg_last_xact_replay_timestamp())::bigint end
            else (select extract(epoch from pg_catalog.max(r.replay_lag))::bigint
                    from pg_catalog.pg_stat_replication as r) end as lag
