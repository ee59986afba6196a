-- Asks: which functions may it call that do what it may not: with their owner's rights, over another
-- connection, with files, in an untrusted language, or ones that PostgreSQL keeps from everybody?
-- Needs: nothing; PostgreSQL 14 to 18. A function in a schema without USAGE can't be called. pg_init_privs has
-- what initdb or CREATE EXTENSION granted where that is less than usual; what was granted beyond it counts.
select f.kind, f.subject, f.remedy, f.total
  from (select k.kind,
               p.oid::regprocedure || coalesce(' of the extension ' || quote_ident(e.extname), '')
                   || string_agg(c.how, '' order by c.oid desc) as subject,
               'revoke execute on function ' || p.oid::regprocedure || ' from '
                   || string_agg(c.role, ', ' order by c.oid) as remedy,
               count(*) over (partition by k.kind) as total,
               row_number() over (partition by k.kind order by p.oid::regprocedure::text) as number
          from pg_catalog.pg_proc as p
          join pg_catalog.pg_language as l on l.oid = p.prolang
          left join pg_catalog.pg_depend as d
            on d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
           and d.refclassid = 'pg_catalog.pg_extension'::regclass
          left join pg_catalog.pg_extension as e on e.oid = d.refobjid
          left join pg_catalog.pg_init_privs as i
            on i.classoid = 'pg_catalog.pg_proc'::regclass and i.objoid = p.oid and i.objsubid = 0
         cross join lateral (
               select case
                          when e.extname = 'dblink' then 'dblink'
                          when p.prosecdef then 'security-definer'
                          when e.extname in ('adminpack', 'aws_lambda', 'aws_s3', 'http', 'mysql_fdw', 'oracle_fdw',
                                             'pg_background', 'pg_cron', 'pg_net', 'pg_prewarm', 'pg_surgery',
                                             'pldbgapi', 'plproxy', 'postgres_fdw')
                               and p.provolatile = 'v' then 'dangerous-function'
                          -- They run SQL that is hidden in a string, whatever their volatility says.
                          when e.extname in ('tablefunc', 'xml2') then 'dangerous-function'
                          when not l.lanpltrusted and l.lanname not in ('internal', 'c')
                               -- An aggregate has no code of its own; its functions are looked at for themselves.
                               or l.lanname in ('internal', 'c') and p.oid >= 16384 and e.oid is null and p.prokind <> 'a'
                              then 'untrusted-function'
                      end as kind) as o
         cross join lateral (
               select coalesce(o.kind, case when i.objoid is not null then 'dangerous-function' end) as kind) as k
         cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
          join closure as c on c.oid = a.grantee
         where k.kind is not null
           and a.privilege_type = 'EXECUTE'
           and not exists (select from aclexplode(i.initprivs) as was
                            where o.kind is null and was.grantee = a.grantee and was.privilege_type = 'EXECUTE')
           -- Those can't be called, only attached to something.
           and p.prorettype not in (select t.oid from pg_catalog.pg_type as t
                                     where t.typname in ('trigger', 'event_trigger', 'fdw_handler', 'language_handler',
                                                         'index_am_handler', 'table_am_handler', 'tsm_handler')
                                       and t.typnamespace = 'pg_catalog'::regnamespace)
           and exists (select from closure as u
                        where u.oid <> 0 and has_schema_privilege(u.oid, p.pronamespace, 'usage'))
         group by k.kind, p.oid, e.extname) as f
 where f.number <= 20
