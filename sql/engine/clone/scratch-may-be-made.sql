-- Is the clone the pinned one, and is the scratch copy's name free? Asked in the maintenance database right
-- before CREATE DATABASE. Raises CG004 with the name where it is taken, CG005 with the clone's where that is
-- another database now. Reads the setting clonegate.expected; the search path must be pg_catalog. Language plpgsql,
-- no privileges but CONNECT.
do $guard$
declare
    expected json := current_setting('clonegate.expected')::json;
begin
    if exists (select from pg_database d where d.datname = expected ->> 'scratch') then
        raise exception using errcode = 'CG004', message = expected ->> 'scratch';
    end if;
    if not exists (
        select
          from pg_database d, pg_control_system() c
         where d.datname = expected ->> 'clone'
           and d.oid::int8 = (expected ->> 'oid')::int8
           and c.system_identifier::text = expected ->> 'system_identifier')
    then
        raise exception using errcode = 'CG005', message = expected ->> 'clone';
    end if;
end
$guard$;
