//! Connections that are dialled ahead, how many there are, and what a crowd leaves behind.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::only;
use super::production::{DATABASE, connect, sessions, shared};
use crate::{Bounds, ReadError};

fn patient() -> Bounds {
    Bounds {
        statement_timeout: Duration::from_secs(60),
        queue_timeout: Duration::from_secs(120),
        ..Bounds::default()
    }
}

/// What a caller left on its connection can reach nobody: each pid is seen once.
#[tokio::test]
async fn a_connection_that_carried_a_callers_sql_is_thrown_away() {
    let server = shared().await;
    for spares in [0, 1, 2] {
        let bounds = Bounds { spares, ..patient() };
        let (channel, run) = connect(server, "reader", bounds).await;
        let mut pids = BTreeSet::new();
        for n in 1..=6 {
            let answer = channel.raw("select pg_backend_pid()").await.unwrap();
            pids.insert(only(&answer).as_integer().unwrap());
            assert_eq!(pids.len(), n, "a connection was used twice");
        }
        channel.close().await;
        server.until(&sessions(&run), 0).await;
    }
}

/// The spare that waits is the one that is used, its guard has been rehearsed, and it does not wait for
/// ever.
#[tokio::test]
async fn a_spare_is_dialled_behind_a_use_and_ended_when_nobody_wants_it() {
    let server = shared().await;
    let bounds = Bounds { spare_timeout: Duration::from_secs(2), ..patient() };
    let (channel, run) = connect(server, "reader", bounds).await;
    let superuser = server.superuser(DATABASE).await;
    channel.raw("select 1").await.unwrap();
    let idle = format!("{} and state = 'idle' and query like 'begin isolation%'", sessions(&run));
    server.until(&idle, 1).await;
    let sql = format!(
        "select pid from pg_stat_activity where application_name = '{}'",
        run.application_name()
    );
    let spare: i32 = superuser.query_one(&sql, &[]).await.unwrap().get(0);
    let used = channel.raw("select pg_backend_pid()").await.unwrap();
    assert_eq!(only(&used).as_integer(), Some(i64::from(spare)));
    // The next one expires, and nothing is dialled in its place.
    server.until(&sessions(&run), 0).await;
    channel.raw("select 1").await.unwrap();
    channel.close().await;
}

#[tokio::test]
async fn a_spare_that_the_server_ended_is_noticed() {
    let server = shared().await;
    let (channel, run) = connect(server, "reader", patient()).await;
    let superuser = server.superuser(DATABASE).await;
    for _ in 0..5 {
        channel.raw("select 1").await.unwrap();
        server.until(&format!("{} and state = 'idle'", sessions(&run)), 1).await;
        let sql = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = '{}'",
            run.application_name()
        );
        superuser.execute(&sql, &[]).await.unwrap();
    }
    channel.raw("select 1").await.unwrap();
    let footprint = channel.footprint();
    assert_eq!(footprint.transactions, footprint.asserted_without_xid);
    channel.close().await;
}

/// A hundred callers, some of whom fail, give up or leave, over four connections; the role may have no
/// more, and somebody else counts them the whole time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_callers_leave_no_backend_and_no_lock() {
    let server = shared().await;
    let superuser = server.superuser(DATABASE).await;
    superuser
        .batch_execute(
            "create role crowded login connection limit 4; grant select on numbers to crowded",
        )
        .await
        .unwrap();
    let bounds = Bounds { connections: 4, spares: 2, ..patient() };
    let (channel, run) = connect(server, "crowded", bounds).await;
    let channel = Arc::new(channel);
    let counting = {
        let sql = sessions(&run);
        tokio::spawn(async move {
            let client = server.superuser(DATABASE).await;
            let mut most = 0;
            loop {
                let now: i64 = client.query_one(&sql, &[]).await.unwrap().get(0);
                most = most.max(now);
                if now == 0 {
                    return most;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
    };
    let crowd: Vec<_> = (0..100)
        .map(|n| {
            let channel = channel.clone();
            tokio::spawn(async move {
                match n % 5 {
                    0 => {
                        let sleep = channel.raw("select pg_sleep(60)");
                        let _ = tokio::time::timeout(Duration::from_millis(50), sleep).await;
                    }
                    1 => assert!(matches!(
                        channel.raw("select 1 / 0").await,
                        Err(ReadError::Server(_))
                    )),
                    2 => {
                        channel.raw(&format!("select pg_advisory_lock({n})")).await.unwrap();
                    }
                    3 => {
                        let mut snapshot = channel.snapshot().await.unwrap();
                        snapshot.read_sql("select count(*) from numbers").await.unwrap();
                        snapshot.finish().await.unwrap();
                    }
                    _ => {
                        let answer = channel.raw(&format!("select {n}")).await.unwrap();
                        assert_eq!(only(&answer).as_integer(), Some(n));
                    }
                }
            })
        })
        .collect();
    for one in crowd {
        one.await.unwrap();
    }
    // All slots are free again: as many can be held at once as before.
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(channel.snapshot().await.unwrap());
    }
    for snapshot in held {
        snapshot.finish().await.unwrap();
    }
    Arc::into_inner(channel).unwrap().close().await;
    let most = counting.await.unwrap();
    assert!((1..=4).contains(&most), "{most} connections at once");
    server.until(&sessions(&run), 0).await;
    let locks = "select count(*) from pg_locks where locktype = 'advisory'";
    server.until(locks, 0).await;
    superuser.batch_execute("drop owned by crowded; drop role crowded").await.unwrap();
}

/// Whoever asked first is served first.
#[tokio::test]
async fn the_queue_is_first_come_first_served() {
    let server = shared().await;
    let bounds = Bounds { connections: 1, ..patient() };
    let (channel, _) = connect(server, "reader", bounds).await;
    let held = channel.snapshot().await.unwrap();
    let order = std::sync::Mutex::new(Vec::new());
    let ask = async |n: i32| {
        channel.raw("select 1").await.unwrap();
        order.lock().unwrap().push(n);
    };
    let ((), (), (), ()) = tokio::join!(ask(1), ask(2), ask(3), async {
        tokio::task::yield_now().await;
        held.finish().await.unwrap();
    });
    assert_eq!(*order.lock().unwrap(), [1, 2, 3]);
    channel.close().await;
}
