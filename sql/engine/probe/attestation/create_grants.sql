-- Asks: where may it create: in a database, a schema or a tablespace, or temporary tables here?
-- Needs: nothing; PostgreSQL 14 to 18. Up to 14 everybody may create in schema public; TEMPORARY is everybody's
-- by default in every version.
select g.kind,
       g.what || c.how as subject,
       case when c.itself or c.oid = 0 then format('revoke %s from %s', g.undo, c.role)
            else format('revoke the membership in %s', c.role) end as remedy,
       count(*) over (partition by g.kind) as total
  from (select 'create-grant' as kind, a.grantee, format('create on database %I', d.datname) as what,
               format('create on database %I', d.datname) as undo
          from pg_catalog.pg_database as d
         cross join lateral aclexplode(d.datacl) as a
         where d.datacl is not null and a.privilege_type = 'CREATE'
        union all
        select 'create-grant', a.grantee, format('create in schema %I', n.nspname), format('create on schema %I', n.nspname)
          from pg_catalog.pg_namespace as n
         cross join lateral aclexplode(n.nspacl) as a
         where n.nspacl is not null and a.privilege_type = 'CREATE'
        union all
        select 'create-grant', a.grantee, format('create in tablespace %I', t.spcname),
               format('create on tablespace %I', t.spcname)
          from pg_catalog.pg_tablespace as t
         cross join lateral aclexplode(t.spcacl) as a
         where t.spcacl is not null and a.privilege_type = 'CREATE'
        union all
        select 'temporary', a.grantee, format('temporary tables in database %I', d.datname),
               format('temporary on database %I', d.datname)
          from pg_catalog.pg_database as d
         cross join lateral aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) as a
         where d.datname = current_catalog and a.privilege_type = 'TEMPORARY') as g
  join closure as c on c.oid = g.grantee
 order by 1, 2
 limit 40
