-- Is there still exactly the database that was pinned: same name, OID, owner and comment, on the same
-- server? Raises CG002 where not. Reads the setting clonegate.expected; the search path must be pg_catalog.
-- Language plpgsql, no privileges.
do $guard$
declare
    expected json := current_setting('clonegate.expected')::json;
    problem text;
begin
    select case
        when d.oid is null
            then format('there is no database %L any more', expected ->> 'name')
        when d.oid::int8 <> (expected ->> 'oid')::int8
            then format('database %L has OID %s, pinned was %s: it was dropped and made again', d.datname, d.oid, expected ->> 'oid')
        when pg_get_userbyid(d.datdba) <> expected ->> 'owner'
            then format('database %L belongs to %L, pinned was %L', d.datname, pg_get_userbyid(d.datdba), expected ->> 'owner')
        when shobj_description(d.oid, 'pg_database') is distinct from expected ->> 'comment'
            then format('the comment on database %L was changed since it was read', d.datname)
        when c.system_identifier::text <> expected ->> 'system_identifier'
            then format('the server is system %s, pinned was %s', c.system_identifier, expected ->> 'system_identifier')
        end
    into strict problem
    from pg_control_system() c
    left join pg_database d on d.datname = expected ->> 'name';
    if problem is not null then
        raise exception using errcode = 'CG002', message = problem;
    end if;
end
$guard$;
