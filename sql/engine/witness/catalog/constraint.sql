-- Constraints of tables and domains. Any role; all versions.
select pg_catalog.format('%s.%I', coalesce(pg_catalog.format('%I.%I', n.nspname, c.relname), t.oid::regtype::text), o.conname) as identity,
       pg_catalog.json_build_object(
           'on', coalesce(pg_catalog.format('%I.%I', n.nspname, c.relname), t.oid::regtype::text),
           'definition', pg_catalog.pg_get_constraintdef(o.oid),
           'references', (select pg_catalog.format('%I.%I', rn.nspname, rc.relname)
                            from pg_catalog.pg_class as rc
                            join pg_catalog.pg_namespace as rn on rn.oid = rc.relnamespace
                           where rc.oid = nullif(o.confrelid, 0)),
           'validated', o.convalidated,
           'inherited', o.coninhcount,
           'comment', pg_catalog.obj_description(o.oid, 'pg_constraint')) as attributes
  from pg_catalog.pg_constraint as o
  left join pg_catalog.pg_class as c on c.oid = o.conrelid
  left join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  left join pg_catalog.pg_type as t on t.oid = o.contypid
 where o.oid >= 16384
   and coalesce(c.relpersistence, 'p') <> 't'
   and o.contype <> 't'
 order by 1
