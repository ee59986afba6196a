-- Every database of the server: whose it is, how large, what stands on it, and who uses it. The size is NULL
-- where this role may neither connect nor read all statistics; sessions of this run are counted apart, and
-- autovacuum, which makes room for a drop by itself, is not counted.
-- PostgreSQL 14 and later, no privileges.
select pg_catalog.concat(:'nonce', '|database|', pg_catalog.json_build_object(
    'name', d.datname,
    'oid', d.oid::pg_catalog.int8,
    'owner', pg_catalog.pg_get_userbyid(d.datdba),
    'comment', pg_catalog.shobj_description(d.oid, 'pg_database'),
    'bytes', case when pg_catalog.has_database_privilege(d.oid, 'connect')
                    or pg_catalog.pg_has_role(session_user, 'pg_read_all_stats', 'member')
                  then pg_catalog.pg_database_size(d.oid) end,
    'connectable', d.datallowconn and pg_catalog.has_database_privilege(d.oid, 'connect'),
    'template', d.datistemplate,
    'sessions', (select pg_catalog.count(*) from pg_catalog.pg_stat_activity a
                 where a.datid operator(pg_catalog.=) d.oid
                   and not (a.usesysid is null and coalesce(a.backend_type, 'autovacuum worker') operator(pg_catalog.=) 'autovacuum worker')
                   and a.application_name is distinct from pg_catalog.current_setting('application_name')),
    'own_sessions', (select pg_catalog.count(*) from pg_catalog.pg_stat_activity a
                     where a.datid operator(pg_catalog.=) d.oid
                       and a.application_name operator(pg_catalog.=) pg_catalog.current_setting('application_name')),
    'prepared', (select pg_catalog.count(*) from pg_catalog.pg_prepared_xacts p where p.database operator(pg_catalog.=) d.datname),
    'slots', (select pg_catalog.count(*) from pg_catalog.pg_replication_slots s where s.database operator(pg_catalog.=) d.datname),
    'subscriptions', (select pg_catalog.count(s.oid) from pg_catalog.pg_subscription s where s.subdbid operator(pg_catalog.=) d.oid))::pg_catalog.text)
from pg_catalog.pg_database d
order by d.datname;
