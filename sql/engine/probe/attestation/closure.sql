-- Asks: which roles is this session, or could it become by SET ROLE, or has it the privileges of? And PUBLIC.
-- Needs: nothing; PostgreSQL 14 to 18. It is put before every other file of this folder, where search_path is
-- pg_catalog and then pg_temp, so that plain names mean PostgreSQL's own. closure is empty where one of the
-- roles is a superuser: everything else follows from that.
with member as materialized (
    select r.oid, r.rolname, r.rolsuper, r.rolname = session_user as itself
      from pg_catalog.pg_roles as r
     where pg_has_role(session_user, r.oid, 'member') or pg_has_role(current_user, r.oid, 'member')
), closure as materialized (
    select m.oid, quote_ident(m.rolname) as role, m.itself,
           case when m.itself then '' else format(' (as a member of %I)', m.rolname) end as how
      from member as m
     where not exists (select from member as s where s.rolsuper)
    union all
    select 0, 'public', false, ' (granted to PUBLIC)'
     where not exists (select from member as s where s.rolsuper)
)
