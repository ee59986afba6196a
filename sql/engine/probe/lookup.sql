-- Asks: is there anything of these names that is none of PostgreSQL's own? Most often there is nothing.
-- Needs: nothing; PostgreSQL 14 to 18. The channel fills in :functions, :types and :operators, arrays of names whose
-- texts travel as hexadecimal digits. PostgreSQL's own objects have numbers below 16384.
-- Every function, relation and operator is qualified, so that no search_path can put another in its place.
select 'function' as kind, p.oid as number
from pg_catalog.pg_proc p
where p.proname operator(pg_catalog.=) any (:functions) and p.oid operator(pg_catalog.>=) 16384
union all
select 'operator', o.oid
from pg_catalog.pg_operator o
where o.oprname operator(pg_catalog.=) any (:operators) and o.oid operator(pg_catalog.>=) 16384
union all
select 'type', t.oid
from pg_catalog.pg_type t
where t.typname operator(pg_catalog.=) any (:types) and t.oid operator(pg_catalog.>=) 16384
-- One more than is judged.
limit 501
