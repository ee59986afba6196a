-- The rows of a range that are newer than entry: place, transaction, when it committed where that is
-- tracked, and the primary key where it may be shown. SELECT on the relation; 14 and later.
select t.ctid::pg_catalog.text as place,
       t.xmin::pg_catalog.text::bigint as xid,
       case when pg_catalog.current_setting('track_commit_timestamp') operator(pg_catalog.=) 'on'
            then pg_catalog.pg_xact_commit_timestamp(t.xmin)::pg_catalog.text end as committed_at,
       {key}::pg_catalog.text as key
  from only {relation} as t
 where {newer}{range}
 order by t.ctid
 limit {limit}
