-- Transactions on this database that are prepared and wait for somebody's COMMIT PREPARED. Any role; all versions.
select pg_catalog.count(*) as found,
       coalesce(pg_catalog.string_agg(p.owner::text || ' since ' || p.prepared::text, ', '), '') as names
  from pg_catalog.pg_prepared_xacts as p
 where p.database = current_catalog
