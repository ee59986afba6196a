-- Where subscriptions of this database connect to, as a digest, and every other column that this version
-- has. Superusers; all versions.
select pg_catalog.format('%I', o.subname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('connection md5', pg_catalog.md5(o.subconninfo))
           || (pg_catalog.to_jsonb(o) - '{oid,subdbid,subname,subowner,subenabled,subbinary,subslotname,subsynccommit,subpublications,subconninfo,subskiplsn}'::text[])) as attributes
  from pg_catalog.pg_subscription as o
 where o.subdbid = (select d.oid from pg_catalog.pg_database as d where d.datname = current_catalog)
 order by 1
