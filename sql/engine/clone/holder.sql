-- Who has the clone's lock in this database, and since when? backend_start and the owner are NULL where the
-- holder is another role's session and this role is not in pg_read_all_stats. No privileges.
select pg_catalog.concat(:'nonce', '|holder|', pg_catalog.json_build_object(
    'by', a.application_name,
    'pid', l.pid,
    'since', a.backend_start::pg_catalog.text,
    'owner', pg_catalog.substring(a.query, '''owner'', ''(\{[^}]*\})'''))::pg_catalog.text)
from pg_catalog.pg_locks l
left join pg_catalog.pg_stat_activity a on a.pid operator(pg_catalog.=) l.pid
where l.locktype operator(pg_catalog.=) 'advisory'
    and l.granted
    and l.objsubid operator(pg_catalog.=) 1
    and ((l.classid::pg_catalog.int8 operator(pg_catalog.<<) 32) operator(pg_catalog.|) l.objid::pg_catalog.int8)
        operator(pg_catalog.=) :'key'::pg_catalog.int8
    and l.database operator(pg_catalog.=) (
        select d.oid from pg_catalog.pg_database d where d.datname operator(pg_catalog.=) current_catalog);
