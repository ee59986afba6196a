-- what: a setting that only superusers see, read as superuser
-- caught-by: catalog: file setting /tmp/clonegate-zoo-bHwk4g/server/server/data/postgresql.auto.conf:3 exists
-- caught-by: catalog: server setting log_directory exists
-- server: reload
-- reader: superuser
-- undo: alter system reset log_directory
alter system set log_directory = 'elsewhere';
