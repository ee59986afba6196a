-- Ends the session that has the clone's lock, waits until it is gone, and counts it: exactly the one that
-- was shown, by its process and its beginning. The same role, or pg_signal_backend. PostgreSQL 14 and later.
select pg_catalog.concat(:'nonce', '|ended-holder|', pg_catalog.json_build_object(
    'sessions', pg_catalog.count(pg_catalog.pg_terminate_backend(a.pid, 5000)))::pg_catalog.text)
from pg_catalog.pg_stat_activity a
where a.pid operator(pg_catalog.=) :'pid'::pg_catalog.int4
    and coalesce(a.backend_start::pg_catalog.text, '') operator(pg_catalog.=) :'since'
    and exists (
        select from pg_catalog.pg_locks l
        where l.locktype operator(pg_catalog.=) 'advisory'
            and l.pid operator(pg_catalog.=) a.pid
            and l.granted
            and l.objsubid operator(pg_catalog.=) 1
            and ((l.classid::pg_catalog.int8 operator(pg_catalog.<<) 32) operator(pg_catalog.|) l.objid::pg_catalog.int8)
                operator(pg_catalog.=) :'key'::pg_catalog.int8);
