-- What belongs to operator families: operators and support functions. Any role; all versions.
select (pg_catalog.pg_identify_object('pg_catalog.pg_amop'::regclass, o.oid, 0)).identity as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'operator', o.amopopr::regoperator::text,
           'purpose', case o.amoppurpose when 's' then 'search' else 'order' end,
           'sort family', (pg_catalog.pg_identify_object('pg_catalog.pg_opfamily'::regclass, nullif(o.amopsortfamily, 0), 0)).identity)
           || (pg_catalog.to_jsonb(o) - '{oid,amopfamily,amoplefttype,amoprighttype,amopstrategy,amoppurpose,amopopr,amopmethod,amopsortfamily}'::text[])) as attributes
  from pg_catalog.pg_amop as o
 where o.oid >= 16384
union all
select (pg_catalog.pg_identify_object('pg_catalog.pg_amproc'::regclass, p.oid, 0)).identity as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'function', p.amproc::oid::regprocedure::text)
           || (pg_catalog.to_jsonb(p) - '{oid,amprocfamily,amproclefttype,amprocrighttype,amprocnum,amproc}'::text[])) as attributes
  from pg_catalog.pg_amproc as p
 where p.oid >= 16384
 order by 1
