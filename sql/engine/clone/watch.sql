-- Who is on the clone now, and how many sessions were there since the server counts? Asked in another database of
-- the clone's server. The run's own are those of its role with its application_name; the server's own processes
-- (autovacuum) have no role. A count is made when a session ends, or a second after it began. No privileges;
-- PostgreSQL 14 and later.
select pg_catalog.concat(:'nonce', '|watch|', pg_catalog.json_build_object(
    'sessions', (
        select s.sessions from pg_catalog.pg_stat_database s where s.datname operator(pg_catalog.=) :'clone'),
    'reset', (
        select s.stats_reset::pg_catalog.text from pg_catalog.pg_stat_database s where s.datname operator(pg_catalog.=) :'clone'),
    'own', (
        select pg_catalog.count(*)
          from pg_catalog.pg_stat_activity a
         where a.datname operator(pg_catalog.=) :'clone'
           and a.usename operator(pg_catalog.=) session_user
           and a.application_name operator(pg_catalog.=) pg_catalog.current_setting('application_name')),
    'foreign', (
        select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                   'pid', a.pid,
                   'role', coalesce(a.usename::pg_catalog.text, ''),
                   'application', coalesce(a.application_name, ''))), '[]'::pg_catalog.json)
          from (select * from pg_catalog.pg_stat_activity b
                 where b.datname operator(pg_catalog.=) :'clone'
                   and b.usesysid is not null
                   and not (b.usename operator(pg_catalog.=) session_user
                            and b.application_name operator(pg_catalog.=) pg_catalog.current_setting('application_name'))
                 limit 50) a))::pg_catalog.text);
