CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SERVER legacy FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'legacy', dbname 'app');
CREATE USER MAPPING FOR CURRENT_USER SERVER legacy OPTIONS (user 'reader', password 'x');
IMPORT FOREIGN SCHEMA public LIMIT TO (orders) FROM SERVER legacy INTO legacy;
INSERT INTO orders SELECT * FROM legacy.orders;
