-- Asks: through which foreign servers, wrappers and tables does it reach something else than this database?
-- Needs: nothing; PostgreSQL 14 to 18. A foreign table may be written by being read: its query runs there.
(select 'foreign-server' as kind,
        g.what || c.how as subject,
        format('revoke usage on %s from %s', g.what, c.role) as remedy,
        count(*) over () as total
   from (select a.grantee, format('foreign server %I', s.srvname) as what
           from pg_catalog.pg_foreign_server as s
          cross join lateral aclexplode(s.srvacl) as a
          where s.srvacl is not null
         union all
         select a.grantee, format('foreign data wrapper %I', w.fdwname)
           from pg_catalog.pg_foreign_data_wrapper as w
          cross join lateral aclexplode(w.fdwacl) as a
          where w.fdwacl is not null) as g
   join closure as c on c.oid = g.grantee
  order by 2
  limit 20)
union all
(select 'foreign-table',
        format('%s on %I', r.oid::regclass, s.srvname),
        format('revoke select on %s from %I, and from PUBLIC', r.oid::regclass, session_user),
        count(*) over ()
   from pg_catalog.pg_foreign_table as f
   join pg_catalog.pg_class as r on r.oid = f.ftrelid
   join pg_catalog.pg_foreign_server as s on s.oid = f.ftserver
  where exists (select from closure as c where c.oid <> 0 and has_any_column_privilege(c.oid, r.oid, 'select'))
    and exists (select from closure as c where c.oid <> 0 and has_schema_privilege(c.oid, r.relnamespace, 'usage'))
  order by 2
  limit 20)
