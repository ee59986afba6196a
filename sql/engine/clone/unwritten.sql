-- Has this transaction still no id, that is, did it write nothing? PostgreSQL 13 and later, no privileges.
select pg_catalog.concat(:'nonce', '|unwritten|', case when pg_catalog.pg_current_xact_id_if_assigned() is null then 'true' else 'false' end);
