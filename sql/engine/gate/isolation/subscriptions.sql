-- Subscriptions of this database, by which it takes in what another one writes. The connection's text is not read.
-- Any role; all versions.
select pg_catalog.count(*) as found,
       coalesce(pg_catalog.string_agg(s.subname::text, ', ' order by s.subname), '') as names
  from pg_catalog.pg_subscription as s
 where s.subdbid = (select d.oid from pg_catalog.pg_database as d where d.datname = current_catalog)
