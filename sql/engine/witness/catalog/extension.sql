-- Extensions. Any role; all versions.
select pg_catalog.format('%I', e.extname) as identity,
       pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(e.extowner),
           'schema', e.extnamespace::regnamespace::text,
           'version', e.extversion,
           'members md5', (select pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(' ', d.classid, d.objid, d.deptype), ', ' order by d.classid, d.objid))
                             from pg_catalog.pg_depend as d
                            where d.refclassid = 'pg_catalog.pg_extension'::regclass and d.refobjid = e.oid
                              and d.deptype in ('e', 'x')),
           'comment', pg_catalog.obj_description(e.oid, 'pg_extension')) as attributes
  from pg_catalog.pg_extension as e
 order by 1
