-- How large this database is, and with which encoding and locale a database must be made to hold the same.
-- Columns that a version does not have are NULL. Any role; all versions.
select pg_catalog.pg_database_size(d.oid) as bytes,
       pg_catalog.pg_encoding_to_char(d.encoding)::text as encoding,
       d.datcollate::text as lc_collate,
       d.datctype::text as lc_ctype,
       pg_catalog.to_jsonb(d) ->> 'datlocprovider' as provider,
       coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale') as locale,
       pg_catalog.to_jsonb(d) ->> 'daticurules' as rules
  from pg_catalog.pg_database as d
 where d.datname = current_catalog
