-- Grants on settings. Any role; 15 and later.
select o.parname as identity,
       pg_catalog.jsonb_build_object(
           'acl', array(select a::text from pg_catalog.unnest(o.paracl) as a order by a::text collate "C")::text)
           || (pg_catalog.to_jsonb(o) - '{oid,parname,paracl}'::text[]) as attributes
  from pg_catalog.pg_parameter_acl as o
 order by 1
