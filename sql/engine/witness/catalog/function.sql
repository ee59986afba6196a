-- Functions, procedures and aggregates, attribute by attribute; the body and the defaults of arguments as
-- digests, because they may be long. {page} of {pages} is a part of them. Any role; all versions.
select pg_catalog.format('%I.%I(%s)', n.nspname, o.proname, pg_catalog.pg_get_function_identity_arguments(o.oid)) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'kind', case o.prokind when 'f' then 'function' when 'p' then 'procedure' when 'a' then 'aggregate' when 'w' then 'window function' else o.prokind::text end,
           'owner', pg_catalog.pg_get_userbyid(o.proowner),
           'acl', case when o.proacl is not null then nullif(
               array(select a::text from pg_catalog.unnest(o.proacl) as a order by a::text collate "C"),
               array(select a::text from pg_catalog.unnest(pg_catalog.acldefault('f', o.proowner)) as a order by a::text collate "C"))::text end,
           'language', l.lanname,
           'arguments', pg_catalog.pg_get_function_arguments(o.oid),
           'returns', pg_catalog.pg_get_function_result(o.oid),
           'body md5', case when o.prokind <> 'a' then pg_catalog.md5(pg_catalog.concat_ws(' ', o.prosrc, o.probin, pg_catalog.pg_get_function_sqlbody(o.oid))) end,
           'volatility', case o.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end,
           'parallel', case o.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end,
           'security definer', nullif(o.prosecdef, false),
           'leakproof', nullif(o.proleakproof, false),
           'strict', nullif(o.proisstrict, false),
           'cost', o.procost,
           'rows', nullif(o.prorows, 0),
           'support', nullif(o.prosupport, 0)::regproc::text,
           'variadic', nullif(o.provariadic, 0)::regtype::text,
           'transforms', (select pg_catalog.string_agg(pg_catalog.format_type(y, null), ', ' order by k) from pg_catalog.unnest(o.protrftypes) with ordinality as u(y, k)),
           'settings', o.proconfig::text,
           'aggregate', (select pg_catalog.jsonb_strip_nulls(pg_catalog.to_jsonb(g) - '{aggfnoid,aggsortop,aggtranstype,aggmtranstype}'::text[]
                              || pg_catalog.jsonb_build_object(
                                  'sort operator', nullif(g.aggsortop, 0)::regoperator::text,
                                  'state', pg_catalog.format_type(g.aggtranstype, null),
                                  'moving state', pg_catalog.format_type(nullif(g.aggmtranstype, 0), null)))::text
                         from pg_catalog.pg_aggregate as g where g.aggfnoid = o.oid),
           'extensions', (select pg_catalog.string_agg(e.extname, ', ' order by e.extname)
                            from pg_catalog.pg_depend as d
                            join pg_catalog.pg_extension as e on e.oid = d.refobjid
                           where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = o.oid
                             and d.refclassid = 'pg_catalog.pg_extension'::regclass and d.deptype in ('e', 'x')),
           'comment', (select m.description from pg_catalog.pg_description as m
                         where m.classoid = 'pg_catalog.pg_proc'::regclass and m.objoid = o.oid and m.objsubid = 0))
           || (pg_catalog.to_jsonb(o) - '{oid,proname,pronamespace,proowner,prolang,procost,prorows,provariadic,prosupport,prokind,prosecdef,proleakproof,proisstrict,proretset,provolatile,proparallel,pronargs,pronargdefaults,prorettype,proargtypes,proallargtypes,proargmodes,proargnames,proargdefaults,protrftypes,prosrc,probin,prosqlbody,proconfig,proacl}'::text[])) as attributes
  from pg_catalog.pg_proc as o
  join pg_catalog.pg_namespace as n on n.oid = o.pronamespace
  join pg_catalog.pg_language as l on l.oid = o.prolang
 where o.oid >= 16384
   and case when pg_catalog.abs(pg_catalog.hashoid(o.oid)::bigint) % {pages} = {page} then true else false end
