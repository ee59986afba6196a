-- Settings given for roles and for this database, and the server's own that are no defaults.
-- What a session sets for itself is left out. Any role (some settings need pg_read_all_settings,
-- and are left out without it); all versions.
select pg_catalog.format('%s in %s', coalesce(pg_catalog.pg_get_userbyid(nullif(s.setrole, 0)), 'all roles'),
                         case when s.setdatabase = 0 then 'all databases' else 'this database' end) as identity,
       pg_catalog.json_build_object('settings', s.setconfig::text) as attributes
  from pg_catalog.pg_db_role_setting as s
 where s.setdatabase = 0
    or s.setdatabase = (select d.oid from pg_catalog.pg_database as d where d.datname = current_catalog)
union all
select pg_catalog.format('server %s', g.name),
       pg_catalog.json_build_object('setting', g.setting)
  from pg_catalog.pg_settings as g
 where g.source in ('configuration file', 'command line', 'environment variable')
 order by 1
