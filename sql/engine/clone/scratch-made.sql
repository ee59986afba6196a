-- The scratch copy's identity, to be pinned. No privileges.
select pg_catalog.concat(:'nonce', '|made|', pg_catalog.json_build_object(
    'oid', d.oid::pg_catalog.int8,
    'mark', pg_catalog.shobj_description(d.oid, 'pg_database'))::pg_catalog.text)
from pg_catalog.pg_database d
where d.datname operator(pg_catalog.=) :'scratch';
