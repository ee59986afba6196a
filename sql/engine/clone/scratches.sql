-- Every database that carries a scratch copy's mark, of any run. No privileges.
select pg_catalog.concat(:'nonce', '|scratch|', pg_catalog.json_build_object(
    'name', d.datname,
    'oid', d.oid::pg_catalog.int8,
    'mark', pg_catalog.shobj_description(d.oid, 'pg_database'))::pg_catalog.text)
from pg_catalog.pg_database d
where pg_catalog.starts_with(pg_catalog.shobj_description(d.oid, 'pg_database'), 'clonegate scratch copy of run ')
order by d.datname;
