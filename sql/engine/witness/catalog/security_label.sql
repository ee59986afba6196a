-- Security labels of this database's objects and of the cluster's. Any role; all versions.
select pg_catalog.format('%s on %s %s', o.provider, o.objtype, o.objname) as identity,
       pg_catalog.jsonb_build_object('label', o.label) as attributes
  from pg_catalog.pg_seclabels as o
 order by 1
