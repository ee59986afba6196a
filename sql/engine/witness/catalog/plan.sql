-- How much there is to list, so that no answer is too large, and what this role may not see of it.
-- Any role; all versions.
select pg_catalog.current_setting('server_version_num')::bigint as version,
       c.relations, c.columns, c.indexes,
       (select count(*) from pg_catalog.pg_constraint as o where o.oid >= 16384) as constraints,
       (select count(*) from pg_catalog.pg_trigger as o where o.oid >= 16384) as triggers,
       (select count(*) from pg_catalog.pg_proc as o where o.oid >= 16384) as functions,
       (select count(*) from pg_catalog.pg_largeobject_metadata) as large_objects,
       (select count(*) from pg_catalog.pg_subscription as s
         where s.subdbid = (select d.oid from pg_catalog.pg_database as d where d.datname = current_catalog)) as subscriptions,
       (select count(*) from pg_catalog.pg_user_mappings as m where m.umoptions is null) as bare_mappings,
       pg_catalog.has_table_privilege('pg_catalog.pg_subscription', 'select') as subscriptions_readable,
       (select r.rolsuper from pg_catalog.pg_roles as r where r.rolname = current_user) as superuser,
       pg_catalog.pg_has_role(current_user, 'pg_read_all_settings', 'usage') as settings_readable,
       pg_catalog.has_table_privilege('pg_catalog.pg_file_settings', 'select')
           and pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'execute') as files_readable
  from (select count(*) filter (where c.relkind not in ('i', 'I', 't')) as relations,
               coalesce(pg_catalog.sum(c.relnatts) filter (where c.relkind not in ('i', 'I', 't', 'S')), 0)::bigint as columns,
               count(*) filter (where c.relkind in ('i', 'I') and n.is_listed) as indexes
          from pg_catalog.pg_class as c
          join (select n.oid, n.nspname !~ '^pg_toast' as is_listed from pg_catalog.pg_namespace as n offset 0) as n on n.oid = c.relnamespace
         where c.oid >= 16384) as c
