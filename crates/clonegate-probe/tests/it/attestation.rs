//! Which roles are let in, and what is said about the others.

use clonegate_probe::{
    Accepted, Attestation, Bounds, ConnectError, ProductionChannel, RoleFindingKind, Terms, Weight,
};

use super::production::{DATABASE, allowlist, at, run, shared};
use super::server::Server;

async fn open(
    server: &Server,
    role: &str,
    accepted: &Accepted,
) -> Result<ProductionChannel, ConnectError> {
    let terms = Terms {
        allowlist: &allowlist(),
        role: Some(role),
        accepted,
        run: &run(),
        bounds: Bounds::default(),
    };
    ProductionChannel::connect(at(server, role), terms).await
}

/// What is said about a role, whether it is let in or not.
async fn attested(server: &Server, role: &str) -> Attestation {
    match open(server, role, &Accepted::nothing()).await {
        Ok(channel) => {
            let attestation = channel.attestation().clone();
            channel.close().await;
            attestation
        }
        Err(ConnectError::RoleRefused { attestation }) => *attestation,
        Err(error) => panic!("{error:?}"),
    }
}

fn kinds(attestation: &Attestation) -> Vec<RoleFindingKind> {
    let serious = attestation.findings.iter().filter(|f| f.weight != Weight::Noted);
    serious.map(|f| f.kind).collect()
}

#[tokio::test]
async fn a_reader_is_let_in_and_what_everybody_may_is_only_noted() {
    let server = shared().await;
    let attestation = attested(server, "reader").await;
    assert_eq!(kinds(&attestation), [], "{attestation:?}");
    let noted: Vec<_> = attestation.findings.iter().map(|f| f.kind).collect();
    assert_eq!(noted, [RoleFindingKind::PublicFunction, RoleFindingKind::NoConnectionLimit]);
    assert!(attestation.findings[0].subject.contains("lo_create(oid)"));
}

/// Each on its own role, so that a question that finds nothing shows.
#[tokio::test]
async fn whatever_a_role_can_do_besides_reading_is_found() {
    use RoleFindingKind as Kind;
    let server = shared().await;
    let superuser = server.superuser(DATABASE).await;
    superuser
        .batch_execute(
            "create role may_write; grant insert on canary to may_write;
             create table waits (id int);
             create schema apart;
             create function apart.does() returns int language sql security definer as 'select 1';
             revoke execute on function apart.does() from public;
             create extension dblink schema apart;
             create extension file_fdw schema apart;
             create server files foreign data wrapper file_fdw;
             create foreign table foreign_lines (line text) server files options (filename '/dev/null');
             select lo_create(4711);
             create role boss",
        )
        .await
        .unwrap();
    let version: i32 = superuser
        .query_one("select current_setting('server_version_num')::int", &[])
        .await
        .unwrap()
        .get(0);
    let mut cases = vec![
        ("alter role {} superuser", Kind::Superuser, "role it_0"),
        (
            "create role more_0 superuser; grant more_0 to {}; alter role {} noinherit",
            Kind::Superuser,
            "role more_0",
        ),
        ("alter role {} createrole", Kind::CreateRole, ""),
        ("alter role {} createdb", Kind::CreateDatabase, ""),
        ("alter role {} replication", Kind::Replication, ""),
        ("alter role {} bypassrls", Kind::BypassRls, ""),
        ("grant boss to {} with admin option", Kind::AdminOption, "may grant boss"),
        (
            "create table of_{} (id int); alter table of_{} owner to {}",
            Kind::Ownership,
            "table public.of_",
        ),
        ("create database base_of_{} owner {}", Kind::Ownership, "database base_of_"),
        ("grant trigger on canary to {}", Kind::WriteGrant, "trigger on table public.canary"),
        ("grant truncate, references on canary to {}", Kind::WriteGrant, "references, truncate"),
        (
            "grant update (secret) on canary to {}",
            Kind::WriteGrant,
            "update (secret) on table public.canary",
        ),
        (
            "grant usage on sequence counter to {}",
            Kind::WriteGrant,
            "usage on sequence public.counter",
        ),
        (
            "grant update on large object 4711 to {}",
            Kind::WriteGrant,
            "update on large object 4711",
        ),
        (
            "alter role {} noinherit; grant may_write to {}",
            Kind::WriteGrant,
            "insert on table public.canary (as a member of may_write)",
        ),
        ("grant update on pg_catalog.pg_authid to {}", Kind::WriteGrant, "table pg_authid"),
        ("grant create on schema apart to {}", Kind::CreateGrant, "schema apart"),
        ("grant create on database staging to {}", Kind::CreateGrant, "database staging"),
        ("grant create on tablespace pg_default to {}", Kind::CreateGrant, "tablespace pg_default"),
        ("grant temporary on database production to {}", Kind::Temporary, "database production"),
        (
            "alter default privileges grant insert on tables to {}",
            Kind::FutureWriteGrant,
            "insert on what postgres creates",
        ),
        ("grant pg_write_all_data to {}", Kind::PgWriteAllData, ""),
        ("grant pg_read_all_data to {}", Kind::PgReadAllData, ""),
        ("grant pg_write_server_files to {}", Kind::PgWriteServerFiles, ""),
        ("grant pg_execute_server_program to {}", Kind::PgExecuteServerProgram, ""),
        ("grant pg_read_server_files to {}", Kind::PgReadServerFiles, ""),
        (
            "create role via_{}; grant pg_signal_backend to via_{}; grant via_{} to {}",
            Kind::PgSignalBackend,
            "",
        ),
        (
            "grant usage on schema apart to {}; grant execute on function apart.does() to {}",
            Kind::SecurityDefiner,
            "apart.does()",
        ),
        ("grant usage on schema apart to {}", Kind::Dblink, "apart.dblink(text)"),
        (
            "grant execute on function pg_read_file(text) to {}",
            Kind::DangerousFunction,
            "pg_read_file(text)",
        ),
        ("grant usage on foreign server files to {}", Kind::ForeignServer, "foreign server files"),
        ("grant select on foreign_lines to {}", Kind::ForeignTable, "foreign_lines on files"),
        (
            "create view shouts_{} as select pg_advisory_lock(1)::text as locked; grant select on shouts_{} to {}",
            Kind::DangerousView,
            "public.shouts_it_",
        ),
        (
            "create view apart.below_{} as select pg_logical_emit_message(false, 'a', 'b')::text as said;
             create view above_{} as select * from apart.below_{}; grant select on above_{} to {}",
            Kind::DangerousView,
            "public.above_it_",
        ),
        (
            "create function says_{}() returns text language sql as 'select pg_notify(''a'', ''b'')::text';
             create view told_{} as select says_{}() as told; grant select on told_{} to {}",
            Kind::DangerousView,
            "public.told_it_",
        ),
        (
            "create function c_{}(text) returns int language internal as 'textlen'",
            Kind::UntrustedFunction,
            "c_it_",
        ),
    ];
    if version >= 150_000 {
        cases.push((
            "grant alter system on parameter work_mem to {}",
            Kind::AlterSystem,
            "work_mem",
        ));
        cases.push((
            "grant set on parameter log_statement to {}",
            Kind::SetParameter,
            "log_statement",
        ));
        cases.push(("grant pg_checkpoint to {}", Kind::PgCheckpoint, ""));
    }
    for (n, (sql, kind, subject)) in cases.into_iter().enumerate() {
        let role = format!("it_{n}");
        superuser.batch_execute(&format!("create role {role} login")).await.unwrap();
        for statement in sql.replace("{}", &role).split(';') {
            superuser.batch_execute(statement).await.unwrap();
        }
        let attestation = attested(server, &role).await;
        let found = attestation.findings.iter().find(|f| f.kind == kind);
        let found = found.unwrap_or_else(|| panic!("{sql}: {attestation:?}"));
        assert!(found.subject.contains(subject), "{sql}: {found:?}");
        assert!(!found.remedy.is_empty(), "{sql}");
        assert!(!attestation.is_clean(), "{sql}");
        // A later case must not find it too.
        if kind == Kind::UntrustedFunction {
            superuser.batch_execute(&format!("drop function c_{role}(text)")).await.unwrap();
        }
        if kind == Kind::Superuser {
            assert_eq!(attestation.findings.len(), 1, "everything else follows from it");
        }
    }
    // An aggregate has no code of its own, though its language is internal.
    let aggregate = "create aggregate joined (text) (sfunc = textcat, stype = text)";
    superuser.batch_execute(aggregate).await.unwrap();
    // Nobody else is affected by all that.
    assert_eq!(kinds(&attested(server, "reader").await), []);
}

#[tokio::test]
async fn what_is_left_to_policy_is_let_in_with_a_reason_and_nothing_else_is() {
    let server = shared().await;
    let superuser = server.superuser(DATABASE).await;
    superuser
        .batch_execute(
            "create role half login; grant temporary on database production to half;
             create role whole login; grant temporary on database production to whole;
             grant insert on canary to whole",
        )
        .await
        .unwrap();
    let refused = open(server, "half", &Accepted::nothing()).await.unwrap_err().to_string();
    assert_eq!(
        refused,
        "the role half could do more than read: temporary 1: temporary tables in database production \
         [revoke temporary on database production from half]; `clonegate role-sql` prints what makes it a \
         reader"
    );
    let accepted = Accepted::new([("temporary", "the views of the old reports")]).unwrap();
    let channel = open(server, "half", &accepted).await.unwrap();
    let said: Vec<_> =
        channel.attestation().accepted().map(|(f, why)| (f.kind, why.to_owned())).collect();
    assert_eq!(said, [(RoleFindingKind::Temporary, "the views of the old reports".to_owned())]);
    // What is granted later is seen by asking again, and by nothing else.
    superuser.batch_execute("grant delete on canary to half").await.unwrap();
    let now = channel.attest().await.unwrap();
    assert_eq!(now.refusals().map(|f| f.kind).collect::<Vec<_>>(), [RoleFindingKind::WriteGrant]);
    channel.close().await;
    let refused = open(server, "whole", &accepted).await;
    assert!(matches!(refused, Err(ConnectError::RoleRefused { .. })), "{refused:?}");
    server
        .until("select count(*) from pg_stat_activity where usename in ('half', 'whole')", 0)
        .await;
}

/// Functions, operators and tables of the same names, earlier in the search path than PostgreSQL's own.
#[tokio::test]
async fn a_search_path_cannot_fool_the_attestation() {
    let server = shared().await;
    let superuser = server.superuser(DATABASE).await;
    superuser
        .batch_execute(
            "create role sly login; create schema lies; grant usage on schema lies to sly;
             create function lies.pg_has_role(name, oid, text) returns boolean language sql as 'select false';
             create function lies.never(oid, oid) returns boolean language sql as 'select false';
             create operator lies.= (function = lies.never, leftarg = oid, rightarg = oid);
             create view lies.pg_class as select * from pg_catalog.pg_class limit 0;
             create table lies.found (id int); grant insert on lies.found to sly;
             alter role sly set search_path = lies, pg_catalog",
        )
        .await
        .unwrap();
    let attestation = attested(server, "sly").await;
    assert_eq!(kinds(&attestation), [RoleFindingKind::WriteGrant]);
    assert!(attestation.findings.iter().any(|f| f.kind == RoleFindingKind::ShadowingFunction));
}

/// Ten thousand grants: the names are bounded, the number is exact, and it takes no five seconds.
#[tokio::test]
async fn a_large_database_is_attested_in_time_with_an_exact_count() {
    let server = shared().await;
    let superuser = server.superuser(DATABASE).await;
    // A transaction holds a lock for each table that it makes, and there are only so many.
    superuser.batch_execute("create role swamped login; create schema many").await.unwrap();
    for thousand in 0..10 {
        let sql = format!(
            "do $$ begin
               for n in {thousand} * 1000 + 1 .. {thousand} * 1000 + 1000 loop
                 execute format('create table many.t%s (id int, name text)', n);
                 execute format('grant select, update on many.t%s to swamped', n);
               end loop;
             end $$"
        );
        superuser.batch_execute(&sql).await.unwrap();
    }
    let attestation = attested(server, "swamped").await;
    let grants =
        attestation.findings.iter().find(|f| f.kind == RoleFindingKind::WriteGrant).unwrap();
    assert_eq!(grants.count, 10_000);
    assert!(grants.subject.ends_with(" and 9980 more"), "{}", grants.subject);
    assert_eq!(grants.subject.matches("many.t").count(), 20);
}
