-- What does the clone hold, as this transaction sees it? Written as JSON into the setting that
-- clonegate.look names: of each relation the number of rows and of those that this transaction or a later
-- one wrote, which are none before a script and none after one that changed nothing; of a relation of which
-- columns are declared, the sum of the hashes of the others; of a sequence where it is. The database's catalogs
-- are looked at too, so that a definition that changed is seen; planner statistics and what databases share are not. The search path
-- must be pg_catalog, pg_temp, and the transaction must have an id. Needs SELECT. PostgreSQL 14 and later.
do $look$
declare
    asked jsonb := current_setting('clonegate.look')::jsonb;
    seen jsonb := '{}';
    one jsonb;
    kept text;
    relation record;
begin
    for relation in
        select c.oid, c.relkind, format('%I.%I', n.nspname, c.relname) as name
          from pg_class as c
          join pg_namespace as n on n.oid = c.relnamespace
         where c.relkind in ('r', 'm', 'S')
           and c.relpersistence <> 't'
           and not c.relisshared
           and (c.relkind <> 'm' or c.relispopulated)
           and n.nspname <> 'information_schema'
           and n.nspname !~ '^pg_(toast|temp)'
           and (n.nspname <> 'pg_catalog'
                or (c.relname not in ('pg_statistic', 'pg_statistic_ext_data')
                    and has_table_privilege(c.oid, 'select')))
         order by 3
    loop
        if relation.relkind = 'S' then
            execute format('select jsonb_build_object(''last_value'', s.last_value::text, ''is_called'', s.is_called) from %s as s',
                           relation.name) into one;
            if asked -> 'declared' ? relation.name then
                one := '{}';
            end if;
        elsif asked -> 'declared' ? relation.name then
            select string_agg(format('t.%I', a.attname), ', ' order by a.attnum)
              into kept
              from pg_attribute as a
             where a.attrelid = relation.oid
               and a.attnum > 0
               and not a.attisdropped
               and not (asked -> 'declared' -> relation.name) ? a.attname::text;
            execute format('select jsonb_build_object(''rows'', count(*), ''sum'', coalesce(sum(hash_record_extended(row(record_send(row(%s))), 0)), 0)::text) from only %s as t',
                           coalesce(kept, 'null'), relation.name) into one;
        else
            execute format('select jsonb_build_object(''rows'', count(*), ''written'', count(*) filter (where age(t.xmin) <= age(pg_current_xact_id()::xid))) from only %s as t',
                           relation.name) into one;
        end if;
        seen := seen || jsonb_build_object(relation.name, one);
    end loop;
    perform set_config(asked ->> 'into', seen::text, true);
end
$look$;
