-- Foreign servers, to which a statement may reach out. Any role; all versions.
select pg_catalog.count(*) as found,
       coalesce(pg_catalog.string_agg(f.srvname::text, ', ' order by f.srvname), '') as names
  from pg_catalog.pg_foreign_server as f
