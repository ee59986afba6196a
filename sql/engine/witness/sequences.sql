-- Every sequence, and whether this role may read it. Any role; all versions.
select pg_catalog.format('%I.%I', n.nspname, c.relname) as name,
       (pg_catalog.has_sequence_privilege(c.oid, 'select')
           and pg_catalog.has_schema_privilege(n.oid, 'usage')) as readable
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where c.oid >= 16384
   and c.relkind = 'S'
   and c.relpersistence <> 't'
 order by 1
