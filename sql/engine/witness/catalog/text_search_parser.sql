-- Text search: each parser. Any role; all versions.
select (pg_catalog.pg_identify_object('pg_catalog.pg_ts_parser'::regclass, o.oid, 0)).identity as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'functions', pg_catalog.concat_ws(' ', o.prsstart, o.prstoken, o.prsend, o.prsheadline, o.prslextype),
           'comment', pg_catalog.obj_description(o.oid, 'pg_ts_parser'))
           || (pg_catalog.to_jsonb(o) - '{oid,prsname,prsnamespace,prsstart,prstoken,prsend,prsheadline,prslextype}'::text[])) as attributes
  from pg_catalog.pg_ts_parser as o
 where o.oid >= 16384
 order by 1
