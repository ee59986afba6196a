//! `clonegate role-sql`: the script that makes a role one that may only read.
//!
//! It is text for a person to read and to run; nothing is connected to here.

mod clone;

use std::fmt::Write as _;
use std::path::Path;

use clonegate_model::{DatabaseName, Exit};

use super::{Failure, load};
use crate::cli::RoleSql;
use crate::console::Console;

/// PostgreSQL's identifiers have no more bytes.
const NAME_BYTES: usize = 63;

/// The tag of the script's DO blocks; no name may have it.
const TAG: &str = "$clonegate$";

/// What everybody may execute by default and a read-only transaction does not stop; of these no client
/// library needs one.
const STRICT: &str = "'lo_creat', 'lo_create', 'lo_from_bytea', 'lo_open', 'lo_put', 'lo_truncate',
                        'lo_truncate64', 'lo_unlink', 'lowrite', 'pg_logical_emit_message', 'pg_notify',
                        'pg_advisory_lock', 'pg_advisory_lock_shared', 'pg_try_advisory_lock',
                        'pg_try_advisory_lock_shared', 'pg_advisory_xact_lock', 'pg_advisory_xact_lock_shared',
                        'pg_try_advisory_xact_lock', 'pg_try_advisory_xact_lock_shared', 'pg_export_snapshot',
                        'pg_cancel_backend', 'pg_terminate_backend', 'pg_current_xact_id', 'txid_current',
                        'query_to_xml', 'query_to_xmlschema', 'query_to_xml_and_xmlschema', 'cursor_to_xml',
                        'database_to_xml', 'schema_to_xml', 'table_to_xml'";

/// Which schemas the role may read.
#[derive(Debug)]
enum Schemas {
    All,
    Named(Vec<Name>),
}

/// What else is taken from PUBLIC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Functions {
    AsTheyAre,
    Revoked,
}

/// A name that fits into the script's quotes.
#[derive(Debug)]
struct Name(String);

impl Name {
    fn new(what: &str, name: &str) -> Result<Self, Failure> {
        let problem = if name.is_empty() {
            "is empty"
        } else if name.len() > NAME_BYTES {
            "has more than 63 bytes"
        } else if name.chars().any(char::is_control) {
            "has control characters"
        } else if name.contains(TAG) {
            "contains the script's own quotes"
        } else {
            return Ok(Self(name.to_owned()));
        };
        Err(Failure::Usage(format!("the {what} {name:?} {problem}; give the plain name")))
    }

    fn identifier(&self) -> String {
        format!("\"{}\"", self.0.replace('"', "\"\""))
    }

    fn literal(&self) -> String {
        let quoted = self.0.replace('\'', "''");
        if quoted.contains('\\') {
            format!("E'{}'", quoted.replace('\\', "\\\\"))
        } else {
            format!("'{quoted}'")
        }
    }
}

pub(super) fn run(options: &RoleSql, console: &Console) -> Result<Exit, Failure> {
    if options.clone {
        return clone::run(options, console);
    }
    let (role, mut databases) = match &options.role {
        Some(role) => (role.clone(), Vec::new()),
        None => {
            let path = options.config.as_deref().unwrap_or(Path::new("clonegate.toml"));
            let production = load(path)?.production;
            (production.role, vec![production.database.as_str().to_owned()])
        }
    };
    if !options.database.is_empty() {
        databases.clone_from(&options.database);
    }
    let role = Name::new("role", &role)?;
    let mut names = Vec::new();
    for database in &databases {
        // psql would take some names for connection strings; this refuses them.
        DatabaseName::new(&**database).map_err(|e| Failure::Usage(e.to_string()))?;
        names.push(Name::new("database", database)?);
    }
    let schemas = if options.all_schemas {
        Schemas::All
    } else {
        let named = options.schema.iter().map(|s| Name::new("schema", s));
        Schemas::Named(named.collect::<Result<_, _>>()?)
    };
    let functions = if options.strict { Functions::Revoked } else { Functions::AsTheyAre };
    console.print(&script(&role, &names, &schemas, options.connection_limit, functions));
    Ok(Exit::Pass)
}

fn script(
    role: &Name,
    databases: &[Name],
    schemas: &Schemas,
    connection_limit: u16,
    functions: Functions,
) -> String {
    let id = role.identifier();
    let lit = role.literal();
    let all: Vec<String> = databases.iter().map(Name::identifier).collect();
    let mut sql = format!(
        r#"-- Makes the role {id} one that may only read, in {}.
--
-- Read it, then run it as a superuser:  psql -X -f this_file postgres
-- It may be run again. It sets no password: afterwards run  \password {id}
\set ON_ERROR_STOP on
set client_min_messages = notice;

do {TAG}
begin
    if not exists (select from pg_catalog.pg_roles where rolname = {lit}) then
        create role {id};
    end if;
    -- An owner may change what it owns whatever was revoked, so nothing is done for one.
    if exists (select from pg_catalog.pg_shdepend as d
                 join pg_catalog.pg_roles as r on r.oid = d.refobjid
                where d.refclassid = 'pg_catalog.pg_authid'::regclass and d.deptype = 'o' and r.rolname = {lit}) then
        raise exception 'the role % owns something; take a role of its own for reading, or REASSIGN OWNED first', {lit};
    end if;
end
{TAG};

alter role {id} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit {connection_limit};

-- Every session of the role begins like this; clonegate sets its own bounds on top.
alter role {id} set default_transaction_read_only = on;
alter role {id} set statement_timeout = '60s';
alter role {id} set lock_timeout = '2s';
alter role {id} set idle_in_transaction_session_timeout = '60s';

-- A reader is a member of nothing that could write. To see other sessions' state is all that it needs.
do {TAG}
declare
    m record;
begin
    for m in select g.rolname, b.rolname as grantor
               from pg_catalog.pg_auth_members as a
               join pg_catalog.pg_roles as g on g.oid = a.roleid
               join pg_catalog.pg_roles as r on r.oid = a.member
               left join pg_catalog.pg_roles as b on b.oid = a.grantor
              where r.rolname = {lit} and (g.rolname <> 'pg_read_all_stats' or a.admin_option)
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
set client_min_messages = warning;
grant pg_read_all_stats to {id};
"#,
        all.join(", ")
    );
    for database in databases {
        in_database(&mut sql, role, database, schemas, functions);
    }
    sql
}

fn in_database(
    sql: &mut String,
    role: &Name,
    database: &Name,
    schemas: &Schemas,
    functions: Functions,
) {
    let (id, lit, db) = (role.identifier(), role.literal(), database.identifier());
    let _ = write!(
        sql,
        r#"

-- ---------------------------------------------------------------------------------------------
\connect {db}
set client_min_messages = notice;

-- Affects every role that makes temporary tables here and has no grant of its own. Give it back by name:
--   grant temporary on database {db} to the_application;
revoke temporary on database {db} from public;

-- Affects every role that creates in schema public and is not its owner. Up to PostgreSQL 14 everybody may.
revoke create on schema public from public;

-- Where a clone is in this server, its owner must not be let in here. That needs the next line, which shuts out
-- every role without a grant of its own: grant connect to the applications by name before.
--   revoke connect on database {db} from public;

revoke all on database {db} from {id};
grant connect on database {db} to {id};

-- What the role was ever granted here, and what PUBLIC was granted besides reading. The notices say what: the
-- second affects everybody who wrote by it.
do {TAG}
declare
    g record;
    what text;
begin
    for g in select distinct d.classid, d.objid
               from pg_catalog.pg_shdepend as d
               join pg_catalog.pg_roles as r on r.oid = d.refobjid
              where d.refclassid = 'pg_catalog.pg_authid'::regclass and d.deptype = 'a' and r.rolname = {lit}
                and d.dbid = (select oid from pg_catalog.pg_database where datname = current_catalog)
    loop
        what := case g.classid
            when 'pg_catalog.pg_class'::regclass then
                (select case relkind when 'S' then 'sequence ' else 'table ' end || oid::regclass
                   from pg_catalog.pg_class where oid = g.objid)
            when 'pg_catalog.pg_proc'::regclass then 'routine ' || g.objid::regprocedure
            when 'pg_catalog.pg_namespace'::regclass then
                (select format('schema %I', nspname) from pg_catalog.pg_namespace where oid = g.objid)
            when 'pg_catalog.pg_type'::regclass then 'type ' || g.objid::regtype
            when 'pg_catalog.pg_language'::regclass then
                (select format('language %I', lanname) from pg_catalog.pg_language where oid = g.objid)
            when 'pg_catalog.pg_foreign_server'::regclass then
                (select format('foreign server %I', srvname) from pg_catalog.pg_foreign_server where oid = g.objid)
            when 'pg_catalog.pg_foreign_data_wrapper'::regclass then
                (select format('foreign data wrapper %I', fdwname) from pg_catalog.pg_foreign_data_wrapper where oid = g.objid)
            when 'pg_catalog.pg_largeobject'::regclass then 'large object ' || g.objid
        end;
        if what is not null then
            execute format('revoke all on %s from %I', what, {lit});
        elsif g.classid <> 'pg_catalog.pg_default_acl'::regclass then
            raise notice 'not revoked: %', pg_catalog.pg_describe_object(g.classid, g.objid, 0);
        end if;
    end loop;
    for g in select distinct f.defaclrole, f.defaclnamespace, f.defaclobjtype
               from pg_catalog.pg_default_acl as f
              cross join lateral aclexplode(f.defaclacl) as a
               join pg_catalog.pg_roles as r on r.oid = a.grantee
              where r.rolname = {lit}
    loop
        execute format('alter default privileges for role %I %s revoke all on %s from %I',
                       pg_catalog.pg_get_userbyid(g.defaclrole),
                       coalesce((select format('in schema %I', nspname) from pg_catalog.pg_namespace
                                  where oid = g.defaclnamespace), ''),
                       case g.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'routines'
                                            when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end,
                       {lit});
    end loop;
    for g in select case c.relkind when 'S' then 'sequence ' else 'table ' end || c.oid::regclass as relation,
                    string_agg(distinct a.privilege_type, ', ') as privileges
               from pg_catalog.pg_class as c
              cross join lateral (select c.relacl as acl
                                  union all
                                  select t.attacl from pg_catalog.pg_attribute as t where t.attrelid = c.oid) as acls
              cross join lateral aclexplode(acls.acl) as a
              where acls.acl is not null and a.grantee = 0 and a.privilege_type <> 'SELECT'
                and c.oid <> 'pg_catalog.pg_settings'::regclass
              group by c.oid, c.relkind
    loop
        raise notice 'PUBLIC has no longer % on %', g.privileges, g.relation;
        execute format('revoke %s on %s from public', g.privileges, g.relation);
    end loop;
    for g in select n.nspname from pg_catalog.pg_namespace as n
              cross join lateral aclexplode(n.nspacl) as a
              where n.nspacl is not null and a.grantee = 0 and a.privilege_type = 'CREATE'
    loop
        raise notice 'PUBLIC may no longer create in schema %', g.nspname;
        execute format('revoke create on schema %I from public', g.nspname);
    end loop;
end
{TAG};
"#
    );
    match schemas {
        Schemas::Named(names) => {
            sql.push_str("\n-- What it may read.\n");
            for schema in names {
                let schema = schema.identifier();
                let _ = writeln!(sql, "grant usage on schema {schema} to {id};");
                let _ = writeln!(sql, "grant select on all tables in schema {schema} to {id};");
                let _ = writeln!(sql, "grant select on all sequences in schema {schema} to {id};");
            }
        }
        Schemas::All => {
            let _ = write!(
                sql,
                r#"
-- What it may read: every schema that there is now.
do {TAG}
declare
    s name;
begin
    for s in select nspname from pg_catalog.pg_namespace
              where nspname !~ '^pg_' and nspname <> 'information_schema'
    loop
        execute format('grant usage on schema %I to %I', s, {lit});
        execute format('grant select on all tables in schema %I to %I', s, {lit});
        execute format('grant select on all sequences in schema %I to %I', s, {lit});
    end loop;
end
{TAG};
"#
            );
        }
    }
    if functions == Functions::Revoked {
        let _ = write!(
            sql,
            r#"
-- Affects every role that calls one of these functions and has no grant of its own; advisory locks are used by
-- many migration tools. Give them back by name:  grant execute on function … to the_application;
do {TAG}
declare
    f record;
begin
    for f in select p.oid::regprocedure as function
               from pg_catalog.pg_proc as p
               left join pg_catalog.pg_depend as d
                 on d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
                and d.refclassid = 'pg_catalog.pg_extension'::regclass
               left join pg_catalog.pg_extension as e on e.oid = d.refobjid
              cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
              where a.grantee = 0
                and (p.prosecdef
                     or e.extname in ('adminpack', 'dblink', 'http', 'pg_background', 'pg_net', 'pg_prewarm',
                                      'postgres_fdw', 'tablefunc', 'xml2')
                     or p.pronamespace = 'pg_catalog'::regnamespace and p.proname in (
                        {STRICT}))
    loop
        raise notice 'PUBLIC may no longer execute %', f.function;
        execute format('revoke execute on routine %s from public', f.function);
    end loop;
end
{TAG};
"#
        );
    }
    let _ = write!(
        sql,
        r#"
-- What is created later is not readable by itself. These statements make it so, for the roles that own tables now:
select distinct format('alter default privileges for role %I in schema %I grant select on tables to %I;',
                       pg_catalog.pg_get_userbyid(c.relowner), n.nspname, {lit}) as "run these, if you want that"
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and has_schema_privilege({lit}, n.oid, 'usage')
   and n.nspname !~ '^pg_' and n.nspname <> 'information_schema';
"#
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::new("role", text).unwrap()
    }

    fn made(role: &str, functions: Functions) -> String {
        let schemas = Schemas::Named(vec![name("public")]);
        script(&name(role), &[name("app")], &schemas, 5, functions)
    }

    #[test]
    fn names_are_quoted_wherever_they_stand() {
        let odd = "o'dd \"role\\";
        let sql = made(odd, Functions::AsTheyAre);
        assert!(sql.contains(r#"grant connect on database "app" to "o'dd ""role\";"#), "{sql}");
        assert!(sql.contains(r#"rolname = E'o''dd "role\\'"#), "{sql}");
        for bad in ["", "a\nb", "x$clonegate$y", &"x".repeat(64)] {
            assert!(Name::new("role", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn no_password_is_set_and_functions_are_left_alone_unless_asked() {
        let (plain, strict) =
            (made("reader", Functions::AsTheyAre), made("reader", Functions::Revoked));
        assert!(!plain.to_lowercase().contains("password '") && plain.contains("\\password"));
        assert!(!plain.contains("pg_logical_emit_message"));
        assert!(strict.contains("pg_logical_emit_message"));
    }
}
