-- what: a setting of the server
-- caught-by: catalog: server setting log_min_duration_statement exists
-- server: reload
-- undo: alter system reset log_min_duration_statement
alter system set log_min_duration_statement = '5s';
