-- Asks: which of these relations and functions have a column of that name?
-- Needs: nothing; PostgreSQL 14 to 18. The channel fills in :questions, rows of (number, kind, path, alias, column)
-- whose texts travel as hexadecimal digits; a path is quoted as the server reads it.
-- Every function, relation and operator is qualified, so that no search_path can put another in its place.
select
    q.number,
    case
        when q.kind operator(pg_catalog.=) 'relation' then (
            select case when exists (
                    select from pg_catalog.pg_attribute a
                    where a.attrelid operator(pg_catalog.=) r.oid and a.attname operator(pg_catalog.=) q.name and not a.attisdropped)
                then 'yes' else 'no' end
            from pg_catalog.pg_class r
            where r.oid operator(pg_catalog.=) pg_catalog.to_regclass(q.path))
        else (
            select case pg_catalog.bool_and(case
                when p.proargmodes operator(pg_catalog.&&) array['o', 'b', 't']::pg_catalog."char"[] then exists (
                    select from rows from (pg_catalog.unnest(p.proargmodes), pg_catalog.unnest(p.proargnames)) as given(mode, name)
                    where given.mode operator(pg_catalog.=) any (array['o', 'b', 't']::pg_catalog."char"[])
                        and given.name operator(pg_catalog.=) q.name::pg_catalog.text)
                when t.typrelid operator(pg_catalog.<>) 0 then exists (
                    select from pg_catalog.pg_attribute a
                    where a.attrelid operator(pg_catalog.=) t.typrelid and a.attname operator(pg_catalog.=) q.name and not a.attisdropped)
                -- One value, whose column has the name that it has in FROM; a record or anything polymorphic may be a row.
                else t.typtype operator(pg_catalog.<>) all (array['p', 'd']::pg_catalog."char"[])
                    and q.name operator(pg_catalog.=) q.alias
                end) when true then 'yes' when false then 'no' end
            from pg_catalog.pg_proc p
            join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) p.prorettype
            where p.prokind operator(pg_catalog.<>) 'p'
                and (pg_catalog.pg_function_is_visible(p.oid) or q.schema is not null)
                and p.proname operator(pg_catalog.=) q.function
                and (q.schema is null or p.pronamespace operator(pg_catalog.=) (
                    select n.oid from pg_catalog.pg_namespace n where n.nspname operator(pg_catalog.=) q.schema)))
    end as answer
from (values :questions) as q(number, kind, path, schema, function, alias, name)
