-- Tablespaces and permanent replication slots of the cluster. Any role; all versions.
select pg_catalog.format('tablespace %I', t.spcname) as identity,
       pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(t.spcowner),
           'acl', t.spcacl::text,
           'options', t.spcoptions::text) as attributes
  from pg_catalog.pg_tablespace as t
union all
select pg_catalog.format('replication slot %I', s.slot_name),
       pg_catalog.json_build_object('type', s.slot_type, 'plugin', s.plugin, 'database', s.database)
  from pg_catalog.pg_replication_slots as s
 where not s.temporary
 order by 1
