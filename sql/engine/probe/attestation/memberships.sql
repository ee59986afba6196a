-- Asks: in which of PostgreSQL's own dangerous roles is it a member, by inheritance or by SET ROLE, and which
-- roles could it grant to others?
-- Needs: nothing; PostgreSQL 14 to 18. A version that lacks a role has no member of it.
select replace(r.rolname::text, '_', '-') as kind,
       format('%I', r.rolname) as subject,
       format('revoke %I from %I, or from the role through which it is a member', r.rolname, session_user) as remedy,
       1::bigint as total
  from closure as c
  join pg_catalog.pg_roles as r on r.oid = c.oid
 where r.rolname in ('pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program', 'pg_maintain',
                     'pg_database_owner', 'pg_read_server_files', 'pg_signal_backend', 'pg_checkpoint',
                     'pg_create_subscription', 'pg_use_reserved_connections', 'pg_signal_autovacuum_worker',
                     'pg_read_all_data', 'pg_read_all_settings')
union all
(select 'admin-option',
        format('may grant %I', g.rolname) || c.how,
        format('revoke admin option for %I from %s', g.rolname, c.role),
        count(*) over ()
   from pg_catalog.pg_auth_members as a
   join closure as c on c.oid = a.member
   join pg_catalog.pg_roles as g on g.oid = a.roleid
  where a.admin_option
  order by 2
  limit 20)
