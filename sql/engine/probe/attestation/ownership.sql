-- Asks: what does it own, in this database, in others, and shared?
-- Needs: nothing; PostgreSQL 14 to 18. An owner may alter and drop what it owns whatever was revoked.
select 'ownership' as kind,
       case when o.here then coalesce(pg_describe_object(o.classid, o.objid, 0), 'something that was just dropped')
            else format('something in the database %I', o.datname) end || o.how as subject,
       format('reassign owned by %s to another role, in each database', o.role) as remedy,
       o.total
  from (select d.classid, d.objid, c.how, c.role, b.datname,
               d.dbid = 0 or b.datname = current_catalog as here,
               count(*) over () as total
          from pg_catalog.pg_shdepend as d
          join closure as c on c.oid = d.refobjid
          left join pg_catalog.pg_database as b on b.oid = d.dbid
         where d.refclassid = 'pg_catalog.pg_authid'::regclass and d.deptype = 'o' and c.oid <> 0
         order by here desc, d.classid, d.objid
         limit 20) as o
