-- Extended statistics: what is to be gathered, without what was. Any role; all versions.
select (pg_catalog.pg_identify_object('pg_catalog.pg_statistic_ext'::regclass, o.oid, 0)).identity as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.stxowner),
           'on', (select pg_catalog.format('%I.%I', n.nspname, c.relname) from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace where c.oid = o.stxrelid),
           'definition', pg_catalog.pg_get_statisticsobjdef(o.oid),
           'target', nullif(o.stxstattarget, -1),
           'comment', pg_catalog.obj_description(o.oid, 'pg_statistic_ext'))
           || (pg_catalog.to_jsonb(o) - '{oid,stxrelid,stxname,stxnamespace,stxowner,stxkeys,stxkind,stxexprs,stxstattarget}'::text[])) as attributes
  from pg_catalog.pg_statistic_ext as o
 where o.oid >= 16384
 order by 1
