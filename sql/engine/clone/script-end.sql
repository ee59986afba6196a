-- The script is over; in which transaction? Read by psql from the script's own stream, so it is missing
-- where open COPY data swallowed it. PostgreSQL 13 and later, no privileges.
select pg_catalog.concat(:'nonce', '|script-end|', coalesce(
    pg_catalog.to_json(pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text)::pg_catalog.text, 'null'));
