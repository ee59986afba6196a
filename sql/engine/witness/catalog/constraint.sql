-- Constraints of tables and domains; a constraint trigger is a trigger. {page} of {pages} is a part of them.
-- pg_get_constraintdef looks up everything anew, so what it says of a primary key of one column is put together here
-- (tests/src/catalog.rs holds the two against each other). Any role; all versions.
-- Columns of pg_constraint that a later version may have are looked for once, and read where there are any.
with more as materialized (
    select array(select pg_catalog.jsonb_object_keys(pg_catalog.to_jsonb(x) - '{oid,conname,connamespace,contype,condeferrable,condeferred,convalidated,conrelid,contypid,conindid,conparentid,confrelid,confupdtype,confdeltype,confmatchtype,conislocal,coninhcount,connoinherit,conkey,confkey,conpfeqop,conppeqop,conffeqop,confdelsetcols,conexclop,conbin,conenforced,conperiod}'::text[])) as names
      from pg_catalog.pg_constraint as x
     limit 1
)
select pg_catalog.format('%I.%I.%I', coalesce(n.nspname, tn.nspname), coalesce(c.relname, t.typname), o.conname) as identity,
       array[
           'on', pg_catalog.format('%I.%I', coalesce(n.nspname, tn.nspname), coalesce(c.relname, t.typname)),
           'definition', case when o.contype = 'p' and i.indnatts = 1 and not o.condeferrable and o.convalidated then (
                             select pg_catalog.concat('PRIMARY KEY (', pg_catalog.quote_ident(k.attname), ')')
                               from pg_catalog.pg_attribute as k
                              where k.attrelid = o.conrelid and k.attnum = o.conkey[1])
                         else pg_catalog.pg_get_constraintdef(o.oid) end,
           'references', case when o.confrelid <> 0 then (
                             select pg_catalog.format('%I.%I', rn.nspname, rc.relname)
                               from pg_catalog.pg_class as rc
                               join pg_catalog.pg_namespace as rn on rn.oid = rc.relnamespace
                              where rc.oid = o.confrelid) end,
           'not validated', nullif(not o.convalidated, false)::text,
           'local', nullif(o.conislocal, true)::text,
           'inherited', nullif(o.coninhcount, 0)::text,
           'no inherit', nullif(o.connoinherit, false)::text,
           'comment', m.description] as attributes,
       case when pg_catalog.cardinality((select m.names from more as m)) > 0 then (
           select pg_catalog.json_object_agg(k, pg_catalog.to_jsonb(o) -> k)
             from pg_catalog.unnest((select m.names from more as m)) as k) end as more
  from pg_catalog.pg_constraint as o
  left join pg_catalog.pg_class as c on c.oid = o.conrelid
  left join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  left join pg_catalog.pg_type as t on t.oid = o.contypid
  left join pg_catalog.pg_namespace as tn on tn.oid = t.typnamespace
  left join pg_catalog.pg_index as i on i.indexrelid = o.conindid
  left join pg_catalog.pg_description as m
         on m.classoid = 'pg_catalog.pg_constraint'::regclass and m.objoid = o.oid and m.objsubid = 0
 where o.oid >= 16384
   and coalesce(c.relpersistence, 'p') <> 't'
   and o.contype <> 't'
   and case when pg_catalog.abs(pg_catalog.hashoid(o.oid)::bigint) % {pages} = {page} then true else false end
