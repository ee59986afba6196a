-- Asks: which attributes of a role let it do more than read?
-- Needs: nothing; PostgreSQL 14 to 18.
select f.kind,
       format('role %I', r.rolname) || case when m.itself then '' else ', of which it is a member' end as subject,
       case when m.itself then format('alter role %I %s', r.rolname, f.without)
            else format('revoke the membership in %I', r.rolname) end as remedy,
       count(*) over (partition by f.kind) as total
  from member as m
  join pg_catalog.pg_roles as r on r.oid = m.oid
 cross join lateral (values
       ('superuser', r.rolsuper, 'nosuperuser'),
       ('create-role', r.rolcreaterole, 'nocreaterole'),
       ('create-database', r.rolcreatedb, 'nocreatedb'),
       ('replication', r.rolreplication, 'noreplication'),
       ('bypass-rls', r.rolbypassrls, 'nobypassrls'),
       ('no-connection-limit', m.itself and r.rolconnlimit < 0, 'connection limit 5')
     ) as f (kind, holds, without)
 where f.holds
   and case when f.kind = 'superuser'
            -- A superuser is a member of every role; only it is named then.
            then m.itself or not exists (select from member as s where s.itself and s.rolsuper)
            else exists (select from closure as c where c.oid = m.oid) end
 order by f.kind, m.itself desc, r.rolname
 limit 100
