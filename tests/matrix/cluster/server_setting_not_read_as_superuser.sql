-- what: ALTER SYSTEM, before the server reads it, read as superuser
-- caught-by: catalog: file setting log_min_duration_statement in postgresql.auto.conf exists
-- reader: superuser
-- undo: alter system reset log_min_duration_statement
alter system set log_min_duration_statement = '5s';
