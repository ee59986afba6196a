//! Readings.

use std::time::Duration;

use clonegate_clone::{CloneChannel, Facts, Limits, ReadFailure, Readings};
use clonegate_model::{Reading, Value};
use clonegate_sql::{Permitted, ReadOnlyStatement};

use crate::harness::{Fixture, ROLE, fixture};

pub(crate) async fn read(channel: &CloneChannel, statements: &[&str]) -> Readings {
    // What the channel itself does with a function of the database's own is the question here.
    let own = ["suicide", "sneak"].map(str::to_owned);
    let permitted = Permitted::new(own, ["half".to_owned()]).unwrap();
    let judged: Vec<_> =
        statements.iter().map(|s| ReadOnlyStatement::judge_with(s, &permitted).unwrap()).collect();
    channel.read(&judged, &Facts::default()).await
}

fn text(t: &str) -> Value {
    Value::Text(t.to_owned())
}

fn decimal(d: &str) -> Value {
    Value::Decimal { decimal: d.to_owned() }
}

#[tokio::test]
async fn values_keep_their_types_and_digits() {
    let fixture = fixture();
    fixture.sql("create domain percent as numeric(5,2); create domain half as percent");
    let channel = fixture.open().await;
    let statement = "select 7 as i, 8::smallint as s, 9::bigint as b, 26::oid as o, 1.50 as n,
        1234567890123456789012345678901234567890.12345 as long, 'NaN'::float8 as nan, 1e100::float8 as big,
        true as yes, false as no, null::int as nothing, ''::text as empty, E'a\\nb\"c\\'d,é €' as t, '12'::text as twelve,
        '{\"a\": [1, 2]}'::jsonb as j, '5'::jsonb as five, timestamptz '2026-06-03 12:00+02' as at, interval '1 mon 2 days' as lasting,
        '\\x00ff'::bytea as bytes, array[1,null,3] as many, 12.30::half as half -- a comment";
    let Readings { mut answers, footprint } = read(&channel, &[statement]).await;
    let reading = answers.remove(0).unwrap();
    assert_eq!(reading.columns.len(), 21);
    let one = |column: &str| reading.single(column).unwrap().clone();
    assert_eq!(["i", "s", "b", "o"].map(one), [7, 8, 9, 26].map(Value::Integer));
    assert_eq!(one("n"), decimal("1.50"));
    assert_eq!(one("long"), decimal("1234567890123456789012345678901234567890.12345"));
    assert_eq!([one("nan"), one("big")], [decimal("NaN"), decimal("1e+100")]);
    assert_eq!(
        [one("yes"), one("no"), one("nothing")],
        [Value::Bool(true), Value::Bool(false), Value::Null]
    );
    assert_eq!(
        [one("empty"), one("t"), one("twelve")],
        [text(""), text("a\nb\"c'd,é €"), text("12")]
    );
    assert_eq!([one("j"), one("five")], [text("{\"a\": [1, 2]}"), text("5")]);
    assert_eq!([one("at"), one("lasting")], [text("2026-06-03 10:00:00+00"), text("1 mon 2 days")]);
    assert_eq!(
        [one("bytes"), one("many"), one("half")],
        [text("\\x00ff"), text("{1,NULL,3}"), decimal("12.30")]
    );
    assert_eq!((footprint.transactions, footprint.asserted_without_xid), (1, 1));
}

#[tokio::test]
async fn an_empty_answer_has_its_columns_and_two_of_one_name_stay_two() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let statements = [
        "select i, i as i, 'x' as \"a, \"\"b\" from kept where false",
        "select i, -i as i from kept order by 1 desc",
        "values (1), (null)",
        "with k as (select count(*) from kept) select * from k",
        "select",
        "table kept",
    ];
    let answers = read(&channel, &statements).await.answers;
    let got = |n: usize| answers[n].as_ref().unwrap();
    assert_eq!(
        got(0),
        &Reading {
            columns: vec!["i".into(), "i".into(), "a, \"b".into()],
            rows: vec![],
            truncated: false
        }
    );
    let integers = |a: i64, b: i64| vec![Value::Integer(a), Value::Integer(b)];
    assert_eq!(got(1).rows, [integers(3, -3), integers(2, -2), integers(1, -1)]);
    assert_eq!(got(2).rows, [[Value::Integer(1)], [Value::Null]]);
    assert_eq!(got(3).single("count"), Some(&Value::Integer(3)));
    assert_eq!((got(4).columns.len(), got(4).rows.len()), (0, 1));
    assert_eq!(got(5).rows.len(), 3);
}

#[tokio::test]
async fn a_statement_that_fails_leaves_the_others_in_their_transaction() {
    let mut fixture = fixture();
    fixture.limits = Limits { read_timeout: Duration::from_millis(400), ..fixture.limits };
    let channel = fixture.open().await;
    let statements = [
        "select pg_current_snapshot()::text as s, now() as t",
        "select nope from kept",
        "select 1 / (i - 2) as q from kept order by i",
        "select count(*) from generate_series(1, 2000000000)",
        "show server_version",
        "select pg_current_snapshot()::text as s, now() as t",
    ];
    let Readings { answers, footprint } = read(&channel, &statements).await;
    let state = |n: usize| match &answers[n] {
        Err(ReadFailure::Server(d)) => d.sqlstate.clone().unwrap(),
        other => panic!("{n}: {other:?}"),
    };
    assert_eq!([state(1), state(2), state(3)], ["42703", "22012", "57014"]);
    assert_eq!(answers[0].as_ref().unwrap(), answers[5].as_ref().unwrap());
    // Data of the database is not repeated, names are.
    assert_eq!(answers[2].as_ref().unwrap_err().to_string(), "SQLSTATE 22012");
    assert!(answers[1].as_ref().unwrap_err().to_string().contains("nope"));
    assert!(answers[4].is_err());
    assert_eq!((footprint.transactions, footprint.asserted_without_xid), (1, 1));
}

#[tokio::test]
async fn nothing_can_be_written_and_the_clone_stays_as_it_is() {
    let fixture = fixture();
    let name = fixture.database();
    fixture.sql(&format!(
        "set role {ROLE}; create function sneak() returns int language plpgsql as $$ begin delete from kept; return 1; end $$;
         alter database {name} set default_transaction_read_only = off"
    ));
    let channel = fixture.open().await;
    let Readings { answers, footprint } =
        read(&channel, &["select sneak()", "select count(*) from kept"]).await;
    assert!(
        matches!(&answers[0], Err(ReadFailure::Server(d)) if d.sqlstate.as_deref() == Some("25006")),
        "{answers:?}"
    );
    assert_eq!(answers[1].as_ref().unwrap().single("count"), Some(&Value::Integer(3)));
    assert_eq!(footprint.asserted_without_xid, 1);
    assert_eq!(fixture.sql("select count(*) from kept"), "3");
}

#[tokio::test]
async fn rows_and_bytes_are_bounded() {
    let mut fixture = fixture();
    fixture.limits = Limits { reading_rows: 10, reading_bytes: 100_000, ..fixture.limits };
    let channel = fixture.open().await;
    let statements = [
        "select g from generate_series(1, 1000) g order by g",
        "select g from generate_series(1, 10) g",
        "select repeat('x', 200000) as one",
        "select repeat('y', 20000) as many from generate_series(1, 8)",
        "select 'still here' as t",
    ];
    let answers = read(&channel, &statements).await.answers;
    let first = answers[0].as_ref().unwrap();
    assert_eq!((first.rows.len(), first.truncated), (10, true));
    assert_eq!(first.rows[9], [Value::Integer(10)]);
    let second = answers[1].as_ref().unwrap();
    assert_eq!((second.rows.len(), second.truncated), (10, false));
    assert_eq!(answers[2], Err(ReadFailure::TooLarge(100_000)));
    assert_eq!(answers[3], Err(ReadFailure::TooLarge(100_000)));
    assert_eq!(answers[4].as_ref().unwrap().rows, [[text("still here")]]);
}

#[tokio::test]
async fn facts_are_published_to_the_statements() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let mut facts = Facts::default();
    facts.set("entry_snapshot", "10:20:12,'x'").unwrap();
    let statement =
        ReadOnlyStatement::judge("select current_setting('clonegate.entry_snapshot') as e")
            .unwrap();
    let readings = channel.read(&[statement], &facts).await;
    assert_eq!(readings.answers[0].as_ref().unwrap().rows, [[text("10:20:12,'x'")]]);
}

#[tokio::test]
async fn another_database_under_the_clones_name_is_not_read() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let name = fixture.database();
    fixture.server.sql("postgres", &format!("drop database {name}"));
    fixture.server.sql("postgres", &format!("create database {name} owner {ROLE}"));
    let Readings { answers, footprint } = read(&channel, &["select 1", "select 2"]).await;
    for answer in answers {
        assert!(
            matches!(&answer, Err(ReadFailure::Guard(why)) if why.contains("dropped and made again")),
            "{answer:?}"
        );
    }
    assert_eq!(footprint.transactions, 0);
}

#[tokio::test]
async fn a_session_that_is_lost_costs_one_statement() {
    let fixture = fixture();
    let channel = fixture.open().await;
    fixture.sql(&format!(
        "create function suicide() returns boolean language sql security definer as $$ select pg_terminate_backend(pg_backend_pid()) $$; grant execute on function suicide() to {ROLE}"
    ));
    let Readings { answers, footprint } =
        read(&channel, &["select 1 as a", "select suicide()", "select 3 as c"]).await;
    assert_eq!(answers[0].as_ref().unwrap().rows, [[Value::Integer(1)]]);
    assert!(answers[1].is_err());
    assert_eq!(answers[2].as_ref().unwrap().rows, [[Value::Integer(3)]], "{answers:?}");
    assert_eq!((footprint.transactions, footprint.asserted_without_xid), (2, 1));
}

/// Sessions of the channel on its clone, asked elsewhere.
fn sessions(fixture: &Fixture) -> String {
    let question = format!(
        "select count(*) from pg_stat_activity where datname = '{}' and application_name = '{}'",
        fixture.database(),
        fixture.run.application_name()
    );
    fixture.server.sql("postgres", &question)
}

#[tokio::test]
async fn readings_share_a_psql_and_neither_a_snapshot_nor_a_session_state() {
    let fixture = fixture();
    // A lock of the session's own is what a rollback keeps.
    fixture.sql(&format!(
        "set role {ROLE}; create function sneak() returns int language plpgsql as $$ begin perform pg_advisory_lock(7); return 1; end $$"
    ));
    let channel = fixture.open().await;
    let count = ["select sneak()", "select count(*) from kept", "select nope"];
    let first = read(&channel, &count).await;
    assert_eq!(first.answers[1].as_ref().unwrap().rows, [[Value::Integer(3)]]);
    assert_eq!(sessions(&fixture), "1");
    assert_eq!(fixture.sql("select count(*) from pg_locks where locktype = 'advisory'"), "0");
    let backend = || {
        fixture.sql("select pid, backend_start from pg_stat_activity where pid <> pg_backend_pid() and datname = current_catalog")
    };
    let before = backend();
    fixture.sql("insert into kept values (4)");
    let second = read(&channel, &["select nope", "select 'a\nb' as t, count(*) from kept"]).await;
    assert_eq!(second.answers[1].as_ref().unwrap().single("count"), Some(&Value::Integer(4)));
    let failed = second.answers[0].as_ref().unwrap_err();
    assert!(matches!(failed, ReadFailure::Server(d) if d.sqlstate.as_deref() == Some("42703")));
    assert_eq!((second.footprint.transactions, second.footprint.asserted_without_xid), (1, 1));
    assert_eq!((backend(), sessions(&fixture)), (before, "1".to_owned()));
    channel.rest().await;
    fixture.until_no_session_is_left().await;
    assert!(read(&channel, &["select 1"]).await.answers[0].is_ok(), "the next one starts another");
}

#[tokio::test]
async fn the_guard_stands_in_every_reading_of_a_psql_that_is_kept() {
    let mut fixture = fixture();
    let name = fixture.database().to_owned();
    fixture.role_sql(&format!("create role gate_of_{name} login; grant gate_of_{name} to {ROLE}"));
    fixture.role_sql(&format!("alter database {name} owner to gate_of_{name}"));
    fixture.settings.role = format!("gate_of_{name}");
    let channel = fixture.open().await;
    assert!(read(&channel, &["select 1"]).await.answers[0].is_ok());
    fixture.role_sql(&format!("alter role gate_of_{name} superuser"));
    let Readings { answers, footprint } = read(&channel, &["select 1", "select 2"]).await;
    for answer in answers {
        assert!(
            matches!(&answer, Err(ReadFailure::Guard(why)) if why.contains("superuser")),
            "{answer:?}"
        );
    }
    assert_eq!(footprint.transactions, 0);
    fixture.until_no_session_is_left().await;
}

#[tokio::test]
async fn a_psql_that_was_ended_between_two_readings_costs_nothing() {
    let fixture = fixture();
    let channel = fixture.open().await;
    assert!(read(&channel, &["select 1"]).await.answers[0].is_ok());
    fixture.sql(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_catalog and pid <> pg_backend_pid()",
    );
    let Readings { answers, footprint } = read(&channel, &["select 2 as two"]).await;
    assert_eq!(answers[0].as_ref().unwrap().rows, [[Value::Integer(2)]]);
    assert_eq!((footprint.transactions, footprint.asserted_without_xid), (1, 1));
}

#[tokio::test]
async fn a_fact_of_one_reading_is_none_of_the_next_one() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let statement =
        ReadOnlyStatement::judge("select current_setting('clonegate.one', true) as one").unwrap();
    for (name, seen) in [("one", text("1")), ("two", Value::Null), ("one", text("1"))] {
        let mut facts = Facts::default();
        facts.set(name, "1").unwrap();
        let readings = channel.read(std::slice::from_ref(&statement), &facts).await;
        assert_eq!(readings.answers[0].as_ref().unwrap().rows, [[seen]], "{name}");
    }
}

#[tokio::test]
async fn a_channel_that_is_dropped_leaves_no_session() {
    let fixture = fixture();
    let channel = fixture.open().await;
    assert!(read(&channel, &["select 1"]).await.answers[0].is_ok());
    drop(channel);
    fixture.until_no_session_is_left().await;
}
