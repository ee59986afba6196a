-- What must be the same for two equal horizons to mean equal rows: the database, the server since it was
-- started, the timeline that it writes (the last checkpoint may still be of another), and its last checkpoint. A
-- server that lost its memory in between ends its recovery with another checkpoint; then unlogged relations are
-- empty, and transaction ids may have been given out twice. No row on a standby, whose horizon does not list what
-- is still running. EXECUTE on pg_control_checkpoint, pg_current_wal_lsn and pg_walfile_name, which everybody has
-- unless it was revoked; all versions.
select pg_catalog.format('database %s, started %s, timeline %s, checkpoint %s',
                         d.oid, extract(epoch from pg_catalog.pg_postmaster_start_time()),
                         pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 8),
                         c.checkpoint_lsn) as anchor
  from pg_catalog.pg_control_checkpoint() as c
 cross join pg_catalog.pg_database as d
 where d.datname = current_catalog
   and not pg_catalog.pg_is_in_recovery()
