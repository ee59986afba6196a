-- what: a replication slot is dropped
-- caught-by: catalog: replication slot zoo_slot exists
-- undo: select pg_create_physical_replication_slot('zoo_slot')
select pg_drop_replication_slot('zoo_slot');
