-- Indexes. pg_get_indexdef opens the table behind every index, so what it says of a plain one is put together
-- here (tests/src/catalog.rs holds the two against each other). {page} of {pages} is a part of them. Any role; all versions.
-- What most indexes don't have is only written for those that have some of it: most of the time is writing.
-- Columns of pg_index that a later version may have are looked for once, and read where there are any.
with more as materialized (
    select array(select pg_catalog.jsonb_object_keys(pg_catalog.to_jsonb(x) - '{indexrelid,indrelid,indnatts,indnkeyatts,indisunique,indnullsnotdistinct,indisprimary,indisexclusion,indimmediate,indisclustered,indisvalid,indcheckxmin,indisready,indislive,indisreplident,indkey,indcollation,indclass,indoption,indexprs,indpred}'::text[])) as names
      from pg_catalog.pg_index as x
     limit 1
), options as materialized (
    select a.attrelid,
           pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attnum, a.attstattarget, a.attoptions), ', ' order by a.attnum) as options
      from pg_catalog.pg_attribute as a
     where a.attnum > 0 and (a.attstattarget <> -1 or a.attoptions is not null)
     group by a.attrelid
)
select pg_catalog.format('%I.%I', n.nspname, c.relname) as identity,
       array[
           'on', pg_catalog.format('%I.%I', n.nspname, t.relname),
           'definition', coalesce(case when i.indexprs is null and i.indpred is null and c.reloptions is null
                                             and c.relkind = 'i' and a.amname = 'btree' and i.indnatts = i.indnkeyatts
                                             and (i.indisprimary or not i.indisunique) then
                           pg_catalog.format('CREATE %sINDEX %I ON %I.%I USING btree (',
                               case when i.indisunique then 'UNIQUE ' else '' end, c.relname, n.nspname, t.relname)
                           || (case when i.indnatts = 1 then case when o.oid is not null then pg_catalog.quote_ident(k.attname) end
                              else (
                                  select pg_catalog.string_agg(pg_catalog.quote_ident(k.attname), ', ' order by u.n)
                                    from pg_catalog.generate_series(0, i.indnatts - 1) as u(n)
                                    join pg_catalog.pg_attribute as k on k.attrelid = i.indrelid and k.attnum = i.indkey[u.n]
                                    join pg_catalog.pg_opclass as o on o.oid = i.indclass[u.n] and o.opcdefault and o.opcintype = k.atttypid
                                   where i.indoption[u.n] = 0 and i.indcollation[u.n] = k.attcollation
                                  having count(*) = i.indnatts) end)
                           || ')' end,
                       pg_catalog.pg_get_indexdef(i.indexrelid)),
           'primary', nullif(i.indisprimary, false)::text]
       || case when c.relowner <> t.relowner or not i.indisvalid or not i.indisready or not i.indislive
                    or not i.indimmediate or i.indisclustered or i.indisreplident or i.indisexclusion
                    or c.reltablespace <> 0 or h.inhparent is not null or co.options is not null
                    or m.description is not null then array[
           'owner', pg_catalog.pg_get_userbyid(nullif(c.relowner, t.relowner))::text,
           'invalid', nullif(not i.indisvalid, false)::text,
           'not ready', nullif(not i.indisready, false)::text,
           'not live', nullif(not i.indislive, false)::text,
           'not immediate', nullif(not i.indimmediate, false)::text,
           'clustered', nullif(i.indisclustered, false)::text,
           'replica identity', nullif(i.indisreplident, false)::text,
           'exclusion', nullif(i.indisexclusion, false)::text,
           'tablespace', s.spcname::text,
           'parent', case when h.inhparent is not null then (
                         select pg_catalog.format('%I.%I', pn.nspname, pc.relname)
                           from pg_catalog.pg_class as pc
                           join pg_catalog.pg_namespace as pn on pn.oid = pc.relnamespace
                          where pc.oid = h.inhparent) end,
           'column options', co.options,
           'comment', m.description]
          end as attributes,
       case when pg_catalog.cardinality((select m.names from more as m)) > 0 then (
           select pg_catalog.json_object_agg(k, pg_catalog.to_jsonb(i) -> k)
             from pg_catalog.unnest((select m.names from more as m)) as k) end as more
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
  join pg_catalog.pg_class as t on t.oid = i.indrelid
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  join pg_catalog.pg_am as a on a.oid = c.relam
  left join pg_catalog.pg_tablespace as s on s.oid = c.reltablespace
  left join pg_catalog.pg_inherits as h on h.inhrelid = c.oid
  left join lateral (
       select k.attname, k.atttypid from pg_catalog.pg_attribute as k
        where k.attrelid = i.indrelid and k.attnum = i.indkey[0]
          and i.indoption[0] = 0 and i.indcollation[0] = k.attcollation
       offset 0) as k on i.indnatts = 1
  left join pg_catalog.pg_opclass as o on o.oid = i.indclass[0] and o.opcdefault and o.opcintype = k.atttypid
  left join options as co on co.attrelid = c.oid
  left join pg_catalog.pg_description as m
         on m.classoid = 'pg_catalog.pg_class'::regclass and m.objoid = c.oid and m.objsubid = 0
 where c.oid >= 16384
   and c.relpersistence <> 't'
   and n.nspname !~ '^pg_toast'
   and case when pg_catalog.abs(pg_catalog.hashoid(i.indexrelid)::bigint) % {pages} = {page} then true else false end
