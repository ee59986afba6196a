-- Functions, procedures and aggregates; the body as a digest, because it may be long.
-- Any role; all versions.
select pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) as identity,
       pg_catalog.json_build_object(
           'kind', p.prokind,
           'owner', pg_catalog.pg_get_userbyid(p.proowner),
           'acl', p.proacl::text,
           'definition md5', case when p.prokind <> 'a' then pg_catalog.md5(pg_catalog.pg_get_functiondef(p.oid)) end,
           'aggregate', (select pg_catalog.format('%s %s %s %s', g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.agginitval)
                           from pg_catalog.pg_aggregate as g where g.aggfnoid = p.oid),
           'comment', pg_catalog.obj_description(p.oid, 'pg_proc')) as attributes
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
 where p.oid >= 16384
 order by 1
