-- Objects of the rarer classes, each as the digest of its catalog row: any change of one is seen,
-- if not yet attribute by attribute. Any role; all versions.
select pg_catalog.format('operator %s', (pg_catalog.pg_identify_object('pg_catalog.pg_operator'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_operator')) as attributes
  from pg_catalog.pg_operator as o
 where o.oid >= 16384
union all
select pg_catalog.format('operator class %s', (pg_catalog.pg_identify_object('pg_catalog.pg_opclass'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_opclass')) as attributes
  from pg_catalog.pg_opclass as o
 where o.oid >= 16384
union all
select pg_catalog.format('operator family %s', (pg_catalog.pg_identify_object('pg_catalog.pg_opfamily'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_opfamily')) as attributes
  from pg_catalog.pg_opfamily as o
 where o.oid >= 16384
union all
select pg_catalog.format('access method %s', (pg_catalog.pg_identify_object('pg_catalog.pg_am'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_am')) as attributes
  from pg_catalog.pg_am as o
 where o.oid >= 16384
union all
select pg_catalog.format('cast %s', (pg_catalog.pg_identify_object('pg_catalog.pg_cast'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_cast')) as attributes
  from pg_catalog.pg_cast as o
 where o.oid >= 16384
union all
select pg_catalog.format('collation %s', (pg_catalog.pg_identify_object('pg_catalog.pg_collation'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_collation')) as attributes
  from pg_catalog.pg_collation as o
 where o.oid >= 16384
union all
select pg_catalog.format('conversion %s', (pg_catalog.pg_identify_object('pg_catalog.pg_conversion'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_conversion')) as attributes
  from pg_catalog.pg_conversion as o
 where o.oid >= 16384
union all
select pg_catalog.format('language %s', (pg_catalog.pg_identify_object('pg_catalog.pg_language'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_language')) as attributes
  from pg_catalog.pg_language as o
 where o.oid >= 16384
union all
select pg_catalog.format('transform %s', (pg_catalog.pg_identify_object('pg_catalog.pg_transform'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_transform')) as attributes
  from pg_catalog.pg_transform as o
 where o.oid >= 16384
union all
select pg_catalog.format('statistics %s', (pg_catalog.pg_identify_object('pg_catalog.pg_statistic_ext'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_statistic_ext')) as attributes
  from pg_catalog.pg_statistic_ext as o
 where o.oid >= 16384
union all
select pg_catalog.format('text search configuration %s', (pg_catalog.pg_identify_object('pg_catalog.pg_ts_config'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_ts_config')) as attributes
  from pg_catalog.pg_ts_config as o
 where o.oid >= 16384
union all
select pg_catalog.format('text search dictionary %s', (pg_catalog.pg_identify_object('pg_catalog.pg_ts_dict'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_ts_dict')) as attributes
  from pg_catalog.pg_ts_dict as o
 where o.oid >= 16384
union all
select pg_catalog.format('text search parser %s', (pg_catalog.pg_identify_object('pg_catalog.pg_ts_parser'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_ts_parser')) as attributes
  from pg_catalog.pg_ts_parser as o
 where o.oid >= 16384
union all
select pg_catalog.format('text search template %s', (pg_catalog.pg_identify_object('pg_catalog.pg_ts_template'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_ts_template')) as attributes
  from pg_catalog.pg_ts_template as o
 where o.oid >= 16384
union all
select pg_catalog.format('publication %s', (pg_catalog.pg_identify_object('pg_catalog.pg_publication'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_publication')) as attributes
  from pg_catalog.pg_publication as o
 where o.oid >= 16384
union all
select pg_catalog.format('published relation %s', (pg_catalog.pg_identify_object('pg_catalog.pg_publication_rel'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_publication_rel')) as attributes
  from pg_catalog.pg_publication_rel as o
 where o.oid >= 16384
union all
select pg_catalog.format('foreign data wrapper %s', (pg_catalog.pg_identify_object('pg_catalog.pg_foreign_data_wrapper'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_foreign_data_wrapper')) as attributes
  from pg_catalog.pg_foreign_data_wrapper as o
 where o.oid >= 16384
union all
select pg_catalog.format('foreign server %s', (pg_catalog.pg_identify_object('pg_catalog.pg_foreign_server'::regclass, o.oid, 0)).identity) as identity,
       pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text), 'comment', pg_catalog.obj_description(o.oid, 'pg_foreign_server')) as attributes
  from pg_catalog.pg_foreign_server as o
 where o.oid >= 16384
union all
select pg_catalog.format('subscription %I', o.subname),
       pg_catalog.json_build_object('owner', pg_catalog.pg_get_userbyid(o.subowner), 'enabled', o.subenabled, 'publications', o.subpublications::text)
  from pg_catalog.pg_subscription as o
 where o.subdbid = (select d.oid from pg_catalog.pg_database as d where d.datname = current_catalog)
union all
select pg_catalog.format('user mapping %s on %s', o.usename, o.srvname),
       pg_catalog.json_build_object('mapping', o.umid::text)
  from pg_catalog.pg_user_mappings as o
union all
select pg_catalog.format('text search mapping %s %s %s', o.mapcfg::regconfig, o.maptokentype, o.mapseqno),
       pg_catalog.json_build_object('dictionary', o.mapdict::regdictionary::text)
  from pg_catalog.pg_ts_config_map as o
 where o.mapcfg >= 16384
union all
select pg_catalog.format('security label %s %s %s', o.provider, o.objtype, o.objname),
       pg_catalog.json_build_object('label', o.label)
  from pg_catalog.pg_seclabels as o
union all
select pg_catalog.format('operator family member %s %s', o.oid, 'pg_amop'), pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text)) from pg_catalog.pg_amop as o where o.oid >= 16384
union all
select pg_catalog.format('operator family member %s %s', o.oid, 'pg_amproc'), pg_catalog.json_build_object('row md5', pg_catalog.md5(o::text)) from pg_catalog.pg_amproc as o where o.oid >= 16384
 order by 1
