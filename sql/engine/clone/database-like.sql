-- How a database sorts and encodes text: what another one must be made with to hold the same. Columns that
-- a version does not have are NULL. PostgreSQL 14 and later, no privileges.
select pg_catalog.concat(:'nonce', '|like|', pg_catalog.json_build_object(
    'encoding', pg_catalog.pg_encoding_to_char(d.encoding),
    'collate', d.datcollate,
    'ctype', d.datctype,
    'provider', pg_catalog.to_jsonb(d) operator(pg_catalog.->>) 'datlocprovider',
    'locale', coalesce(pg_catalog.to_jsonb(d) operator(pg_catalog.->>) 'datlocale',
                       pg_catalog.to_jsonb(d) operator(pg_catalog.->>) 'daticulocale'),
    'rules', pg_catalog.to_jsonb(d) operator(pg_catalog.->>) 'daticurules')::pg_catalog.text)
from pg_catalog.pg_database d
where d.datname operator(pg_catalog.=) :'database';
