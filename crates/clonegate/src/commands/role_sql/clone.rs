//! `clonegate role-sql --clone`: the script that makes the clone's role an ordinary one that production
//! refuses.

use std::fmt::Write as _;

use clonegate_model::Exit;

use super::{Name, TAG};
use crate::cli::RoleSql;
use crate::commands::{Failure, load};
use crate::console::Console;

/// Whether the role may make scratch copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copies {
    Made,
    NotMade,
}

/// Whom and what the script is about.
struct Roles {
    clone: Name,
    clone_role: Name,
    production: Name,
    production_role: Name,
}

pub(super) fn run(options: &RoleSql, console: &Console) -> Result<Exit, Failure> {
    let path = options.config.as_deref().unwrap_or(std::path::Path::new("clonegate.toml"));
    let profile = load(path)?;
    let roles = Roles {
        clone: Name::new("database", profile.clone.database.as_str())?,
        clone_role: Name::new("role", &profile.clone.role)?,
        production: Name::new("database", profile.production.database.as_str())?,
        production_role: Name::new("role", &profile.production.role)?,
    };
    let copies = if options.no_createdb { Copies::NotMade } else { Copies::Made };
    console.print(&script(&roles, copies));
    Ok(Exit::Pass)
}

fn script(roles: &Roles, copies: Copies) -> String {
    let Roles { clone, clone_role, production, production_role } = roles;
    let (id, lit) = (clone_role.identifier(), clone_role.literal());
    let (clone_id, clone_lit) = (clone.identifier(), clone.literal());
    let (production_id, production_lit) = (production.identifier(), production.literal());
    let (reader_id, reader_lit) = (production_role.identifier(), production_role.literal());
    let (createdb, why) = match copies {
        Copies::Made => (
            "createdb",
            "CREATEDB is for the scratch copies on which rollbacks are rehearsed, and for `clonegate clone create`;\n-- --no-createdb leaves it out.",
        ),
        Copies::NotMade => (
            "nocreatedb",
            "Without CREATEDB no scratch copy can be made: no rehearsal, and so no PASS.",
        ),
    };
    let mut sql = format!(
        r#"-- Makes the role {id} one that works on the clone {clone_id}, and that production {production_id} refuses.
--
-- Read it, then run it as a superuser of the clone's server:  psql -X -f this_file postgres
-- It may be run again. It sets no password: afterwards run  \password {id}
\set ON_ERROR_STOP on
set client_min_messages = notice;

do {TAG}
begin
    if not exists (select from pg_catalog.pg_roles where rolname = {lit}) then
        create role {id};
    end if;
    -- An owner may do what it likes whatever was revoked, so nothing is done for one.
    if exists (select from pg_catalog.pg_database where datname = {production_lit} and pg_catalog.pg_get_userbyid(datdba) = {lit}) then
        raise exception 'the role % owns production; take a role of its own for the clone', {lit};
    end if;
end
{TAG};

-- No guard holds a superuser. CREATEROLE could make roles that production lets in. {why}
alter role {id} login nosuperuser {createdb} nocreaterole noreplication nobypassrls;

-- It is a member of nothing by which it could do more. To see other sessions and settings is harmless, and shows
-- the gate how much room there is.
do {TAG}
declare
    m record;
begin
    for m in select g.rolname, b.rolname as grantor
               from pg_catalog.pg_auth_members as a
               join pg_catalog.pg_roles as g on g.oid = a.roleid
               join pg_catalog.pg_roles as r on r.oid = a.member
               left join pg_catalog.pg_roles as b on b.oid = a.grantor
              where r.rolname = {lit}
                and (g.rolname not in ('pg_read_all_stats', 'pg_read_all_settings') or a.admin_option)
    loop
        raise notice 'the role % is no longer a member of %', {lit}, m.rolname;
        execute format('revoke %I from %I', m.rolname, {lit})
             || case when current_setting('server_version_num')::int >= 160000
                     then format(' granted by %I', m.grantor) else '' end;
    end loop;
    -- Grants on settings, from PostgreSQL 15 on.
    if current_setting('server_version_num')::int >= 150000 then
        for m in execute 'select parname as rolname from pg_catalog.pg_parameter_acl' loop
            execute format('revoke all on parameter %s from %I', m.rolname, {lit});
        end loop;
    end if;
end
{TAG};
"#
    );
    let _ = write!(
        sql,
        r#"
-- The clone is the role's own. Affects every role that connected to it because everybody may.
do {TAG}
declare
    owner name;
begin
    select pg_catalog.pg_get_userbyid(datdba) into owner from pg_catalog.pg_database where datname = {clone_lit};
    if owner is null then
        raise notice 'the clone % is not there yet: make it with  clonegate clone create', {clone_lit};
        return;
    end if;
    if owner <> {lit} then
        raise notice 'the clone % belongs to %; to make it a template of scratch copies:  alter database % owner to %',
            {clone_lit}, owner, pg_catalog.quote_ident({clone_lit}), pg_catalog.quote_ident({lit});
    end if;
    execute format('revoke all on database %I from public', {clone_lit});
    execute format('grant connect on database %I to %I', {clone_lit}, {lit});
end
{TAG};

-- Production refuses the role. By default PUBLIC, which is everybody, may connect to every database, so that must
-- be taken away. Affects every role without a grant of its own: the notices name each one that could log in and
-- now can't, with the statement that gives it back. Grant those before, where applications are connected.
do {TAG}
declare
    r record;
begin
    if not exists (select from pg_catalog.pg_database where datname = {production_lit}) then
        raise notice 'production % is not in this server, whose roles are not its roles; nothing is done for it', {production_lit};
        return;
    end if;
    -- The gate itself reads production as this role.
    if exists (select from pg_catalog.pg_roles where rolname = {reader_lit}) then
        grant connect on database {production_id} to {reader_id};
    end if;
    for r in select u.rolname
               from pg_catalog.pg_roles as u
               join pg_catalog.pg_database as d on d.datname = {production_lit}
              where u.rolcanlogin and not u.rolsuper and u.rolname <> {lit}
                and exists (select from aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) as a
                             where a.grantee = 0 and a.privilege_type = 'CONNECT')
                and not pg_catalog.pg_has_role(u.oid, d.datdba, 'usage')
                and not exists (select from aclexplode(d.datacl) as a
                                 where a.grantee <> 0 and a.privilege_type = 'CONNECT'
                                   and pg_catalog.pg_has_role(u.oid, a.grantee, 'usage'))
    loop
        raise notice '% may no longer connect to production; if it should:  grant connect on database % to %',
            r.rolname, pg_catalog.quote_ident({production_lit}), pg_catalog.quote_ident(r.rolname);
    end loop;
    execute format('revoke connect on database %I from public', {production_lit});
    execute format('revoke all on database %I from %I', {production_lit}, {lit});
    if pg_catalog.has_database_privilege({lit}, {production_lit}, 'connect') then
        raise exception 'the role % may still connect to production %', {lit}, {production_lit};
    end if;
end
{TAG};
"#
    );
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(copies: Copies) -> String {
        let name = |what: &str, name: &str| Name::new(what, name).unwrap();
        let roles = Roles {
            clone: name("database", "app_clone_1"),
            clone_role: name("role", "o'dd \"owner"),
            production: name("database", "app"),
            production_role: name("role", "reader"),
        };
        script(&roles, copies)
    }

    #[test]
    fn names_are_quoted_and_createdb_is_there_only_for_copies() {
        let (with, without) = (made(Copies::Made), made(Copies::NotMade));
        assert!(
            with.contains(r#"alter role "o'dd ""owner" login nosuperuser createdb nocreaterole"#)
        );
        assert!(without.contains("nosuperuser nocreatedb nocreaterole"));
        assert!(with.contains("rolname = 'o''dd \"owner'"));
        assert!(!with.to_lowercase().contains("password '"));
    }
}
