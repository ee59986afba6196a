-- what: CHECKPOINT and a new WAL segment
checkpoint;
select pg_switch_wal();
