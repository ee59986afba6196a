-- what: ALTER SYSTEM, before the server reads it, read as superuser
-- caught-by: catalog: file setting /tmp/clonegate-zoo-bHwk4g/server/server/data/postgresql.auto.conf:3 exists
-- reader: superuser
-- undo: alter system reset log_min_duration_statement
alter system set log_min_duration_statement = '5s';
