//! Watches a database: takes a snapshot, waits for a line on standard input, takes another one, and
//! prints what differs. The connection comes from libpq's environment variables.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use clonegate_diff::{Additions, Policy, diff};
use clonegate_model::{
    DigestKey, Footprint, Phase, Reading, RunId, SNAPSHOT_FORMAT, Since, Snapshot, Target,
};
use clonegate_probe::{
    Accepted, Allowlist, Bounds, ConnectionSettings, Environment, Fields, ProductionChannel,
    SnapshotReader, Terms,
};
use clonegate_sql::ReadOnlyStatement;
use clonegate_store::Store;
use clonegate_witness::{Plan, Reader, Unread, UnreadKind, collect};
use jiff::Timestamp;

struct Production(SnapshotReader);

impl Reader for Production {
    async fn read(&mut self, statements: &[String]) -> Vec<Result<Reading, Unread>> {
        let mut answers = Vec::new();
        for text in statements {
            answers.push(match ReadOnlyStatement::judge(text) {
                Ok(statement) => {
                    let answer = self.0.read(&statement).await.map(|a| a.reading);
                    answer.map_err(|e| Unread { kind: UnreadKind::Refused, reason: e.to_string() })
                }
                Err(refusal) => Err(Unread::refused(refusal.to_string())),
            });
        }
        answers
    }

    async fn wait(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

async fn take(
    channel: &ProductionChannel,
    run: &RunId,
    phase: Phase,
    entry: Option<&Snapshot>,
) -> Result<Snapshot, Box<dyn Error>> {
    let begun_at = Timestamp::now();
    let mut readers = [Production(channel.snapshot().await?)];
    // Whoever knows the key could aim at the digest; this watcher has nobody to hide it from.
    let seen = collect(&mut readers, &Plan::usual(DigestKey(1)), entry).await?;
    let [reader] = readers;
    reader.0.finish().await?;
    Ok(Snapshot {
        format: SNAPSHOT_FORMAT,
        run: run.clone(),
        target: Target::Production,
        phase,
        since: entry.map(Since::of),
        begun_at,
        ended_at: Timestamp::now(),
        identity: channel.identity().clone(),
        readings: Vec::new(),
        horizon: seen.horizon,
        anchor: seen.anchor,
        relations: seen.relations,
        sequences: seen.sequences,
        catalog: seen.catalog,
        activity: seen.activity,
        coverage: seen.coverage,
        footprint: Footprint::default(),
        digest_key: seen.digest_key,
        wal: seen.wal,
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: outside FOLDER")?;
    let run: RunId = "outside-1".parse()?;
    let settings =
        ConnectionSettings::resolve(&Fields::default(), None, &Environment::of_process())?;
    let allowlist = Allowlist::new([settings.database().clone()])?;
    let accepted = Accepted::nothing();
    let terms = Terms {
        allowlist: &allowlist,
        role: None,
        accepted: &accepted,
        run: &run,
        bounds: Bounds::default(),
    };
    let channel = ProductionChannel::connect(settings, terms).await?;

    let mut stored = Store::new(folder).begin(&run)?;
    let first = take(&channel, &run, Phase::Entry, None).await?;
    stored.store_snapshot(&first)?;
    println!("stored");
    std::io::stdin().read_line(&mut String::new())?;

    let first = stored.snapshot(Target::Production, Phase::Entry)?;
    let second = take(&channel, &run, Phase::Exit, Some(&first)).await?;
    let nothing = BTreeMap::new();
    let policy = Policy { organic: &nothing, additions: Additions::Unexplained };
    for finding in diff(&first, &second, policy)? {
        println!(
            "{} {}: {} → {}",
            finding.subject, finding.attribute, finding.before, finding.after
        );
    }
    channel.close().await;
    Ok(())
}
