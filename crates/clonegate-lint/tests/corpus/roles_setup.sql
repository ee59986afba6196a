DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'app_reader') THEN
    CREATE ROLE app_reader LOGIN PASSWORD 'secret';
  END IF;
END
$$;
GRANT app_reader TO app_owner;
GRANT CONNECT ON DATABASE app TO app_reader;
GRANT USAGE ON SCHEMA public TO app_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO app_reader;
ALTER ROLE app_reader SET statement_timeout = '5s';
