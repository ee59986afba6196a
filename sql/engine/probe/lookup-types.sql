-- Asks: which of these types does a name alone find, and does a value of them run more than the server's own code? An
-- enum's does not.
-- Needs: nothing; PostgreSQL 14 to 18. The channel fills in :numbers. takes_rows: whether a relation's row can be cast
-- to it.
-- Every function, relation and operator is qualified, so that no search_path can put another in its place.
select
    'type' as kind,
    t.typname as name,
    (select n.nspname from pg_catalog.pg_namespace n where n.oid operator(pg_catalog.=) t.typnamespace) as function_schema,
    '' as function,
    t.oid::pg_catalog.regtype as title,
    t.typnamespace operator(pg_catalog.=) 11 as in_catalog,
    1 as least,
    1 as most,
    exists (
        select from pg_catalog.pg_type b
        where b.oid operator(pg_catalog.=) t.typbasetype
            and b.typtype operator(pg_catalog.=) any (array['c', 'd']::pg_catalog."char"[]))
        or exists (
            select from pg_catalog.pg_cast c
            where c.casttarget operator(pg_catalog.=) t.oid
                and (c.castsource operator(pg_catalog.=) 2249 or exists (
                    select from pg_catalog.pg_type s
                    where s.oid operator(pg_catalog.=) c.castsource and s.typtype operator(pg_catalog.=) 'c'))) as takes_rows,
    false as harmless_extension
from pg_catalog.pg_type t
where t.oid operator(pg_catalog.=) any (:numbers)
    and t.typrelid operator(pg_catalog.=) 0
    and t.typtype operator(pg_catalog.<>) all (array['e', 'p']::pg_catalog."char"[])
    and (t.typnamespace operator(pg_catalog.=) 11 or pg_catalog.pg_type_is_visible(t.oid))
