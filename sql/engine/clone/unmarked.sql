-- Is there a database of this name that belongs to this role and carries no mark: a scratch copy whose maker
-- was killed between CREATE DATABASE and its comment? No privileges.
select pg_catalog.concat(:'nonce', '|scratch|', pg_catalog.json_build_object(
    'name', d.datname,
    'oid', d.oid::pg_catalog.int8,
    'mark', '')::pg_catalog.text)
from pg_catalog.pg_database d
where d.datname operator(pg_catalog.=) :'scratch'
    and pg_catalog.pg_get_userbyid(d.datdba) operator(pg_catalog.=) session_user
    and pg_catalog.shobj_description(d.oid, 'pg_database') is null;
