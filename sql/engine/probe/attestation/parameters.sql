-- Asks: which settings that are a superuser's was it granted to set, or to write into the server's files?
-- Needs: nothing; PostgreSQL 15 to 18, which have such grants.
select case a.privilege_type when 'SET' then 'set-parameter' else 'alter-system' end as kind,
       p.parname || c.how as subject,
       format('revoke %s on parameter %s from %s', lower(a.privilege_type), p.parname, c.role) as remedy,
       count(*) over (partition by a.privilege_type) as total
  from pg_catalog.pg_parameter_acl as p
 cross join lateral aclexplode(p.paracl) as a
  join closure as c on c.oid = a.grantee
 order by 1, 2
 limit 40
