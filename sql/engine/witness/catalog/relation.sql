-- Tables, views, sequences and other relations, without planner statistics and counters
-- (relpages, reltuples, relallvisible, relfrozenxid), which reading and maintenance move.
-- Any role; all versions.
select pg_catalog.format('%I.%I', n.nspname, c.relname) as identity,
       pg_catalog.json_build_object(
           'kind', case c.relkind
                       when 'r' then 'table' when 'v' then 'view' when 'm' then 'materialized view'
                       when 'S' then 'sequence' when 'p' then 'partitioned table'
                       when 'f' then 'foreign table' when 'c' then 'composite type' end,
           'owner', pg_catalog.pg_get_userbyid(c.relowner),
           'acl', c.relacl::text,
           'persistence', c.relpersistence,
           'access method', a.amname,
           'tablespace', t.spcname,
           'options', c.reloptions::text,
           'row security', c.relrowsecurity,
           'forced row security', c.relforcerowsecurity,
           'replica identity', c.relreplident,
           'of type', nullif(c.reloftype, 0)::regtype::text,
           'populated', c.relispopulated,
           'partition bound', pg_catalog.pg_get_expr(c.relpartbound, c.oid),
           'partition key', case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end,
           'parents', (select pg_catalog.string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno)
                         from pg_catalog.pg_inherits as i where i.inhrelid = c.oid),
           'definition', case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end,
           'sequence', (select pg_catalog.format('%s start %s increment %s min %s max %s cache %s cycle %s',
                                   s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
                                   s.seqcache, s.seqcycle)
                          from pg_catalog.pg_sequence as s where s.seqrelid = c.oid),
           'owned by', (select pg_catalog.format('%I.%I', tn.nspname, tc.relname)
                          from pg_catalog.pg_depend as d
                          join pg_catalog.pg_class as tc on tc.oid = d.refobjid
                          join pg_catalog.pg_namespace as tn on tn.oid = tc.relnamespace
                         where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
                           and d.refclassid = 'pg_catalog.pg_class'::regclass
                           and d.deptype in ('a', 'i') and d.refobjsubid > 0
                           and c.relkind = 'S'
                         limit 1),
           'comment', pg_catalog.obj_description(c.oid, 'pg_class')) as attributes
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  left join pg_catalog.pg_am as a on a.oid = c.relam
  left join pg_catalog.pg_tablespace as t on t.oid = c.reltablespace
 where c.oid >= 16384
   and c.relkind in ('r', 'v', 'm', 'S', 'p', 'f', 'c')
   and c.relpersistence <> 't'
   and n.nspname !~ '^pg_toast'
 order by 1
