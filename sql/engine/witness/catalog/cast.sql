-- Casts. Any role; all versions.
select (pg_catalog.pg_identify_object('pg_catalog.pg_cast'::regclass, o.oid, 0)).identity as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'function', nullif(o.castfunc, 0)::regprocedure::text,
           'context', case o.castcontext when 'e' then 'explicit' when 'a' then 'assignment' else 'implicit' end,
           'method', case o.castmethod when 'f' then 'function' when 'i' then 'input and output' else 'binary' end,
           'comment', pg_catalog.obj_description(o.oid, 'pg_cast'))
           || (pg_catalog.to_jsonb(o) - '{oid,castsource,casttarget,castfunc,castcontext,castmethod}'::text[])) as attributes
  from pg_catalog.pg_cast as o
 where o.oid >= 16384
 order by 1
