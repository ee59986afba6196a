-- A negative control: locks a row, which is a write. A READ ONLY transaction refuses it (25006) before it
-- looks at privileges; the role has none for it either way. All versions.
select c.oid::pg_catalog.int8 as oid from pg_catalog.pg_class as c limit 1 for update
