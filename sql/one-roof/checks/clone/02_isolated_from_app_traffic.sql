-- title: isolated from app traffic
-- require: foreign_sessions = 0, admitted_roles = 0, production_open = false, foreign_servers = 0, subscriptions = 0, slots = 0
-- across: unchanged
--
-- Nothing comes in: nobody else is connected, and no other role that can log in would be let in
-- (superusers can't be kept out; they are seen once they connect). Nothing goes out: this role may not
-- connect to production where that is in the same server, and nothing here points elsewhere or is
-- streamed away.
-- Name, role and database of a session can be read by every role, its kind can't. What has a user and
-- is of unknown kind is therefore counted, and can't be the gate's own; an autovacuum worker has no
-- user. Background workers are the business of the check on worker loops.
-- Needs no privilege. For PostgreSQL 14 to 18.
select (select count(*)
          from pg_catalog.pg_stat_activity as a
         where a.datname = current_catalog
           and a.usesysid is not null
           and a.application_name is distinct from current_setting('application_name')
           and coalesce(a.backend_type, 'client backend') in ('client backend', 'walsender')) as foreign_sessions,
       (select count(*)
          from pg_catalog.pg_roles as r
         where r.rolcanlogin
           and not r.rolsuper
           and r.rolname <> current_user
           and has_database_privilege(r.oid, current_catalog, 'connect')) as admitted_roles,
       (select coalesce(bool_or(has_database_privilege(d.oid, 'connect')), false)
          from pg_catalog.pg_database as d
         where d.datname = 'directus') as production_open,
       (select count(*) from pg_catalog.pg_foreign_server) as foreign_servers,
       (select count(*)
          from pg_catalog.pg_subscription as s
          join pg_catalog.pg_database as d on d.oid = s.subdbid
         where d.datname = current_catalog) as subscriptions,
       (select count(*)
          from pg_catalog.pg_replication_slots as l
         where l.database = current_catalog) as slots;
