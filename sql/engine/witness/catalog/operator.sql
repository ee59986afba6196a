-- Operators. Any role; all versions.
select (pg_catalog.pg_identify_object('pg_catalog.pg_operator'::regclass, o.oid, 0)).identity as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.oprowner),
           'kind', o.oprkind,
           'result', pg_catalog.format_type(nullif(o.oprresult, 0), null),
           'function', nullif(o.oprcode, 0)::regprocedure::text,
           'commutator', nullif(o.oprcom, 0)::regoperator::text,
           'negator', nullif(o.oprnegate, 0)::regoperator::text,
           'restrict', nullif(o.oprrest, 0)::regproc::text,
           'join', nullif(o.oprjoin, 0)::regproc::text,
           'merges', nullif(o.oprcanmerge, false),
           'hashes', nullif(o.oprcanhash, false),
           'comment', pg_catalog.obj_description(o.oid, 'pg_operator'))
           || (pg_catalog.to_jsonb(o) - '{oid,oprname,oprnamespace,oprowner,oprkind,oprcanmerge,oprcanhash,oprleft,oprright,oprresult,oprcom,oprnegate,oprcode,oprrest,oprjoin}'::text[])) as attributes
  from pg_catalog.pg_operator as o
 where o.oid >= 16384
 order by 1
