-- Indexes. {page} of {pages} is a part of them. Any role; all versions.
select pg_catalog.format('%I.%I', n.nspname, c.relname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'on', pg_catalog.format('%I.%I', n.nspname, t.relname),
           'definition', pg_catalog.pg_get_indexdef(i.indexrelid),
           'owner', pg_catalog.pg_get_userbyid(nullif(c.relowner, t.relowner)),
           'invalid', nullif(not i.indisvalid, false),
           'not ready', nullif(not i.indisready, false),
           'not live', nullif(not i.indislive, false),
           'not immediate', nullif(not i.indimmediate, false),
           'clustered', nullif(i.indisclustered, false),
           'replica identity', nullif(i.indisreplident, false),
           'primary', nullif(i.indisprimary, false),
           'exclusion', nullif(i.indisexclusion, false),
           'tablespace', s.spcname,
           'parent', (select pg_catalog.format('%I.%I', pn.nspname, pc.relname) from pg_catalog.pg_inherits as h join pg_catalog.pg_class as pc on pc.oid = h.inhparent join pg_catalog.pg_namespace as pn on pn.oid = pc.relnamespace where h.inhrelid = c.oid),
           'column options', (select pg_catalog.string_agg(pg_catalog.concat_ws(' ', a.attnum, a.attstattarget, a.attoptions), ', ' order by a.attnum)
                                from pg_catalog.pg_attribute as a
                               where a.attrelid = c.oid and (coalesce(a.attstattarget, -1) <> -1 or a.attoptions is not null)),
           'comment', (select m.description from pg_catalog.pg_description as m
                         where m.classoid = 'pg_catalog.pg_class'::regclass and m.objoid = c.oid and m.objsubid = 0))
           || (pg_catalog.to_jsonb(i) - '{indexrelid,indrelid,indnatts,indnkeyatts,indisunique,indnullsnotdistinct,indisprimary,indisexclusion,indimmediate,indisclustered,indisvalid,indcheckxmin,indisready,indislive,indisreplident,indkey,indcollation,indclass,indoption,indexprs,indpred}'::text[])) as attributes
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as c on c.oid = i.indexrelid
  join pg_catalog.pg_class as t on t.oid = i.indrelid
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  left join pg_catalog.pg_tablespace as s on s.oid = c.reltablespace
 where c.oid >= 16384
   and c.relpersistence <> 't'
   and n.nspname !~ '^pg_toast'
   and i.indexrelid::bigint % {pages} = {page}
 order by 1
