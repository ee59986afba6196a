-- Operator classes. Any role; all versions.
select (pg_catalog.pg_identify_object('pg_catalog.pg_opclass'::regclass, o.oid, 0)).identity as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.opcowner),
           'family', (pg_catalog.pg_identify_object('pg_catalog.pg_opfamily'::regclass, o.opcfamily, 0)).identity,
           'input', pg_catalog.format_type(o.opcintype, null),
           'stored', pg_catalog.format_type(nullif(o.opckeytype, 0), null),
           'default', nullif(o.opcdefault, false),
           'comment', pg_catalog.obj_description(o.oid, 'pg_opclass'))
           || (pg_catalog.to_jsonb(o) - '{oid,opcmethod,opcname,opcnamespace,opcowner,opcfamily,opcintype,opcdefault,opckeytype}'::text[])) as attributes
  from pg_catalog.pg_opclass as o
 where o.oid >= 16384
 order by 1
