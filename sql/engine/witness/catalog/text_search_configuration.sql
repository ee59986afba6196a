-- Text search: each configuration. Any role; all versions.
select (pg_catalog.pg_identify_object('pg_catalog.pg_ts_config'::regclass, o.oid, 0)).identity as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.cfgowner),
           'parser', (pg_catalog.pg_identify_object('pg_catalog.pg_ts_parser'::regclass, o.cfgparser, 0)).identity,
           'mappings', (select pg_catalog.string_agg(pg_catalog.format('%s %s', t.alias, d.identity), ', ' order by m.maptokentype, m.mapseqno)
                           from pg_catalog.pg_ts_config_map as m
                           join lateral pg_catalog.ts_token_type(o.cfgparser) as t on t.tokid = m.maptokentype,
                                pg_catalog.pg_identify_object('pg_catalog.pg_ts_dict'::regclass, m.mapdict, 0) as d
                          where m.mapcfg = o.oid),
           'comment', pg_catalog.obj_description(o.oid, 'pg_ts_config'))
           || (pg_catalog.to_jsonb(o) - '{oid,cfgname,cfgnamespace,cfgowner,cfgparser}'::text[])) as attributes
  from pg_catalog.pg_ts_config as o
 where o.oid >= 16384
 order by 1
