//! Rows, bytes, time, and how much at once.

use std::time::{Duration, Instant};

use super::production::{DATABASE, connect, sessions, shared};
use super::{only, sqlstate};
use crate::{Bounds, CutBy, ReadError};

const MIB: u64 = 1 << 20;

/// For a machine that is busy with something else, where time is not what is tested.
fn patient() -> Bounds {
    Bounds { statement_timeout: Duration::from_secs(60), spares: 0, ..Bounds::default() }
}

#[tokio::test]
async fn rows_are_cut_and_the_flag_is_exact() {
    let server = shared().await;
    let (channel, _) = connect(server, "reader", Bounds::default()).await;
    for (asked, given, truncated) in
        [(0, 0, false), (499, 499, false), (500, 500, false), (501, 500, true), (1200, 500, true)]
    {
        let sql = format!("select n from numbers order by n limit {asked}");
        let reading = channel.raw(&sql).await.unwrap().reading;
        assert_eq!((reading.rows.len(), reading.truncated), (given, truncated), "{asked}");
    }
    let mut snapshot = channel.snapshot().await.unwrap();
    let all = snapshot.read_sql("select n from numbers").await.unwrap();
    assert_eq!((all.reading.rows.len(), all.reading.truncated), (1200, false));
    snapshot.finish().await.unwrap();
    channel.close().await;
}

/// The server makes no more rows than are let through: it is the portal that is bounded, not the
/// reading of it.
#[tokio::test]
async fn the_server_stops_at_the_row_maximum() {
    let server = shared().await;
    let (channel, _) = connect(server, "reader", Bounds::default()).await;
    let endless = channel.raw("select generate_series(1, 2000000000)").await;
    let endless = endless.unwrap();
    assert!(endless.reading.truncated);
    assert_eq!(endless.reading.rows.len(), 500);
    // The last row that is looked at is number 501, and it is looked at once.
    let counted = "select n, 1 / (502 - n) from (select generate_series(1, 600) as n) x";
    assert!(channel.raw(counted).await.unwrap().reading.truncated);
    channel.close().await;
}

#[tokio::test]
async fn many_bytes_are_cut() {
    let server = shared().await;
    let (channel, run) = connect(server, "reader", Bounds::default()).await;
    let fits = channel.raw("select repeat('x', 2000) from generate_series(1, 500)").await;
    let fits = fits.unwrap();
    assert!(fits.bytes > 1_000_000 && fits.bytes <= MIB, "{}", fits.bytes);
    // Less than the socket lets through, and still more than the answer may have.
    let over = channel.raw("select repeat('x', 3000) from generate_series(1, 500)").await;
    assert!(matches!(over, Err(ReadError::TooManyBytes { cap: MIB })), "{over:?}");
    let large = channel.raw("select repeat('x', 10000) from generate_series(1, 400)").await;
    assert!(matches!(large, Err(ReadError::TooManyBytes { cap: MIB })), "{large:?}");
    let mut snapshot = channel.snapshot().await.unwrap();
    let engine = snapshot.read_sql("select repeat('x', 10000) from generate_series(1, 400)").await;
    assert_eq!(engine.unwrap().reading.rows.len(), 400);
    snapshot.finish().await.unwrap();
    channel.close().await;
    server.until(&sessions(&run), 0).await;
}

/// The driver would hold the whole row before anybody could count it.
#[tokio::test]
async fn one_huge_row_is_cut_before_it_is_whole() {
    let server = shared().await;
    let (channel, run) = connect(server, "reader", patient()).await;
    let before = peak_memory();
    let huge = channel.raw("select repeat('x', 250 * 1024 * 1024)").await;
    assert!(matches!(huge, Err(ReadError::TooManyBytes { cap: MIB })), "{huge:?}");
    // Without the meter the whole row, and the buffer that grew to hold it, would be here.
    let grown = peak_memory().saturating_sub(before);
    assert!(grown < 64 * MIB, "{grown} bytes more");
    server.until(&sessions(&run), 0).await;
    let error = channel.raw("select repeat('x', 20 * 1024 * 1024)::int").await.unwrap_err();
    assert!(matches!(error, ReadError::TooManyBytes { .. } | ReadError::Server(_)), "{error:?}");
    assert_eq!(only(&channel.raw("select 1").await.unwrap()).as_integer(), Some(1));
    channel.close().await;
}

/// `VmHWM`; zero where there is no `/proc`.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kib = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

#[tokio::test]
async fn the_server_cuts_a_long_statement_whatever_it_sets() {
    let server = shared().await;
    let bounds = Bounds { statement_timeout: Duration::from_secs(1), ..Bounds::default() };
    let (channel, run) = connect(server, "reader", bounds).await;
    for sql in [
        "select pg_sleep(60)",
        "select set_config('statement_timeout', '0', false), pg_sleep(60)",
        "select count(*) from generate_series(1, 1000000000)",
    ] {
        let begun = Instant::now();
        let error = channel.raw(sql).await.unwrap_err();
        assert!(matches!(error, ReadError::TimedOut { by: CutBy::Server, .. }), "{sql}: {error:?}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{sql}");
    }
    channel.close().await;
    server.until(&sessions(&run), 0).await;
}

#[tokio::test]
async fn the_channel_cuts_what_the_server_does_not() {
    let server = shared().await;
    let (channel, run) = connect(server, "reader", patient()).await;
    let mut limits = channel.callers_limits();
    limits.deadline = Duration::from_millis(300);
    let begun = Instant::now();
    let error = channel.raw_within("select pg_sleep(60)", limits).await.unwrap_err();
    assert!(matches!(error, ReadError::TimedOut { by: CutBy::Channel, .. }), "{error:?}");
    server.until(&sessions(&run), 0).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    channel.close().await;
}

#[tokio::test]
async fn whoever_asked_and_left_leaves_nothing_running() {
    let server = shared().await;
    let (channel, run) = connect(server, "reader", patient()).await;
    let sleeping = format!(
        "select count(*) from pg_stat_activity where application_name = '{}' and wait_event = 'PgSleep'",
        run.application_name()
    );
    let begun = Instant::now();
    tokio::select! {
        done = channel.raw("select pg_sleep(60)") => panic!("{done:?}"),
        () = server.until(&sleeping, 1) => {}
    }
    server.until(&sessions(&run), 0).await;
    let mut snapshot = channel.snapshot().await.unwrap();
    tokio::select! {
        done = snapshot.read_sql("select pg_sleep(60)") => panic!("{done:?}"),
        () = server.until(&sleeping, 1) => {}
    }
    server.until(&sessions(&run), 0).await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    channel.close().await;
}

#[tokio::test]
async fn a_lock_is_not_waited_for() {
    let server = shared().await;
    let bounds = Bounds { lock_timeout: Duration::from_millis(200), ..patient() };
    let (channel, _) = connect(server, "reader", bounds).await;
    let mut superuser = server.superuser(DATABASE).await;
    let holder = superuser.transaction().await.unwrap();
    holder.batch_execute("lock table locked in access exclusive mode").await.unwrap();
    let begun = Instant::now();
    assert_eq!(sqlstate(&channel.raw("select * from locked").await), "55P03");
    assert!(begun.elapsed() < Duration::from_secs(20));
    holder.rollback().await.unwrap();
    channel.raw("select * from locked").await.unwrap();
    channel.close().await;
}

#[tokio::test]
async fn an_idle_snapshot_is_ended_by_the_server() {
    let server = shared().await;
    let bounds = Bounds { idle_timeout: Duration::from_secs(1), ..patient() };
    let (channel, run) = connect(server, "reader", bounds).await;
    let mut snapshot = channel.snapshot().await.unwrap();
    server.until(&sessions(&run), 0).await;
    let late = snapshot.read_sql("select 1").await;
    assert!(matches!(late, Err(ReadError::Lost(_) | ReadError::Server(_))), "{late:?}");
    channel.raw("select 1").await.unwrap();
    channel.close().await;
}

#[tokio::test]
async fn no_more_connections_than_allowed_and_a_queue_that_ends() {
    let server = shared().await;
    let bounds =
        Bounds { connections: 1, queue_timeout: Duration::from_millis(200), ..Bounds::default() };
    let (channel, run) = connect(server, "reader", bounds).await;
    let held = channel.snapshot().await.unwrap();
    let busy = channel.raw("select 1").await;
    assert!(matches!(busy, Err(ReadError::Busy { .. })), "{busy:?}");
    server.until(&sessions(&run), 1).await;
    held.finish().await.unwrap();
    channel.raw("select 1").await.unwrap();
    channel.close().await;
}

/// Twenty at once over two connections of a role that may have no more than that.
#[tokio::test]
async fn a_crowd_is_served_within_the_roles_connection_limit() {
    let server = shared().await;
    let superuser = server.superuser(DATABASE).await;
    superuser.batch_execute("create role few login connection limit 2").await.unwrap();
    let (channel, run) = connect(server, "few", Bounds::default()).await;
    let channel = std::sync::Arc::new(channel);
    let crowd: Vec<_> = (0..20)
        .map(|n| {
            let channel = channel.clone();
            tokio::spawn(async move {
                let answer = channel.raw(&format!("select {n}")).await.unwrap();
                assert_eq!(only(&answer).as_integer(), Some(n));
            })
        })
        .collect();
    for one in crowd {
        one.await.unwrap();
    }
    let footprint = channel.footprint();
    assert_eq!((footprint.transactions, footprint.asserted_without_xid), (21, 21));
    std::sync::Arc::into_inner(channel).unwrap().close().await;
    server.until(&sessions(&run), 0).await;
    superuser.batch_execute("drop role few").await.unwrap();
}
