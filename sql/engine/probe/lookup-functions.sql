-- Asks: which of these functions can this role call by their names alone, or as pg_catalog.name, and with what?
-- Needs: nothing; PostgreSQL 14 to 18. The channel fills in :numbers.
-- takes_rows: whether the first argument can be a relation's row; a cast may make something else of one.
-- harmless_extension: it comes with an extension, says itself that it changes nothing, has not its owner's rights, and
-- is of no extension whose functions run SQL out of a string.
-- Every function, relation and operator is qualified, so that no search_path can put another in its place.
select
    'function' as kind,
    p.proname as name,
    (select n.nspname from pg_catalog.pg_namespace n where n.oid operator(pg_catalog.=) p.pronamespace) as function_schema,
    p.proname as function,
    p.oid::pg_catalog.regprocedure as title,
    p.pronamespace operator(pg_catalog.=) 11 as in_catalog,
    p.pronargs operator(pg_catalog.-) p.pronargdefaults
        operator(pg_catalog.-) case when p.provariadic operator(pg_catalog.<>) 0 and p.pronargdefaults operator(pg_catalog.>) 0 then 1 else 0 end as least,
    case when p.provariadic operator(pg_catalog.=) 0 then p.pronargs end as most,
    exists (
        select from pg_catalog.pg_type a
        where a.oid operator(pg_catalog.=)
                case when p.pronargs operator(pg_catalog.=) 1 and p.provariadic operator(pg_catalog.<>) 0 then p.provariadic else p.proargtypes[0] end
            and (a.typtype operator(pg_catalog.=) any (array['c', 'p']::pg_catalog."char"[])
                or exists (
                    select from pg_catalog.pg_type b
                    where b.oid operator(pg_catalog.=) a.typbasetype
                        and b.typtype operator(pg_catalog.=) any (array['c', 'd']::pg_catalog."char"[]))
                or exists (
                    select from pg_catalog.pg_cast c
                    where c.casttarget operator(pg_catalog.=) a.oid
                        and (c.castsource operator(pg_catalog.=) 2249 or exists (
                            select from pg_catalog.pg_type s
                            where s.oid operator(pg_catalog.=) c.castsource and s.typtype operator(pg_catalog.=) 'c'))))) as takes_rows,
    p.provolatile operator(pg_catalog.<>) 'v'
        and not p.prosecdef
        and exists (
            select from pg_catalog.pg_depend d, pg_catalog.pg_extension e
            where d.classid operator(pg_catalog.=) 1255 and d.objid operator(pg_catalog.=) p.oid
                and d.objsubid operator(pg_catalog.=) 0 and d.deptype operator(pg_catalog.=) 'e'
                and d.refclassid operator(pg_catalog.=) 3079 and e.oid operator(pg_catalog.=) d.refobjid
                and e.extname operator(pg_catalog.<>) all (array['tablefunc', 'xml2', 'dblink']::pg_catalog.name[])) as harmless_extension
from pg_catalog.pg_proc p
where p.oid operator(pg_catalog.=) any (:numbers)
    and p.prokind operator(pg_catalog.<>) 'p'
    and (p.pronamespace operator(pg_catalog.=) 11 or pg_catalog.pg_function_is_visible(p.oid))
    and pg_catalog.has_function_privilege(p.oid, 'execute')
