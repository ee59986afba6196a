-- What the server's configuration files say, whether the server has read it or not: ALTER SYSTEM writes
-- there. Superusers, and whoever has EXECUTE on pg_show_all_file_settings and SELECT on
-- pg_file_settings; all versions.
select pg_catalog.format('%s:%s', g.sourcefile, g.sourceline) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'name', g.name,
           'value md5', pg_catalog.md5(g.setting),
           'error', g.error)) as attributes
  from pg_catalog.pg_file_settings as g
 order by 1
