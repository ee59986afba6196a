-- what: a setting that only superusers see, read as superuser
-- caught-by: catalog: file setting log_directory in postgresql.auto.conf exists
-- caught-by: catalog: server setting log_directory exists
-- server: reload
-- reader: superuser
-- undo: alter system reset log_directory
alter system set log_directory = 'elsewhere';
