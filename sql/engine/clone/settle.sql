-- What became of a transaction of this run, and on which server is that asked? Where it is still in
-- progress and may be ended, its backend is: the run's own, of the same role, in this database, and
-- still in that transaction. PostgreSQL 14 and later, no privileges.
with status as (
    select pg_catalog.pg_xact_status(:'xid'::pg_catalog.xid8) as status
)
select pg_catalog.concat(:'nonce', '|settled|', pg_catalog.json_build_object(
    'status', s.status,
    'database_oid', (select d.oid::pg_catalog.int8 from pg_catalog.pg_database d where d.datname operator(pg_catalog.=) current_catalog),
    'system_identifier', (select c.system_identifier::pg_catalog.text from pg_catalog.pg_control_system() c),
    'terminated', (
        select pg_catalog.count(pg_catalog.pg_terminate_backend(a.pid))
        from pg_catalog.pg_stat_activity a
        where s.status operator(pg_catalog.=) 'in progress'
            and :'terminate' operator(pg_catalog.=) 'yes'
            and a.pid operator(pg_catalog.=) :'pid'::pg_catalog.int4
            and a.backend_xid operator(pg_catalog.=) :'xid'::pg_catalog.xid8::pg_catalog.xid
            and a.datname operator(pg_catalog.=) current_catalog
            and a.usename operator(pg_catalog.=) session_user
            and a.application_name operator(pg_catalog.=) pg_catalog.current_setting('application_name')))::pg_catalog.text)
from status s;
