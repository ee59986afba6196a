-- Ends another run's sessions on this server, waits until they are gone, and counts them. Same role, so
-- no privileges. PostgreSQL 14 and later.
select pg_catalog.concat(:'nonce', '|ended-sessions|', pg_catalog.json_build_object(
    'sessions', pg_catalog.count(pg_catalog.pg_terminate_backend(a.pid, 5000)))::pg_catalog.text)
from pg_catalog.pg_stat_activity a
where a.usename operator(pg_catalog.=) session_user
    and a.application_name operator(pg_catalog.=) :'application'
    and a.pid operator(pg_catalog.<>) pg_catalog.pg_backend_pid();
