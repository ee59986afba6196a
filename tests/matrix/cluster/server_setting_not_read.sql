-- what: ALTER SYSTEM, before the server reads it
-- caught-by: nobody: it has no effect yet; the manifest says so, and a superuser sees it
-- undo: alter system reset log_min_duration_statement
alter system set log_min_duration_statement = '5s';
