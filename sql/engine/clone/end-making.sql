-- Ends what this run still has at work here on a scratch copy after its psql was lost, waits until it is gone,
-- and counts it. Same role, so no privileges. PostgreSQL 14 and later.
select pg_catalog.concat(:'nonce', '|ended-sessions|', pg_catalog.json_build_object(
    'sessions', pg_catalog.count(pg_catalog.pg_terminate_backend(a.pid, 5000)))::pg_catalog.text)
from pg_catalog.pg_stat_activity a
where a.datname operator(pg_catalog.=) current_catalog
    and a.usename operator(pg_catalog.=) session_user
    and a.application_name operator(pg_catalog.=) pg_catalog.current_setting('application_name')
    and a.pid operator(pg_catalog.<>) pg_catalog.pg_backend_pid()
    and pg_catalog.strpos(a.query, :'scratch') operator(pg_catalog.>) 0;
