-- Settings given for roles and databases, each by its name. What extensions and applications
-- named (app.secret) as a digest. Any role; all versions.
select pg_catalog.format('%s of %s in %s', v.name,
                         coalesce(pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(nullif(s.setrole, 0))), 'all roles'),
                         case when s.setdatabase = 0 then 'all databases' when d.datname = current_catalog then 'this database'
                              else pg_catalog.format('%I', d.datname) end) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'value', case when pg_catalog.strpos(v.name, '.') = 0 then v.value end,
           'value md5', case when pg_catalog.strpos(v.name, '.') > 0 then pg_catalog.md5(v.value) end)) as attributes
  from pg_catalog.pg_db_role_setting as s
  left join pg_catalog.pg_database as d on d.oid = s.setdatabase,
       pg_catalog.unnest(s.setconfig) as g(item),
       lateral (select pg_catalog.split_part(g.item, '=', 1), pg_catalog.substr(g.item, pg_catalog.strpos(g.item, '=') + 1)) as v(name, value)
 order by 1
