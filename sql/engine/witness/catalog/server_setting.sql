-- The server's settings that are no defaults, those that may hold a secret as a digest. What this session
-- sets for itself hides what the server has for it. Any role (without
-- pg_read_all_settings the server does not show some of them, and they are left out); all versions.
select g.name as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'value', case when not s.secret then pg_catalog.concat_ws(' ', g.setting, g.unit) end,
           'value md5', case when s.secret then pg_catalog.md5(g.setting) end,
           'pending restart', nullif(g.pending_restart, false))) as attributes
  from pg_catalog.pg_settings as g
  cross join lateral (select g.name ~ '_(conninfo|command)$' or (g.vartype = 'string' and pg_catalog.strpos(g.name, '.') > 0)) as s(secret)
 where g.source in ('configuration file', 'command line', 'environment variable')
    or g.pending_restart
 order by 1
