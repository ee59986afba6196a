-- Takes the clone's lock for this session if nobody has it, and says which mark the clone carries. Advisory
-- locks are a database's own, so every gate asks in the same maintenance database. The owner stands in the
-- statement, where holder.sql finds it. No privileges but CONNECT.
select pg_catalog.concat(:'nonce', '|hold|', pg_catalog.json_build_object(
    'held', pg_catalog.pg_try_advisory_lock(:'key'::pg_catalog.int8),
    'pid', pg_catalog.pg_backend_pid(),
    'owner', :'owner',
    'mark', (
        select pg_catalog.substring(pg_catalog.shobj_description(d.oid, 'pg_database'), '(?n)^clonegate run: (.*)$')
        from pg_catalog.pg_database d where d.datname operator(pg_catalog.=) :'clone'))::pg_catalog.text);
