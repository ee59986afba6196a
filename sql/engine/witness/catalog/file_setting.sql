-- What the server's configuration files say, whether the server has read it or not: ALTER SYSTEM writes
-- there. Superusers, and whoever has EXECUTE on pg_show_all_file_settings and SELECT on
-- pg_file_settings; all versions.
select pg_catalog.format('%s in %s', coalesce(g.name, 'a line'), pg_catalog.regexp_replace(g.sourcefile, '^.*/', '')) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'value md5', pg_catalog.md5(pg_catalog.string_agg(g.setting, ' ' order by g.seqno)),
           'error', pg_catalog.string_agg(g.error, ', ' order by g.seqno))) as attributes
  from pg_catalog.pg_file_settings as g
 group by g.name, g.sourcefile
 order by 1
