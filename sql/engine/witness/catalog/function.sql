-- Functions, procedures and aggregates; the body as a digest, because it may be long.
-- Any role; all versions.
select pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) as identity,
       pg_catalog.json_build_object(
           'kind', p.prokind,
           'owner', pg_catalog.pg_get_userbyid(p.proowner),
           'acl', p.proacl::text,
           'definition md5', case when p.prokind <> 'a' then pg_catalog.md5(pg_catalog.pg_get_functiondef(p.oid)) end,
           'aggregate md5', (select pg_catalog.md5(g::text || p::text) from pg_catalog.pg_aggregate as g where g.aggfnoid = p.oid),
           'extensions', (select pg_catalog.string_agg(e.extname, ', ' order by e.extname)
                            from pg_catalog.pg_depend as d
                            join pg_catalog.pg_extension as e on e.oid = d.refobjid
                           where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid
                             and d.refclassid = 'pg_catalog.pg_extension'::regclass and d.deptype in ('e', 'x')),
           'comment', pg_catalog.obj_description(p.oid, 'pg_proc')) as attributes
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
 where p.oid >= 16384
 order by 1
