-- Asks: which of these operators can this role use by their symbols alone, or as OPERATOR(pg_catalog.…), where one side
-- at least is no value of a type of the database's own?
-- Needs: nothing; PostgreSQL 14 to 18. The channel fills in :numbers. Domains and rows count as no types of the
-- database's own here: anybody has values of them. harmless_extension: as in lookup-functions.sql.
-- Every function, relation and operator is qualified, so that no search_path can put another in its place.
select
    'operator' as kind,
    o.oprname as name,
    (select n.nspname from pg_catalog.pg_namespace n where n.oid operator(pg_catalog.=) p.pronamespace) as function_schema,
    p.proname as function,
    o.oid::pg_catalog.regoperator as title,
    o.oprnamespace operator(pg_catalog.=) 11 as in_catalog,
    p.pronargs as least,
    p.pronargs as most,
    false as takes_rows,
    p.provolatile operator(pg_catalog.<>) 'v'
        and not p.prosecdef
        and exists (
            select from pg_catalog.pg_depend d, pg_catalog.pg_extension e
            where d.classid operator(pg_catalog.=) 2617 and d.objid operator(pg_catalog.=) o.oid
                and d.objsubid operator(pg_catalog.=) 0 and d.deptype operator(pg_catalog.=) 'e'
                and d.refclassid operator(pg_catalog.=) 3079 and e.oid operator(pg_catalog.=) d.refobjid
                and e.extname operator(pg_catalog.<>) all (array['tablefunc', 'xml2', 'dblink']::pg_catalog.name[])) as harmless_extension
from pg_catalog.pg_operator o
join pg_catalog.pg_proc p on p.oid operator(pg_catalog.=) o.oprcode::pg_catalog.oid
where o.oid operator(pg_catalog.=) any (:numbers)
    and (o.oprnamespace operator(pg_catalog.=) 11 or pg_catalog.pg_operator_is_visible(o.oid))
    and pg_catalog.has_function_privilege(p.oid, 'execute')
    and exists (
        select from pg_catalog.pg_type s
        where s.oid operator(pg_catalog.=) any (array[o.oprleft, o.oprright])
            and (s.oid operator(pg_catalog.<) 16384
                or s.typtype operator(pg_catalog.=) any (array['c', 'd']::pg_catalog."char"[])
                or exists (
                    select from pg_catalog.pg_type e
                    where e.oid operator(pg_catalog.=) s.typelem
                        and e.typtype operator(pg_catalog.=) any (array['c', 'd']::pg_catalog."char"[]))))
