//! Ways out of a read-only transaction. Each ends with a look at the database by somebody else.

use super::super::production::{DATABASE, connect, shared, state};
use super::super::{only, sqlstate};
use crate::{Bounds, ReadError, Severity};

/// As the owner of everything, who is held by the transaction alone.
#[tokio::test]
async fn the_transaction_cannot_be_made_writable() {
    let server = shared().await;
    let (channel, _) = connect(server, "owner", Bounds::default()).await;
    let before = state(server).await;
    for sql in [
        "set transaction read write",
        "set local transaction_read_only = off",
        "set session transaction_read_only = off",
        "select set_config('transaction_read_only', 'off', false)",
    ] {
        assert_eq!(sqlstate(&channel.raw(sql).await), "25001", "{sql}");
        // In a snapshot the next statement would come after it.
        let mut snapshot = channel.snapshot().await.unwrap();
        assert_eq!(sqlstate(&snapshot.read_sql(sql).await), "25001", "{sql}");
        let write = snapshot.read_sql("insert into canary values (2, '') returning id").await;
        assert_eq!(sqlstate(&write), "25006", "{sql}");
        snapshot.finish().await.unwrap();
    }
    assert_eq!(state(server).await, before);
    channel.close().await;
}

/// Two layers stand before it, and each would do: the guard is a query, after which the mode is
/// fixed, and below a savepoint it is fixed too. Without either it can be changed.
#[tokio::test]
async fn the_guard_and_the_savepoint_each_fix_the_transactions_mode() {
    let server = shared().await;
    let client = server.superuser(DATABASE).await;
    for (before, fixed) in [
        (String::new(), false),
        (crate::guard::query(true), true),
        ("savepoint clonegate".to_owned(), true),
    ] {
        let begin = "begin isolation level repeatable read read only";
        client.batch_execute(begin).await.unwrap();
        client.simple_query(&before).await.unwrap();
        let turned = client.batch_execute("set transaction read write").await;
        assert_eq!(turned.is_err(), fixed, "{before}");
        client.batch_execute("rollback").await.unwrap();
    }
}

#[tokio::test]
async fn writes_are_refused_whoever_asks() {
    let server = shared().await;
    let (channel, _) = connect(server, "owner", Bounds::default()).await;
    let before = state(server).await;
    for sql in [
        "insert into canary values (2, 'x')",
        "update canary set secret = ''",
        "delete from canary",
        "truncate canary",
        "create table made (id int)",
        "drop table canary",
        "alter role reader superuser",
        "select nextval('counter')",
        "with gone as (delete from canary returning *) select * from gone",
        "select * from canary for update",
        "do $$ begin insert into public.canary values (3, ''); end $$",
        "explain analyze delete from canary",
        "create temporary sequence s",
        "vacuum",
    ] {
        let result = channel.raw(sql).await;
        assert!(
            matches!(&result, Err(ReadError::Server(e)) if ["25006", "25001"].contains(&e.sqlstate())),
            "{sql}: {result:?}"
        );
    }
    assert_eq!(state(server).await, before);
    channel.close().await;
}

#[tokio::test]
async fn a_statement_that_leaves_the_transaction_is_a_breach() {
    let server = shared().await;
    let (channel, _) = connect(server, "owner", Bounds::default()).await;
    let before = state(server).await;
    for sql in [
        "commit",
        "rollback",
        "end",
        "abort",
        "commit and chain",
        "rollback and chain",
        "release savepoint clonegate",
        "prepare transaction 'x'",
    ] {
        let footprint = channel.footprint();
        let result = channel.raw(sql).await;
        let error = result.unwrap_err();
        let refused = matches!(&error, ReadError::Server(e) if e.sqlstate() == "55000");
        assert!(
            matches!(error, ReadError::LeftTransaction) || (refused && sql.starts_with("prepare")),
            "{sql}: {error:?}"
        );
        assert!(refused || error.severity() == Severity::Breach);
        if !refused {
            let after = channel.footprint();
            assert_eq!(after.transactions, footprint.transactions + 1);
            assert_eq!(after.asserted_without_xid, footprint.asserted_without_xid);
        }
    }
    // Within a snapshot too, and nothing is read through it afterwards.
    let mut snapshot = channel.snapshot().await.unwrap();
    let left = snapshot.read_sql("commit and chain").await;
    assert!(matches!(left, Err(ReadError::LeftTransaction)), "{left:?}");
    let then = snapshot.read_sql("select 1").await;
    assert!(matches!(then, Err(ReadError::SnapshotEnded)), "{then:?}");
    // Inside a block there is no way out at all.
    let block = "do $$ begin commit; set transaction read write;
                 insert into public.canary values (9, ''); end $$";
    assert_eq!(sqlstate(&channel.raw(block).await), "2D000");
    assert_eq!(state(server).await, before);
    channel.close().await;
}

#[tokio::test]
async fn several_statements_in_one_text_are_refused() {
    let server = shared().await;
    let (channel, _) = connect(server, "owner", Bounds::default()).await;
    let before = state(server).await;
    for sql in [
        "commit; drop table canary",
        "select 1; insert into canary values (2, '')",
        "select 1; select 2",
    ] {
        assert_eq!(sqlstate(&channel.raw(sql).await), "42601", "{sql}");
    }
    assert_eq!(state(server).await, before);
    channel.close().await;
}

#[tokio::test]
async fn a_transaction_id_is_a_breach_even_if_the_statement_fails() {
    let server = shared().await;
    let (channel, _) = connect(server, "reader", Bounds::default()).await;
    for sql in [
        "select pg_current_xact_id()",
        "select txid_current()",
        "select 1 / (pg_current_xact_id()::text::bigint * 0)",
    ] {
        let error = channel.raw(sql).await.unwrap_err();
        assert!(matches!(&error, ReadError::WroteSomething { .. }), "{sql}: {error:?}");
        assert_eq!(error.severity(), Severity::Breach);
    }
    let footprint = channel.footprint();
    assert_eq!(footprint.transactions - footprint.asserted_without_xid, 3);
    let mut snapshot = channel.snapshot().await.unwrap();
    let wrote = snapshot.read_sql("select pg_current_xact_id()").await;
    assert!(matches!(wrote, Err(ReadError::WroteSomething { .. })), "{wrote:?}");
    let ended = snapshot.finish().await;
    assert!(matches!(ended, Err(ReadError::SnapshotEnded)), "{ended:?}");
    channel.close().await;
}

#[tokio::test]
async fn nothing_that_a_caller_left_is_there_for_the_next() {
    let server = shared().await;
    let bounds = Bounds { connections: 1, ..Bounds::default() };
    let (channel, run) = connect(server, "reader", bounds).await;
    channel.raw("prepare forged as select 'forged'").await.unwrap();
    channel.raw("deallocate all").await.unwrap();
    assert_eq!(sqlstate(&channel.raw("execute forged").await), "26000");
    channel
        .raw("select set_config('search_path', 'fake', false), set_config('statement_timeout', '0', false)")
        .await
        .unwrap();
    let setting = channel.raw("select current_setting('statement_timeout')").await.unwrap();
    assert_eq!(only(&setting).as_text(), Some("5s"));
    channel.raw("select pg_advisory_lock(4711)").await.unwrap();
    let locks = "select count(*) from pg_locks where locktype = 'advisory' and objid = 4711";
    server.until(locks, 0).await;
    assert!(channel.raw("listen something").await.is_ok());
    channel.close().await;
    server.until(&super::super::production::sessions(&run), 0).await;
}

/// A snapshot's connection is used again, unless it kept something.
#[tokio::test]
async fn a_connection_that_kept_something_is_not_used_again() {
    let server = shared().await;
    let bounds = Bounds { connections: 1, ..Bounds::default() };
    let (channel, _) = connect(server, "reader", bounds).await;
    let pid = async |sql: &str| {
        let mut snapshot = channel.snapshot().await.unwrap();
        let answer = snapshot.read_sql("select pg_backend_pid()").await.unwrap();
        if !sql.is_empty() {
            snapshot.read_sql(sql).await.unwrap();
        }
        snapshot.finish().await.unwrap();
        only(&answer).as_integer().unwrap()
    };
    let first = pid("").await;
    assert_eq!(pid("").await, first, "an honest connection is used again");
    assert_eq!(pid("prepare s0 as select 'forged'").await, first);
    let second = pid("").await;
    assert_ne!(second, first, "a prepared statement was kept");
    assert_eq!(pid("select pg_advisory_lock(4712)").await, second);
    let third = pid("set session statement_timeout = 0").await;
    assert_ne!(third, second, "a lock was kept");
    let mut snapshot = channel.snapshot().await.unwrap();
    let setting = snapshot.read_sql("select current_setting('statement_timeout')").await;
    assert_eq!(only(&setting.unwrap()).as_text(), Some("5s"));
    drop(snapshot);
    channel.close().await;
}

/// What a statement sets in a snapshot is gone before the next one.
#[tokio::test]
async fn settings_do_not_outlive_their_statement() {
    let server = shared().await;
    let (channel, _) = connect(server, "owner", Bounds::default()).await;
    let mut snapshot = channel.snapshot().await.unwrap();
    for sql in [
        "set statement_timeout = 0",
        "set local row_security = on",
        "select set_config('TimeZone', 'Asia/Tokyo', false)",
        "set role reader",
        "set local session authorization reader",
    ] {
        snapshot.read_sql(sql).await.unwrap();
    }
    let settings = "select current_setting('statement_timeout') || current_setting('row_security')
                    || current_setting('TimeZone') || current_user || session_user";
    let after = snapshot.read_sql(settings).await.unwrap();
    assert_eq!(only(&after).as_text(), Some("5soffUTCownerowner"));
    snapshot.finish().await.unwrap();
    channel.close().await;
}

/// Functions and operators of the same names, earlier in the search path than PostgreSQL's own.
#[tokio::test]
async fn a_search_path_cannot_fool_the_guard() {
    let server = shared().await;
    let superuser = server.superuser(DATABASE).await;
    superuser
        .batch_execute(
            "create schema fake;
             create role fooled login;
             grant usage on schema fake to fooled;
             create function fake.current_setting(text) returns text language sql as $$ select 'fake' $$;
             create function fake.pg_is_in_recovery() returns boolean language sql as $$ select true $$;
             create function fake.pg_postmaster_start_time() returns timestamptz language sql as $$ select now() $$;
             create function fake.pg_current_xact_id_if_assigned() returns xid8 language sql as $$ select '7'::xid8 $$;
             create function fake.current_database() returns name language sql as $$ select 'staging'::name $$;
             create function fake.count(text) returns bigint language sql as $$ select 9::bigint $$;
             create function fake.never(name, name) returns boolean language sql as $$ select false $$;
             create operator fake.= (function = fake.never, leftarg = name, rightarg = name);
             create view fake.pg_database as select 1::oid as oid, 'production'::name as datname;
             create view fake.pg_prepared_statements as select true as from_sql;
             alter role fooled set search_path = fake, pg_catalog",
        )
        .await
        .unwrap();
    let (channel, _) = connect(server, "fooled", Bounds::default()).await;
    let fooled = channel.raw("select current_setting('server_version')").await.unwrap();
    assert_eq!(only(&fooled).as_text(), Some("fake"), "the search path is not in force");
    let oid: u32 = superuser
        .query_one("select oid from pg_database where datname = current_catalog", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(channel.identity().database_oid, oid);
    assert!(!channel.identity().in_recovery);
    // An assigned id is seen although a forged function would deny it, and a forged one is not.
    let wrote = channel.raw("select pg_catalog.pg_current_xact_id()").await;
    assert!(matches!(wrote, Err(ReadError::WroteSomething { .. })), "{wrote:?}");
    channel.snapshot().await.unwrap().finish().await.unwrap();
    channel.close().await;
    superuser.batch_execute("drop schema fake cascade; drop role fooled").await.unwrap();
}
