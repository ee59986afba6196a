-- Default privileges. Any role; all versions.
select pg_catalog.format('%s in %s on %s', pg_catalog.pg_get_userbyid(d.defaclrole),
                         coalesce(nullif(d.defaclnamespace, 0)::regnamespace::text, 'all schemas'), d.defaclobjtype) as identity,
       pg_catalog.json_build_object('acl', d.defaclacl::text) as attributes
  from pg_catalog.pg_default_acl as d
 order by 1
