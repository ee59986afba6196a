-- Asks: has anything been written in this transaction, and is it still read-only?
-- Needs: nothing; PostgreSQL 13 and later.
select
    pg_catalog.pg_current_xact_id_if_assigned() as xid,
    pg_catalog.current_setting('transaction_read_only') as transaction_read_only
