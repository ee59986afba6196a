-- Takes the clone's lock for this session if nobody has it. Advisory locks are a database's own, so
-- every gate asks in the same maintenance database. No privileges but CONNECT.
select pg_catalog.concat(:'nonce', '|hold|', pg_catalog.json_build_object(
    'held', pg_catalog.pg_try_advisory_lock(:'key'::pg_catalog.int8),
    'pid', pg_catalog.pg_backend_pid())::pg_catalog.text);
