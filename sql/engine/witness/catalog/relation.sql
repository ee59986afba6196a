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
           'toast options', (select tc.reloptions::text from pg_catalog.pg_class as tc where tc.oid = c.reltoastrelid),
           'of type', nullif(c.reloftype, 0)::regtype::text,
           'type acl', case when c.relkind = 'c' then (select y.typacl::text from pg_catalog.pg_type as y where y.oid = c.reltype) end,
           'foreign server', (select s.srvname from pg_catalog.pg_foreign_table as f
                                join pg_catalog.pg_foreign_server as s on s.oid = f.ftserver where f.ftrelid = c.oid),
           'foreign options', (select f.ftoptions::text from pg_catalog.pg_foreign_table as f where f.ftrelid = c.oid),
           'populated', c.relispopulated,
           'partition bound', pg_catalog.pg_get_expr(c.relpartbound, c.oid),
           'partition key', case when c.relkind = 'p' then pg_catalog.pg_get_partkeydef(c.oid) end,
           'parents', (select pg_catalog.string_agg(pg_catalog.format('%I.%I', pn.nspname, pc.relname), ', ' order by i.inhseqno)
                         from pg_catalog.pg_inherits as i
                         join pg_catalog.pg_class as pc on pc.oid = i.inhparent
                         join pg_catalog.pg_namespace as pn on pn.oid = pc.relnamespace
                        where i.inhrelid = c.oid),
           'detaching', (select true from pg_catalog.pg_inherits as i where i.inhrelid = c.oid and i.inhdetachpending limit 1),
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
           'owned by column', (select d.refobjsubid
                                 from pg_catalog.pg_depend as d
                                where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid
                                  and d.refclassid = 'pg_catalog.pg_class'::regclass
                                  and d.deptype in ('a', 'i') and d.refobjsubid > 0
                                  and c.relkind = 'S'
                                limit 1),
           'comment', case when c.relkind = 'c' then pg_catalog.obj_description(c.reltype, 'pg_type')
                           else pg_catalog.obj_description(c.oid, 'pg_class') end) as attributes
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  left join pg_catalog.pg_am as a on a.oid = c.relam
  left join pg_catalog.pg_tablespace as t on t.oid = c.reltablespace
 where c.oid >= 16384
   and c.relkind in ('r', 'v', 'm', 'S', 'p', 'f', 'c')
   and c.relpersistence <> 't'
   and n.nspname !~ '^pg_toast'
 order by 1
