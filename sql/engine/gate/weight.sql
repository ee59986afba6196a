-- How big is this database, and how far is the server's write-ahead log? The log is the whole server's. Any role;
-- all versions.
select pg_catalog.pg_database_size(current_catalog)::bigint as bytes,
       pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::bigint as wal
