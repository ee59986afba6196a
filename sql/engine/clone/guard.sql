-- Is this still the database, the server, the role and the transaction that the executor pinned? Raises
-- CG001 with what is wrong; reads what is expected from the setting clonegate.expected, and the search
-- path must be pg_catalog, pg_temp. PostgreSQL 14 and later, language plpgsql, no privileges.
do $guard$
declare
    expected json := current_setting('clonegate.expected')::json;
    problem text;
begin
    select case
        when current_catalog <> expected ->> 'database'
            then format('the session is on database %L and not on the clone %L', current_catalog, expected ->> 'database')
        when d.oid::int8 <> (expected ->> 'database_oid')::int8
            then format('database %L has OID %s, pinned was %s: it was dropped and made again', current_catalog, d.oid, expected ->> 'database_oid')
        when c.system_identifier::text <> expected ->> 'system_identifier'
            then format('the server is system %s, pinned was %s', c.system_identifier, expected ->> 'system_identifier')
        when pg_postmaster_start_time()::text <> expected ->> 'postmaster_start'
            then format('the server was restarted at %s since its identity was pinned', pg_postmaster_start_time())
        when pg_is_in_recovery()
            then 'the server is a standby'
        when session_user <> expected ->> 'role' or current_user <> expected ->> 'role'
            then format('the session is %L acting as %L and not %L', session_user, current_user, expected ->> 'role')
        when exists (select from pg_roles r where r.rolname in (session_user, current_user) and r.rolsuper)
            then format('role %L is a superuser; a clone is worked on by an ordinary role', current_user)
        when current_setting('transaction_isolation') <> expected ->> 'isolation'
            then format('the transaction is %s and not %s', current_setting('transaction_isolation'), expected ->> 'isolation')
        when current_setting('transaction_read_only') <> expected ->> 'read_only'
            then format('transaction_read_only is %s and not %s', current_setting('transaction_read_only'), expected ->> 'read_only')
        end
    into strict problem
    from pg_database d, pg_control_system() c
    where d.datname = current_catalog;
    if problem is not null then
        raise exception using errcode = 'CG001', message = problem;
    end if;
    -- The row that lets the executor go on is printed only where this stands.
    perform set_config('clonegate.guarded', expected ->> 'token', true);
end
$guard$;
