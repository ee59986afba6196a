-- Is there still exactly the scratch copy that this run made: same name, same OID, this run's mark, and
-- not the clone itself? Raises CG002 where not, and says nothing where the copy is gone already. Reads
-- the setting clonegate.expected; the search path must be pg_catalog. Language plpgsql, no privileges.
do $guard$
declare
    expected json := current_setting('clonegate.expected')::json;
    found_oid oid;
    mark text;
begin
    select d.oid, shobj_description(d.oid, 'pg_database') into found_oid, mark
    from pg_database d where d.datname = expected ->> 'scratch';
    if found_oid is null then
        return;
    end if;
    if expected ->> 'scratch' = expected ->> 'clone' then
        raise exception using errcode = 'CG002', message = format('%L is the clone itself', expected ->> 'clone');
    end if;
    if found_oid::int8 <> (expected ->> 'oid')::int8 then
        raise exception using errcode = 'CG002', message = format(
            'database %L has OID %s, this run made %s', expected ->> 'scratch', found_oid, expected ->> 'oid');
    end if;
    if mark is distinct from expected ->> 'mark' then
        raise exception using errcode = 'CG002', message = format(
            'database %L does not carry the mark %L', expected ->> 'scratch', expected ->> 'mark');
    end if;
end
$guard$;
