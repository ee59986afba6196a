ALTER SYSTEM SET wal_level = logical;
SELECT pg_reload_conf();
CREATE PUBLICATION pub FOR TABLE orders;
SELECT pg_create_logical_replication_slot('sub', 'pgoutput');
CREATE SUBSCRIPTION sub CONNECTION 'host=replica dbname=app' PUBLICATION pub WITH (create_slot = false);
