-- Tables, views, sequences and other relations, without planner statistics, counters and the place on
-- disk, which reading and maintenance move (tests/catalog/left-out.toml names each with its reason).
-- Where a table's statistics are stored in other catalogs they are left out too. {page} of {pages} is a part of them. Any role; all versions.
-- What most tables don't have is only written for those that have some of it: most of the time is writing.
-- Columns of pg_class that a later version may have are looked for once, and read where there are any.
with more as materialized (
    select array(select pg_catalog.jsonb_object_keys(pg_catalog.to_jsonb(x) - '{oid,relname,relnamespace,reltype,reloftype,relowner,relam,relfilenode,reltablespace,relpages,reltuples,relallvisible,relallfrozen,reltoastrelid,relhasindex,relisshared,relpersistence,relkind,relnatts,relchecks,relhasrules,relhastriggers,relhassubclass,relrowsecurity,relforcerowsecurity,relispopulated,relreplident,relispartition,relrewrite,relfrozenxid,relminmxid,relacl,reloptions,relpartbound}'::text[])) as names
      from pg_catalog.pg_class as x
     limit 1
), acl as materialized (
    -- Thousands of relations have the same one.
    select g.relacl, g.relowner, g.kind, nullif(
               array(select a::text from pg_catalog.unnest(g.relacl) as a order by a::text collate "C"),
               array(select a::text from pg_catalog.unnest(pg_catalog.acldefault(g.kind, g.relowner)) as a order by a::text collate "C"))::text as said
      from (select distinct c.relacl, c.relowner, case c.relkind when 'S' then 's'::"char" else 'r'::"char" end as kind
              from pg_catalog.pg_class as c
             where c.oid >= 16384 and c.relacl is not null) as g
), inherited as (
    select i.inhrelid as relation,
           pg_catalog.string_agg(pg_catalog.format('%I.%I', pn.nspname, pc.relname), ', ' order by i.inhseqno) as parents,
           pg_catalog.bool_or(i.inhdetachpending) as detaching
      from pg_catalog.pg_inherits as i
      join pg_catalog.pg_class as pc on pc.oid = i.inhparent
      join pg_catalog.pg_namespace as pn on pn.oid = pc.relnamespace
     group by i.inhrelid
)
select pg_catalog.format('%I.%I', n.nspname, c.relname) as identity,
       array[
           'kind', case c.relkind
                       when 'r' then 'table' when 'v' then 'view' when 'm' then 'materialized view'
                       when 'S' then 'sequence' when 'p' then 'partitioned table'
                       when 'f' then 'foreign table' when 'c' then 'composite type' else c.relkind::text end,
           'owner', pg_catalog.pg_get_userbyid(c.relowner)::text,
           'acl', l.said,
           'access method', a.amname::text]
       || case when c.relkind <> 'r' or c.relpersistence <> 'p' or c.reltablespace <> 0 or c.reloptions is not null
                    or c.relrowsecurity or c.relforcerowsecurity or c.relreplident <> 'd'
                    or tc.reloptions is not null or c.reloftype <> 0 or y.typacl is not null
                    or not c.relispopulated or c.relpartbound is not null or h.relation is not null
                    or c.relhasrules or m.description is not null or ym.description is not null then array[
           'persistence', nullif(c.relpersistence, 'p')::text,
           'tablespace', s.spcname::text,
           'options', c.reloptions::text,
           'row security', nullif(c.relrowsecurity, false)::text,
           'forced row security', nullif(c.relforcerowsecurity, false)::text,
           'replica identity', nullif(c.relreplident, case when c.relkind in ('r', 'm', 'p') then 'd'::"char" else 'n'::"char" end)::text,
           'toast options', tc.reloptions::text,
           'of type', case when c.reloftype <> 0 then (
                          select pg_catalog.format('%I.%I', tn.nspname, oy.typname)
                            from pg_catalog.pg_type as oy
                            join pg_catalog.pg_namespace as tn on tn.oid = oy.typnamespace
                           where oy.oid = c.reloftype) end,
           'type acl', case when y.typacl is not null then nullif(
               array(select a::text from pg_catalog.unnest(y.typacl) as a order by a::text collate "C"),
               array(select a::text from pg_catalog.unnest(pg_catalog.acldefault('T', y.typowner)) as a order by a::text collate "C"))::text end,
           'foreign server', case when c.relkind = 'f' then (select f.srvname::text from pg_catalog.pg_foreign_table as t join pg_catalog.pg_foreign_server as f on f.oid = t.ftserver where t.ftrelid = c.oid) end,
           'foreign options', case when c.relkind = 'f' then (select t.ftoptions::text from pg_catalog.pg_foreign_table as t where t.ftrelid = c.oid) end,
           'not populated', nullif(not c.relispopulated, false)::text,
           'partition bound', pg_catalog.pg_get_expr(c.relpartbound, c.oid),
           'partition key', case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end,
           'parents', h.parents,
           'detaching', nullif(h.detaching, false)::text,
           'definition', case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end,
           'rule of view', case when c.relhasrules then (select nullif(r.ev_enabled, 'O')::text from pg_catalog.pg_rewrite as r where r.ev_class = c.oid and r.rulename = '_RETURN') end,
           'rule of view comment', case when c.relhasrules then (select pg_catalog.obj_description(r.oid, 'pg_rewrite') from pg_catalog.pg_rewrite as r where r.ev_class = c.oid and r.rulename = '_RETURN') end,
           'sequence', case when c.relkind = 'S' then (select pg_catalog.format('%s start %s increment %s min %s max %s cache %s cycle %s',
                                   pg_catalog.format_type(q.seqtypid, null), q.seqstart, q.seqincrement, q.seqmin, q.seqmax,
                                   q.seqcache, q.seqcycle)
                          from pg_catalog.pg_sequence as q where q.seqrelid = c.oid) end,
           'owned by', case when c.relkind = 'S' then (
                           select pg_catalog.format('%I.%I', tn.nspname, tc.relname)
                             from pg_catalog.pg_depend as d
                             join pg_catalog.pg_class as tc on tc.oid = d.refobjid
                             join pg_catalog.pg_namespace as tn on tn.oid = tc.relnamespace
                            where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
                              and d.refclassid = 'pg_catalog.pg_class'::regclass
                              and d.deptype in ('a', 'i') and d.refobjsubid > 0
                            limit 1) end,
           'owned by column', case when c.relkind = 'S' then (
                           select d.refobjsubid::text
                             from pg_catalog.pg_depend as d
                            where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
                              and d.refclassid = 'pg_catalog.pg_class'::regclass
                              and d.deptype in ('a', 'i') and d.refobjsubid > 0
                            limit 1) end,
           'comment', case when c.relkind = 'c' then pg_catalog.obj_description(c.reltype, 'pg_type') else m.description end,
           'row type comment', case when c.relkind <> 'c' then ym.description end]
          end as attributes,
       case when pg_catalog.cardinality((select m.names from more as m)) > 0 then (
           select pg_catalog.json_object_agg(k, pg_catalog.to_jsonb(c) -> k)
             from pg_catalog.unnest((select m.names from more as m)) as k) end as more
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  left join pg_catalog.pg_am as a on a.oid = c.relam
  left join pg_catalog.pg_tablespace as s on s.oid = c.reltablespace
  left join pg_catalog.pg_class as tc on tc.oid = c.reltoastrelid
  left join pg_catalog.pg_type as y on y.oid = c.reltype
  left join acl as l on l.relacl = c.relacl and l.relowner = c.relowner
                      and l.kind = case c.relkind when 'S' then 's'::"char" else 'r'::"char" end
  left join inherited as h on h.relation = c.oid
  left join pg_catalog.pg_description as m
         on m.classoid = 'pg_catalog.pg_class'::regclass and m.objoid = c.oid and m.objsubid = 0
  left join pg_catalog.pg_description as ym
         on ym.classoid = 'pg_catalog.pg_type'::regclass and ym.objoid = c.reltype and ym.objsubid = 0
 where c.oid >= 16384
   and c.relkind not in ('i', 'I', 't')
   and c.relpersistence <> 't'
   and n.nspname !~ '^pg_toast'
   and case when pg_catalog.abs(pg_catalog.hashoid(c.oid)::bigint) % {pages} = {page} then true else false end
