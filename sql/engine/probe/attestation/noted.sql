-- Asks: what may everybody do by default that a read-only transaction does not stop, and which functions could
-- be taken for one of PostgreSQL's own?
-- Needs: nothing; PostgreSQL 14 to 18. Writing large objects is possible up to 15 only.
(select 'public-function' as kind,
        p.oid::regprocedure::text as subject,
        'clonegate role-sql --strict revokes it from PUBLIC' as remedy,
        count(*) over () as total
   from pg_catalog.pg_proc as p
  where p.pronamespace = 'pg_catalog'::regnamespace
    and p.proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_open', 'lo_put', 'lo_truncate', 'lo_truncate64',
                      'lo_unlink', 'lowrite', 'pg_logical_emit_message', 'pg_advisory_lock',
                      'pg_advisory_lock_shared', 'pg_try_advisory_lock', 'pg_try_advisory_lock_shared',
                      'pg_advisory_xact_lock', 'pg_advisory_xact_lock_shared', 'pg_try_advisory_xact_lock',
                      'pg_try_advisory_xact_lock_shared', 'pg_notify', 'pg_export_snapshot', 'pg_cancel_backend',
                      'pg_terminate_backend', 'pg_current_xact_id', 'txid_current', 'query_to_xml',
                      'query_to_xmlschema', 'query_to_xml_and_xmlschema', 'cursor_to_xml', 'database_to_xml',
                      'schema_to_xml', 'table_to_xml')
    and exists (select from closure as c
                 where c.oid <> 0 and has_function_privilege(c.oid, p.oid, 'execute'))
  order by 2
  limit 20)
union all
(select 'shadowing-function',
        p.oid::regprocedure::text,
        'rename it, or revoke usage on its schema: a call without a schema may mean it',
        count(*) over ()
   from pg_catalog.pg_proc as p
   left join pg_catalog.pg_depend as d
     on d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
  where p.oid >= 16384 and d.objid is null
    and p.pronamespace <> 'pg_catalog'::regnamespace
    and exists (select from pg_catalog.pg_proc as b
                 where b.proname = p.proname and b.pronamespace = 'pg_catalog'::regnamespace)
    and exists (select from closure as c
                 where c.oid <> 0 and has_function_privilege(c.oid, p.oid, 'execute')
                   and has_schema_privilege(c.oid, p.pronamespace, 'usage'))
  order by 2
  limit 20)
