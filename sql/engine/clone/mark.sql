-- Writes into the clone's comment which run has it, as a line of its own beside what stands there, or takes
-- the line out. Raises CG002 where the clone is another database now, CG003 with the line where another run
-- has it. Reads the setting clonegate.expected; the search path must be pg_catalog. Needs the clone's
-- ownership. Language plpgsql; the caller has the clone's lock, so no two of these run at once.
do $mark$
declare
    expected json := current_setting('clonegate.expected')::json;
    found_oid oid;
    remark text;
    mark text;
begin
    select d.oid, shobj_description(d.oid, 'pg_database') into found_oid, remark
    from pg_database d where d.datname = expected ->> 'clone';
    if found_oid is null or found_oid::int8 <> (expected ->> 'oid')::int8 then
        raise exception using errcode = 'CG002', message = format(
            'database %L has OID %s, pinned was %s', expected ->> 'clone', coalesce(found_oid::text, 'none'), expected ->> 'oid');
    end if;
    mark := substring(remark, '(?n)^clonegate run: (.*)$');
    if mark is not null and mark::json ->> 'run' is distinct from expected ->> 'run' then
        raise exception using errcode = 'CG003', message = mark;
    end if;
    remark := nullif(regexp_replace(remark, '(?n)\n?^clonegate run: .*$', '', 'g'), '');
    if expected ->> 'mark' is not null then
        remark := concat_ws(E'\n', remark, 'clonegate run: ' || (expected ->> 'mark'));
    end if;
    execute format('comment on database %I is %L', expected ->> 'clone', remark);
end
$mark$;
