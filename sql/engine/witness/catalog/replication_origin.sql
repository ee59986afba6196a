-- Replication origins, without how far they are. Any role; all versions.
select pg_catalog.format('%I', o.roname) as identity,
       pg_catalog.jsonb_build_object('id', o.roident) as attributes
  from pg_catalog.pg_replication_origin as o
 order by 1
