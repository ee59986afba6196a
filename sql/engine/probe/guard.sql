-- Asks: which database of which server is this, who asks, and what holds for this transaction?
-- Needs: nothing but CONNECT; PostgreSQL 13 and later. :system_identifier is filled in by the
-- channel, because EXECUTE on pg_control_system() can be revoked.
-- Every function, relation and operator is qualified, so that no search_path can put another in
-- its place; current_catalog, current_user and session_user are words of the grammar.
select
    current_catalog as database,
    (select d.oid from pg_catalog.pg_database d where d.datname operator(pg_catalog.=) current_catalog) as database_oid,
    current_user as role,
    session_user as session_role,
    :system_identifier as system_identifier,
    pg_catalog.pg_postmaster_start_time() as postmaster_start,
    pg_catalog.pg_is_in_recovery() as in_recovery,
    pg_catalog.pg_current_xact_id_if_assigned() as xid,
    pg_catalog.current_setting('server_version') as server_version,
    pg_catalog.current_setting('server_version_num') as server_version_num,
    pg_catalog.current_setting('transaction_read_only') as transaction_read_only,
    pg_catalog.current_setting('transaction_isolation') as transaction_isolation,
    pg_catalog.current_setting('default_transaction_read_only') as default_transaction_read_only,
    pg_catalog.current_setting('statement_timeout') as statement_timeout,
    pg_catalog.current_setting('lock_timeout') as lock_timeout,
    pg_catalog.current_setting('idle_in_transaction_session_timeout') as idle_in_transaction_session_timeout,
    pg_catalog.current_setting('row_security') as row_security,
    pg_catalog.current_setting('TimeZone') as "TimeZone",
    pg_catalog.current_setting('DateStyle') as "DateStyle",
    pg_catalog.current_setting('IntervalStyle') as "IntervalStyle",
    pg_catalog.current_setting('bytea_output') as bytea_output,
    pg_catalog.current_setting('extra_float_digits') as extra_float_digits,
    pg_catalog.current_setting('jit') as jit,
    pg_catalog.current_setting('standard_conforming_strings') as standard_conforming_strings,
    pg_catalog.current_setting('backslash_quote') as backslash_quote,
    pg_catalog.current_setting('transform_null_equals') as transform_null_equals,
    pg_catalog.current_setting('array_nulls') as array_nulls,
    pg_catalog.current_setting('xmloption') as xmloption,
    pg_catalog.current_setting('client_encoding') as client_encoding,
    pg_catalog.current_setting('application_name') as application_name
