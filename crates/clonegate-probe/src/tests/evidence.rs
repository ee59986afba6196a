//! What the guard proves, what an error gives away, and what is counted.

use std::sync::Arc;
use std::time::Duration;

use clonegate_model::{DatabaseName, Value};
use clonegate_sql::lookups::Lookups;
use tokio::sync::mpsc;

use super::production::{DATABASE, SECRET, at, connect, run, settings, shared, try_connect};
use super::server::Server;
use super::{only, sqlstate};
use crate::channel::Question;
use crate::dial::Dialer;
use crate::guard::{Expectation, GuardError, startup_options};
use crate::transaction::Ledger;
use crate::{Bounds, ConnectionSettings, Facts, ReadError};

async fn guarded(
    settings: ConnectionSettings,
    options: String,
    change: impl FnOnce(&mut Expectation),
) -> Result<(), ReadError> {
    let run = run();
    let mut expectation = Expectation {
        database: DatabaseName::new(DATABASE).unwrap(),
        role: Some("reader".to_owned()),
        application_name: run.application_name(),
        bounds: Bounds::default(),
    };
    change(&mut expectation);
    let ledger = Ledger::new(expectation);
    let (alive, _ended) = mpsc::channel(1);
    let timeout = Duration::from_secs(5);
    let dialer = Dialer::new(settings, options, run.application_name(), timeout, alive).unwrap();
    let mut session = dialer.at(0).await.unwrap();
    let meter = session.meter.clone();
    let opened = ledger.open(session.client(), &meter, None).await;
    opened.map(|_| ())
}

fn on(server: &Server, user: &str, database: &str) -> ConnectionSettings {
    settings(&format!(
        "host={} port={} user={user} dbname={database}",
        server.socket().display(),
        server.port()
    ))
}

/// As a pooler would do it: another database, another role, settings that did not arrive.
#[tokio::test]
async fn the_guard_refuses_what_it_was_not_promised() {
    let server = shared().await;
    let options = || startup_options(&Bounds::default());
    let reader = || on(server, "reader", DATABASE);
    guarded(reader(), options(), |_| ()).await.unwrap();

    let other = guarded(on(server, "reader", "staging"), options(), |_| ()).await;
    assert!(
        matches!(&other, Err(ReadError::Guard(GuardError::WrongDatabase { actual, .. })) if actual == "staging"),
        "{other:?}"
    );
    let other = guarded(on(server, "other", DATABASE), options(), |_| ()).await;
    assert!(
        matches!(&other, Err(ReadError::Guard(GuardError::WrongRole { actual, .. })) if actual == "other"),
        "{other:?}"
    );
    let other = guarded(reader(), options(), |e| e.application_name = "clonegate/x".into()).await;
    assert!(
        matches!(
            &other,
            Err(ReadError::Guard(GuardError::Setting { name: "application_name", .. }))
        ),
        "{other:?}"
    );
    // Every setting on its own.
    for (name, _) in crate::guard::session_settings(&Bounds::default()) {
        let other_value = match name {
            "TimeZone" => "Asia/Tokyo",
            "DateStyle" => "German",
            "IntervalStyle" => "iso_8601",
            "bytea_output" => "escape",
            "default_transaction_read_only" => "off",
            "row_security" | "transform_null_equals" | "jit" => "on",
            "backslash_quote" => "off",
            "xmloption" => "document",
            _ => "0",
        };
        let options = format!("{} -c {name}={other_value}", options());
        let other = guarded(reader(), options, |_| ()).await;
        assert!(
            matches!(&other, Err(ReadError::Guard(GuardError::Setting { name: n, .. })) if *n == name),
            "{name}: {other:?}"
        );
    }
}

#[tokio::test]
async fn a_role_that_becomes_another_at_login_is_refused() {
    let server = shared().await;
    let superuser = server.superuser(DATABASE).await;
    superuser
        .batch_execute("create role masked login in role other; alter role masked set role = other")
        .await
        .unwrap();
    let masked =
        guarded(on(server, "masked", DATABASE), startup_options(&Bounds::default()), |e| {
            e.role = Some("masked".to_owned())
        })
        .await;
    assert!(
        matches!(
            &masked,
            Err(ReadError::Guard(GuardError::WrongRole { which: "current_user", .. }))
        ),
        "{masked:?}"
    );
    superuser.batch_execute("drop role masked").await.unwrap();
}

#[tokio::test]
async fn an_error_gives_no_row_away() {
    let server = shared().await;
    let (channel, _) = connect(server, "reader", Bounds::default()).await;
    for (sql, code) in [
        ("select (select secret from canary)::int", "22P02"),
        ("select (select secret from canary)::regclass::text", "42P01"),
        ("select ('no_' || (select 's3cret_in_a_row'::text from canary))::regclass::text", "42P01"),
        ("select tells((select secret from canary))", "55000"),
        ("select query_to_xml((select secret from canary), true, true, '')", "42601"),
        ("select current_setting((select 'a.' || secret from canary))", "42704"),
    ] {
        let result = channel.raw(sql).await;
        assert_eq!(sqlstate(&result), code, "{sql}");
        let error = result.unwrap_err();
        let shown = format!(
            "{error} {error:?} {:?}",
            std::error::Error::source(&error).map(ToString::to_string)
        );
        assert!(!shown.contains("s3cret"), "{sql}: {shown}");
        let ReadError::Server(error) = error else { unreachable!() };
        assert!(error.unredacted_message().contains("s3cret"), "{sql}");
    }
    assert_eq!(SECRET, "s3cret-in-a-row");
    channel.close().await;
}

#[tokio::test]
async fn an_error_says_what_can_be_said() {
    let server = shared().await;
    let (channel, _) = connect(server, "reader", Bounds::default()).await;
    for (sql, shown) in [
        (
            "select 1,\n  nope from canary",
            "42703 undefined_column at line 2, column 3: column \"nope\" does not exist",
        ),
        (
            "select * from hidden",
            "42501 insufficient_privilege: permission denied for table hidden",
        ),
        ("select 1/0", "22012 division_by_zero"),
        (
            "insert into canary values (1)",
            "25006 read_only_sql_transaction: cannot execute INSERT in a read-only transaction",
        ),
    ] {
        let error = channel.raw(sql).await.unwrap_err();
        let sql_error = error.to_string();
        assert!(
            sql_error == format!("the server reported {shown}")
                || (sql.starts_with("insert") && sql_error.contains("42501")),
            "{sql}: {error}"
        );
    }
    channel.close().await;
}

#[tokio::test]
async fn rows_hidden_by_row_security_are_an_error_and_not_absent() {
    let server = shared().await;
    let (channel, _) = connect(server, "reader", Bounds::default()).await;
    assert_eq!(sqlstate(&channel.raw("select * from rows_of_somebody").await), "42501");
    channel.close().await;
}

#[tokio::test]
async fn facts_reach_their_statement_and_no_other() {
    let server = shared().await;
    let (channel, _) = connect(server, "reader", Bounds::default()).await;
    let value = "it's \"quoted\"; select 1 -- \\ \n é";
    let mut facts = Facts::none();
    facts.set("entry_xmax", "777").unwrap();
    facts.set("odd", value).unwrap();
    let sql = "select current_setting('clonegate.entry_xmax') as x,
                      current_setting('clonegate.odd') as odd";
    let nothing = Lookups::default();
    let question = |sql| Question { sql, lookups: &nothing };
    let answer = channel.read_sql(question(sql), &facts, channel.callers_limits()).await.unwrap();
    assert_eq!(answer.reading.single("x"), Some(&Value::Text("777".into())));
    assert_eq!(answer.reading.single("odd"), Some(&Value::Text(value.into())));
    assert_eq!(sqlstate(&channel.raw(sql).await), "42704");
    let read_only = channel
        .read_sql(
            question("select current_setting('transaction_read_only')"),
            &facts,
            channel.callers_limits(),
        )
        .await
        .unwrap();
    assert_eq!(only(&read_only).as_text(), Some("on"));
    channel.close().await;
}

#[tokio::test]
async fn a_snapshot_survives_a_failing_statement_and_sees_one_moment() {
    let server = shared().await;
    let superuser = server.superuser(DATABASE).await;
    superuser
        .batch_execute("create table moving as select 1 as n; grant select on moving to public")
        .await
        .unwrap();
    let (channel, _) = connect(server, "reader", Bounds::default()).await;
    let count = "select count(*) from moving";
    let mut snapshot = channel.snapshot().await.unwrap();
    assert_eq!(only(&snapshot.read_sql(count).await.unwrap()), &Value::Integer(1));
    superuser.batch_execute("insert into moving values (2)").await.unwrap();
    for (sql, code) in [("select 1/0", "22012"), ("select nope", "42703")] {
        assert_eq!(sqlstate(&snapshot.read_sql(sql).await), code);
    }
    let money = snapshot.read_sql("select 1::money").await;
    assert!(matches!(money, Err(ReadError::UnsupportedType { .. })), "{money:?}");
    assert_eq!(only(&snapshot.read_sql(count).await.unwrap()), &Value::Integer(1));
    // Another connection, the same moment.
    let exported = snapshot.export().await.unwrap();
    let mut second = channel.snapshot_at(&exported).await.unwrap();
    assert_eq!(only(&second.read_sql(count).await.unwrap()), &Value::Integer(1));
    assert_eq!(only(&snapshot.read_sql(count).await.unwrap()), &Value::Integer(1));
    second.finish().await.unwrap();
    snapshot.finish().await.unwrap();
    assert_eq!(only(&channel.raw(count).await.unwrap()), &Value::Integer(2));
    assert!(channel.snapshot_at(&exported).await.is_err());
    superuser.batch_execute("drop table moving").await.unwrap();
    channel.close().await;
}

#[tokio::test]
async fn the_footprint_counts_every_transaction() {
    let server = shared().await;
    let (channel, _) = connect(server, "reader", Bounds::default()).await;
    let counted = || {
        let footprint = channel.footprint();
        (footprint.transactions, footprint.asserted_without_xid)
    };
    assert_eq!(counted(), (1, 1));
    channel.raw("select 1").await.unwrap();
    assert_eq!(counted(), (2, 2));
    assert!(channel.raw("select 1/0").await.is_err());
    assert_eq!(counted(), (3, 3), "after a failing statement it is asserted too");
    let snapshot = channel.snapshot().await.unwrap();
    assert_eq!(counted(), (4, 3));
    snapshot.finish().await.unwrap();
    assert_eq!(counted(), (4, 4));
    channel.close().await;
}

#[tokio::test]
async fn what_the_channel_does_leaves_no_word_in_the_servers_log() {
    let server = Server::start(super::server::free_port(), "", super::server::TRUST, &[]).await;
    super::production::populate(&server).await;
    let before = server.log();
    let (channel, _) = connect(&server, "reader", Bounds::default()).await;
    channel.raw("select 1").await.unwrap();
    channel.snapshot().await.unwrap().finish().await.unwrap();
    channel.snapshot().await.unwrap().finish().await.unwrap();
    channel.close().await;
    assert_eq!(server.log(), before);
}

#[tokio::test]
async fn another_server_or_a_restarted_one_is_refused() {
    let port = super::server::free_port();
    let mut server = Server::start(port, "", super::server::TRUST, &[]).await;
    super::production::populate(&server).await;
    let by_tcp = settings(&format!(
        "host=127.0.0.1 port={port} user=reader dbname={DATABASE} sslmode=disable"
    ));
    let channel = try_connect(by_tcp.clone(), &run(), Bounds::default()).await.unwrap();
    channel.raw("select 1").await.unwrap();
    server.restart().await;
    let restarted = channel.raw("select 1").await;
    assert!(
        matches!(
            &restarted,
            Err(ReadError::Guard(GuardError::IdentityChanged { what: "the server's start", .. }))
        ),
        "{restarted:?}"
    );
    let channel = try_connect(by_tcp, &run(), Bounds::default()).await.unwrap();
    drop(server);
    let server = Server::start(port, "", super::server::TRUST, &[]).await;
    super::production::populate(&server).await;
    channel.raw("select 1").await.unwrap_err();
    let other = channel.raw("select 1").await;
    assert!(
        matches!(
            &other,
            Err(ReadError::Guard(GuardError::IdentityChanged {
                what: "the system identifier",
                ..
            }))
        ),
        "{other:?}"
    );
    assert!(channel.snapshot().await.is_err());
}

#[tokio::test]
async fn a_role_that_may_not_ask_for_the_system_identifier_can_still_read() {
    let server = Server::start(super::server::free_port(), "", super::server::TRUST, &[]).await;
    super::production::populate(&server).await;
    let superuser = server.superuser(DATABASE).await;
    superuser
        .batch_execute("revoke execute on function pg_control_system() from public")
        .await
        .unwrap();
    let channel = try_connect(at(&server, "reader"), &run(), Bounds::default()).await.unwrap();
    assert_eq!(channel.identity().system_identifier, crate::UNREADABLE_SYSTEM_IDENTIFIER);
    channel.raw("select 1").await.unwrap();
    let _ = Arc::new(channel);
}
