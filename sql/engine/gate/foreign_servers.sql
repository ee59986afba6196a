-- The foreign servers of this database that connect to a database of that name (in braces, as a literal). Where they
-- connect to is readable by everybody. Any role; all versions.
select count(*) as servers, coalesce(pg_catalog.string_agg(s.srvname::text, ', ' order by s.srvname), '') as names
  from pg_catalog.pg_foreign_server as s
 where ('dbname=' || {database}) = any (s.srvoptions)
