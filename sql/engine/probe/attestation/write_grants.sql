-- Asks: which tables, columns, sequences and large objects was it granted to write, lock or alter the data of?
-- Needs: nothing; PostgreSQL 14 to 18 (MAINTAIN from 17 on is among what is not SELECT). PUBLIC may update
-- pg_settings, which is a way to write SET.
select g.kind, g.subject, g.remedy, g.total
  from (select 'write-grant' as kind,
               w.privileges || ' on ' || w.object || c.how as subject,
               case when c.itself or c.oid = 0 then format('revoke %s on %s from %s', w.privileges, w.object, c.role)
                    else format('revoke the membership in %s', c.role) end as remedy,
               count(*) over () as total
          from (select x.grantee, x.privileges, case r.relkind when 'S' then 'sequence ' else 'table ' end || r.oid::regclass as object
                  -- Thousands of relations have a few lists of grants between them: each list is taken apart once.
                  -- Where none lets it write, they need not be looked at a second time, for which the list that only
                  -- pg_settings has is known beforehand.
                  from (select relacl, bool_and(oid = 'pg_catalog.pg_settings'::regclass) as of_settings
                          from pg_catalog.pg_class where relacl is not null group by relacl) as l
                 cross join lateral (
                     select a.grantee, lower(string_agg(distinct a.privilege_type, ', ' order by a.privilege_type)) as privileges
                       from aclexplode(l.relacl) as a
                      where a.privilege_type <> 'SELECT' and a.grantee in (select oid from closure)
                      group by a.grantee) as x
                  join pg_catalog.pg_class as r on r.relacl = l.relacl
                 where not (l.of_settings and x.grantee = 0 and x.privileges = 'update')
                   and not (r.oid = 'pg_catalog.pg_settings'::regclass and x.grantee = 0 and x.privileges = 'update')
                union all
                select a.grantee,
                       lower(string_agg(distinct a.privilege_type, ', ' order by a.privilege_type)
                             || format(' (%I)', t.attname)),
                       'table ' || t.attrelid::regclass
                  from pg_catalog.pg_attribute as t
                 cross join lateral aclexplode(t.attacl) as a
                 where t.attacl is not null and not t.attisdropped
                   and a.privilege_type <> 'SELECT'
                   and a.grantee in (select oid from closure)
                 group by t.attrelid, t.attname, a.grantee
                union all
                select a.grantee, 'update', 'large object ' || l.oid
                  from pg_catalog.pg_largeobject_metadata as l
                 cross join lateral aclexplode(l.lomacl) as a
                 where l.lomacl is not null
                   and a.privilege_type = 'UPDATE'
                   and a.grantee in (select oid from closure)) as w
          join closure as c on c.oid = w.grantee
         order by 2
         limit 20) as g
union all
-- What others will create in this database, or in one of its schemas, comes with the grant.
(select 'future-write-grant',
        format('%s on what %I creates', lower(a.privilege_type), o.rolname) || c.how,
        format('alter default privileges for role %I%s revoke %s on %s from %s', o.rolname,
               coalesce(' in schema ' || quote_ident(n.nspname), ''), lower(a.privilege_type),
               case f.defaclobjtype when 'S' then 'sequences' when 'n' then 'schemas' else 'tables' end, c.role),
        count(*) over ()
   from pg_catalog.pg_default_acl as f
  cross join lateral aclexplode(f.defaclacl) as a
   join closure as c on c.oid = a.grantee
   join pg_catalog.pg_roles as o on o.oid = f.defaclrole
   left join pg_catalog.pg_namespace as n on n.oid = f.defaclnamespace
  where f.defaclobjtype in ('r', 'S') and a.privilege_type <> 'SELECT'
     or f.defaclobjtype = 'n' and a.privilege_type = 'CREATE'
  order by 2
  limit 20)
