-- What became of a transaction, asked by the session that just ended it. PostgreSQL 13 and later, no privileges.
select pg_catalog.concat(:'nonce', '|ended|', coalesce(
    pg_catalog.to_json(pg_catalog.pg_xact_status(:'xid'::pg_catalog.xid8))::pg_catalog.text, 'null'));
