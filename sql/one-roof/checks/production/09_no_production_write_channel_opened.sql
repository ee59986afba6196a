-- title: no production write channel opened
-- require: read_only = 'on', xid_assigned = false, superuser = false, writable = 0, creatable = 0
-- across: unchanged
--
-- That this session can't write, from three sides: the transaction is read only and was given no
-- transaction id; no role that this session is, or could become by SET ROLE, is a superuser; and none
-- of them may change a relation (`writable`: tables, views, single columns, sequences) or create
-- anything (`creatable`: schemas, objects in a schema, temporary tables).
-- Needs no privilege. For PostgreSQL 14 to 18.
with reachable as (
    select r.oid, r.rolsuper
      from pg_catalog.pg_roles as r
     where pg_has_role(session_user, r.oid, 'member')
        or pg_has_role(current_user, r.oid, 'member')
),
user_schema as (
    select n.oid
      from pg_catalog.pg_namespace as n
     where n.nspname <> 'information_schema'
       and n.nspname !~ '^pg_'
)
select current_setting('transaction_read_only') as read_only,
       pg_current_xact_id_if_assigned() is not null as xid_assigned,
       (select coalesce(bool_or(r.rolsuper), false) from reachable as r) as superuser,
       (select count(*)
          from pg_catalog.pg_class as c
          join user_schema as n on n.oid = c.relnamespace
         where exists (
                select from reachable as r
                 where case
                           when c.relkind = 'S'
                               then has_sequence_privilege(r.oid, c.oid, 'usage, update')
                           when c.relkind in ('r', 'p', 'v', 'f', 'm')
                               then has_table_privilege(r.oid, c.oid, 'delete, truncate')
                                    or has_any_column_privilege(r.oid, c.oid, 'insert, update')
                           else false
                       end)) as writable,
       (select count(*)
          from user_schema as n
         where exists (select from reachable as r where has_schema_privilege(r.oid, n.oid, 'create')))
       + (select count(*)
            from pg_catalog.pg_database as d
           where d.datname = current_catalog
             and exists (select from reachable as r where has_database_privilege(r.oid, d.oid, 'create, temporary')))
       as creatable;
