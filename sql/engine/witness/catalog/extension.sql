-- Extensions and what belongs to them. Any role; all versions.
select pg_catalog.format('%I', o.extname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.extowner),
           'schema', o.extnamespace::regnamespace::text,
           'version', o.extversion,
           'configuration', (select pg_catalog.string_agg(pg_catalog.concat_ws(' ', c.identity, nullif(o.extcondition[k], '')), ', ' order by k)
                            from pg_catalog.unnest(o.extconfig) with ordinality as u(r, k), pg_catalog.pg_identify_object('pg_catalog.pg_class'::regclass, u.r, 0) as c),
           'members md5', (select pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', d.classid, d.objid, d.deptype), ', ' order by d.classid, d.objid))
                             from pg_catalog.pg_depend as d
                            where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.refobjid = o.oid
                              and d.deptype in ('e', 'x')),
           'comment', pg_catalog.obj_description(o.oid, 'pg_extension'))
           || (pg_catalog.to_jsonb(o) - '{oid,extname,extowner,extnamespace,extversion,extconfig,extcondition}'::text[])) as attributes
  from pg_catalog.pg_extension as o
 order by 1
