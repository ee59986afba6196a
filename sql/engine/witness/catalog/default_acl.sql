-- Default privileges. Any role; all versions.
select pg_catalog.format('of %I in %s on %s', pg_catalog.pg_get_userbyid(o.defaclrole),
                         coalesce(nullif(o.defaclnamespace, 0)::regnamespace::text, 'all schemas'),
                         case o.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' when 'T' then 'types' when 'n' then 'schemas' when 'L' then 'large objects' else o.defaclobjtype::text end) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'acl', array(select a::text from pg_catalog.unnest(o.defaclacl) as a order by a::text collate "C")::text)
           || (pg_catalog.to_jsonb(o) - '{oid,defaclrole,defaclnamespace,defaclobjtype,defaclacl}'::text[])) as attributes
  from pg_catalog.pg_default_acl as o
 order by 1
