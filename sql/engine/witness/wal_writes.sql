-- Which relations the records of an interval of the write-ahead log touched, and with what kind of record:
-- for this database and the shared catalogs by file and relation, for other databases in one line each.
-- A record of two blocks of one relation counts once. A row without a database says where the last whole
-- record of the interval ended: the next interval begins there. EXECUTE on pg_get_wal_records_info; 15 and
-- later.
with own as materialized (
    select d.oid::bigint as oid from pg_catalog.pg_database as d where d.datname = current_catalog
), record as materialized (
    select r.start_lsn, r.end_lsn, r.resource_manager, r.record_type, r.block_ref
      from {schema}.pg_get_wal_records_info('{from}'::pg_lsn, '{to}'::pg_lsn) as r
), touched as (
    select r.start_lsn,
           ref[1]::bigint as database,
           case when ref[1]::bigint in (0, own.oid) then ref[2]::bigint else 0 end as filenode,
           case when ref[1]::bigint in (0, own.oid)
                then pg_catalog.concat(r.resource_manager, '/', pg_catalog.split_part(r.record_type, '+', 1))
                else '' end as kind
      from record as r
     cross join own
     cross join lateral pg_catalog.regexp_matches(r.block_ref, 'rel [0-9]+/([0-9]+)/([0-9]+)', 'g') as ref
), file as materialized (
    select pg_catalog.pg_relation_filenode(c.oid)::bigint as filenode,
           pg_catalog.format('%I.%I', n.nspname, c.relname) as name
      from pg_catalog.pg_class as c
      join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
)
select t.database, t.filenode, pg_catalog.min(f.name) as relation, t.kind,
       count(distinct t.start_lsn) as records, null::text as ended
  from touched as t
 cross join own
  left join file as f on f.filenode = t.filenode and t.database = own.oid
 group by t.database, t.filenode, t.kind
union all
select null, null, null, null, count(*), pg_catalog.max(r.end_lsn)::text from record as r
