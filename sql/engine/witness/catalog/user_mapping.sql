-- User mappings. The options may hold a password: the names of the options, and all of them together as
-- a digest, only where this role may see them. Any role; all versions.
select pg_catalog.format('%I on %I', o.usename, o.srvname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'options', (select pg_catalog.string_agg(pg_catalog.split_part(x, '=', 1), ', ' order by x) from pg_catalog.unnest(o.umoptions) as x),
           'options md5', pg_catalog.md5(o.umoptions::text))) as attributes
  from pg_catalog.pg_user_mappings as o
 order by 1
