-- what: a setting that only superusers see
-- server: reload
-- caught-by: nobody: it is not shown without `pg_read_all_settings`; the manifest says so
-- undo: alter system reset log_directory
alter system set log_directory = 'elsewhere';
