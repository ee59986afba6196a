-- what: a setting that waits for a restart
-- caught-by: catalog: server setting max_locks_per_transaction exists
-- server: reload
-- undo: alter system reset max_locks_per_transaction
alter system set max_locks_per_transaction = 100;
