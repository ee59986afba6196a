-- Asks: which views may it read whose definitions call what a read-only transaction does not stop: directly, through
-- another view, or through a function of somebody's own that has such a name in its text?
-- Needs: nothing; PostgreSQL 14 to 18. pg_depend has no entries for PostgreSQL's own functions, so their numbers are
-- looked for in the definition itself. What a function calls through another function is not followed.
select v.kind, v.subject, v.remedy, v.total
  from (with recursive calls as (
               select ':(funcid|opfuncid|aggfnoid|winfnoid) (' || string_agg(p.oid::text, '|') || ')\M' as numbers,
                      '\m(' || string_agg(distinct p.proname::text, '|') || ')\M' as names
                 from pg_catalog.pg_proc as p
                where p.pronamespace = 'pg_catalog'::regnamespace
                  and p.proname in ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_open', 'lo_put', 'lo_truncate',
                                    'lo_truncate64', 'lo_unlink', 'lowrite', 'pg_logical_emit_message',
                                    'pg_advisory_lock', 'pg_advisory_lock_shared', 'pg_try_advisory_lock',
                                    'pg_try_advisory_lock_shared', 'pg_advisory_xact_lock',
                                    'pg_advisory_xact_lock_shared', 'pg_try_advisory_xact_lock',
                                    'pg_try_advisory_xact_lock_shared', 'pg_notify', 'pg_export_snapshot',
                                    'pg_cancel_backend', 'pg_terminate_backend', 'pg_current_xact_id', 'txid_current')
                  and exists (select from closure as c
                               where c.oid <> 0 and has_function_privilege(c.oid, p.oid, 'execute'))
         ), rules as materialized (
               -- Relation by relation: there may be few rules among very many relations.
               select r.ev_class as oid, r.oid as rule, r.ev_action::text as definition
                 from pg_catalog.pg_rewrite as r
                where r.ev_class >= 16384
                  and (select c.relkind from pg_catalog.pg_class as c where c.oid = r.ev_class) = 'v'
         ), found(oid) as (
               select r.oid
                 from rules as r
                cross join calls as k
                where r.definition ~ k.numbers
                   or exists (select from pg_catalog.pg_depend as d
                                join pg_catalog.pg_proc as p on p.oid = d.refobjid
                               where d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = r.rule
                                 and d.refclassid = 'pg_catalog.pg_proc'::regclass
                                 and (p.prosrc ~* k.names or p.prosqlbody::text ~ k.numbers))
               union
               select r.oid
                 from found as f
                 join pg_catalog.pg_depend as d
                   on d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = f.oid
                  and d.classid = 'pg_catalog.pg_rewrite'::regclass
                 join rules as r on r.rule = d.objid
         )
         select 'dangerous-view' as kind,
                c.oid::regclass::text as subject,
                'revoke select on ' || c.oid::regclass || ' from ' || string_agg(u.role, ', ' order by u.oid) as remedy,
                count(*) over () as total,
                row_number() over (order by c.oid::regclass::text) as number
           from found as f
           join pg_catalog.pg_class as c on c.oid = f.oid
           join closure as u on has_any_column_privilege(u.oid, c.oid, 'select') and u.oid <> 0
          where exists (select from closure as s where s.oid <> 0 and has_schema_privilege(s.oid, c.relnamespace, 'usage'))
          group by c.oid) as v
 where v.number <= 20
