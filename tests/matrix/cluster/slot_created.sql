-- what: a replication slot is created
-- caught-by: catalog: replication slot new_slot exists
-- undo: select pg_drop_replication_slot('new_slot')
select pg_create_physical_replication_slot('new_slot');
