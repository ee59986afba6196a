-- Conversions. Any role; all versions.
select (pg_catalog.pg_identify_object('pg_catalog.pg_conversion'::regclass, o.oid, 0)).identity as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.conowner),
           'from', pg_catalog.pg_encoding_to_char(o.conforencoding),
           'to', pg_catalog.pg_encoding_to_char(o.contoencoding),
           'function', o.conproc::regproc::text,
           'default', nullif(o.condefault, false),
           'comment', pg_catalog.obj_description(o.oid, 'pg_conversion'))
           || (pg_catalog.to_jsonb(o) - '{oid,conname,connamespace,conowner,conforencoding,contoencoding,conproc,condefault}'::text[])) as attributes
  from pg_catalog.pg_conversion as o
 where o.oid >= 16384
 order by 1
