//! What the channel adds to a statement: `select 1` through it, beside the driver's own round trip.
//!
//! `cargo bench -p clonegate-probe`. It starts a PostgreSQL server of its own. Medians, in milliseconds;
//! the ratio is what tells, not the times.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::time::{Duration, Instant};

use clonegate_probe as probe;
use clonegate_probe::{Bounds, Facts, ProductionChannel};
use clonegate_sql::ReadOnlyStatement;

#[path = "../tests/it/production.rs"]
mod production;
#[path = "../tests/it/server.rs"]
mod server;

async fn open(
    settings: probe::ConnectionSettings,
    terms: probe::Terms<'_>,
) -> Result<ProductionChannel, probe::ConnectError> {
    ProductionChannel::connect(settings, terms).await
}

const ROUNDS: usize = 100;

/// Between two statements of somebody who thinks about the answer, and so that a spare can be dialled
/// on a machine that has other things to do.
const PAUSE: Duration = Duration::from_millis(100);

async fn timed(pause: Duration, mut once: impl AsyncFnMut()) -> [f64; 3] {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        tokio::time::sleep(pause).await;
        let begun = Instant::now();
        once().await;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    [times[ROUNDS / 10], times[ROUNDS / 2], times[ROUNDS * 9 / 10]]
}

async fn through(channel: &ProductionChannel, pause: Duration) -> [f64; 3] {
    let statement = ReadOnlyStatement::judge("select 1").unwrap();
    let facts = Facts::none();
    timed(pause, async || drop(channel.read(&statement, &facts).await.unwrap())).await
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = production::shared().await;
        let bare = server.superuser(production::DATABASE).await;
        let line = |what: &str, [low, median, high]: [f64; 3], than: f64| {
            println!("{what:48} {low:7.3} {median:7.3} {high:7.3}   {:5.1}", median / than);
        };
        println!("{:48} {:>7} {:>7} {:>7}   ratio", "select 1", "10 %", "median", "90 %");
        for (words, pause) in [("every 100 ms", PAUSE), ("back to back", Duration::ZERO)] {
            let simple =
                timed(pause, async || drop(bare.simple_query("select 1").await.unwrap())).await;
            let typed =
                timed(pause, async || drop(bare.query_typed("select 1", &[]).await.unwrap())).await;
            line(&format!("bare, simple protocol, {words}"), simple, typed[1]);
            line(&format!("bare, extended protocol, {words}"), typed, typed[1]);
            for spares in [1, 0] {
                let bounds = Bounds { spares, ..Bounds::default() };
                let (channel, _) = production::connect(server, "reader", bounds).await;
                let times = through(&channel, pause).await;
                line(&format!("through the channel, {spares} spares, {words}"), times, typed[1]);
                channel.close().await;
            }
        }
    });
}
