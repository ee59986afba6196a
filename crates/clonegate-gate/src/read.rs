//! Takes a snapshot of either database: witnesses first, then the profile's checks.

use clonegate_clone::CloneChannel;
use clonegate_model::{
    Check, DigestKey, Facts, Footprint, Phase, Reading, ReadingTaken, RunId, SNAPSHOT_FORMAT,
    Since, Snapshot, StreamKey, Taken, Target, chain,
};
use clonegate_probe::{ProductionChannel, ReadError, SnapshotReader};
use clonegate_profile::{StreamGrant, WitnessSettings};
use clonegate_sql::Permitted;
use clonegate_witness::{
    Asked, Collected, DigestOf, Granted, Keys, LoadLimits, Plan, Streaming, collect,
};
use jiff::Timestamp;

use crate::channels::{CloneReader, ProductionReader, read_all};
use crate::preflight::statement;
use crate::{Depth, GateError};

/// What the witnesses take of both databases. Both have one key, so that their contents can be compared.
pub(crate) struct Plans {
    pub(crate) production: Plan,
    pub(crate) clone: Plan,
    /// Connections that read production at once.
    connections: usize,
}

impl Plans {
    pub(crate) fn new(
        production: &WitnessSettings,
        clone: &WitnessSettings,
        depth: Depth,
    ) -> Result<Self, GateError> {
        let mut key = [0_u8; 8];
        getrandom::fill(&mut key).map_err(|e| GateError::Random(e.to_string()))?;
        let key = DigestKey(i64::from_le_bytes(key));
        let mut stream = StreamKey([0; 32]);
        getrandom::fill(&mut stream.0).map_err(|e| GateError::Random(e.to_string()))?;
        Ok(Self {
            production: plan(production, depth, key, stream),
            clone: plan(clone, depth, key, stream),
            connections: production.connections,
        })
    }
}

fn plan(settings: &WitnessSettings, depth: Depth, key: DigestKey, stream_key: StreamKey) -> Plan {
    let WitnessSettings {
        digest,
        digest_small,
        stream,
        budget,
        connections: _,
        wal,
        show_keys,
        active_sessions,
        replica_lag,
        patience,
    } = settings;
    Plan {
        digest: match depth {
            Depth::Deep | Depth::Comparable => DigestOf::Everything,
            Depth::Usual => DigestOf::Chosen { named: digest.clone(), small: *digest_small },
        },
        stream: match (stream, depth) {
            (StreamGrant::Nothing, _) | (_, Depth::Comparable) => None,
            (StreamGrant::Named(names), _) => Some(Granted::Named(names.clone())),
            (StreamGrant::Everything, _) => Some(Granted::Everything),
        }
        .map(|granted| Streaming { granted, key: stream_key }),
        wal: if *wal { Asked::Yes } else { Asked::No },
        keys: if *show_keys { Keys::Shown } else { Keys::Redacted },
        budget: *budget,
        load: LoadLimits {
            active_sessions: *active_sessions,
            replica_lag: *replica_lag,
            patience: *patience,
        },
        ..Plan::usual(key)
    }
}

/// What the checks are told and may use.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) permitted: &'a Permitted,
}

/// Reads production. The witnesses share one snapshot of the database; each check has a transaction
/// and a connection of its own. At exit the order is the other way round, so that the interval
/// between the two snapshots covers all checks.
pub(crate) async fn production(
    channel: &ProductionChannel,
    checks: &[Check],
    terms: Terms<'_>,
    run: &RunId,
    phase: Phase,
    entry: Option<&Snapshot>,
    plans: &Plans,
) -> Result<Snapshot, String> {
    let begun_at = Timestamp::now();
    let before = channel.footprint();
    let (collected, readings) = if entry.is_none() {
        let collected = production_witnesses(channel, entry, plans).await?;
        (collected, production_checks(channel, checks, terms, phase).await)
    } else {
        let readings = production_checks(channel, checks, terms, phase).await;
        (production_witnesses(channel, entry, plans).await?, readings)
    };
    let after = channel.footprint();
    let footprint = Footprint {
        transactions: after.transactions - before.transactions,
        asserted_without_xid: after.asserted_without_xid - before.asserted_without_xid,
    };
    let about = About { run, target: Target::Production, phase, entry, begun_at };
    Ok(snapshot(about, channel.identity().clone(), collected, readings, footprint))
}

/// Reads production on a snapshot that is open, and gives its readers back: they have to be finished.
pub(crate) async fn production_on(
    channel: &ProductionChannel,
    first: SnapshotReader,
    run: &RunId,
    plans: &Plans,
) -> Result<(Snapshot, Vec<ProductionReader>), String> {
    let begun_at = Timestamp::now();
    let before = channel.footprint();
    let mut readers = vec![ProductionReader(first)];
    if let Err(error) = more_readers(channel, plans.connections, &mut readers).await {
        tracing::warn!(connections = readers.len(), reason = %chain(&error), "production is read with fewer connections");
    }
    let collected =
        collect(&mut readers, &plans.production, None).await.map_err(|e| e.to_string())?;
    let after = channel.footprint();
    let footprint = Footprint {
        transactions: after.transactions - before.transactions,
        asserted_without_xid: after.asserted_without_xid - before.asserted_without_xid,
    };
    let about =
        About { run, target: Target::Production, phase: Phase::Entry, begun_at, entry: None };
    let identity = channel.identity().clone();
    Ok((snapshot(about, identity, collected, Vec::new(), footprint), readers))
}

/// How often a standby is read before it is given up.
const STANDBY_ATTEMPTS: u32 = 3;

/// On a standby, replay ends the connections of whoever reads what the primary has removed since; the
/// next snapshot may get through.
async fn production_witnesses(
    channel: &ProductionChannel,
    entry: Option<&Snapshot>,
    plans: &Plans,
) -> Result<Collected, String> {
    let mut attempt = 1;
    loop {
        match production_witnesses_once(channel, entry, plans).await {
            Err(why) if channel.identity().in_recovery && attempt < STANDBY_ATTEMPTS => {
                tracing::warn!(attempt, reason = %why, "the standby is read again");
                attempt += 1;
            }
            Err(why) if channel.identity().in_recovery => {
                return Err(format!(
                    "{why}; this is a standby, and {attempt} snapshots of it ended early, as when replay goes first: raise max_standby_streaming_delay there, or set hot_standby_feedback"
                ));
            }
            other => return other,
        }
    }
}

async fn production_witnesses_once(
    channel: &ProductionChannel,
    entry: Option<&Snapshot>,
    plans: &Plans,
) -> Result<Collected, String> {
    let first = channel.snapshot().await.map_err(|e| chain(&e))?;
    let mut readers = vec![ProductionReader(first)];
    // A role with a CONNECTION LIMIT may have fewer: then it takes longer, and proves the same.
    if let Err(error) = more_readers(channel, plans.connections, &mut readers).await {
        tracing::warn!(connections = readers.len(), reason = %chain(&error), "production is read with fewer connections");
    }
    let collected =
        collect(&mut readers, &plans.production, entry).await.map_err(|e| e.to_string());
    // The closing assertion counts even where something could not be read.
    for reader in readers {
        reader.0.finish().await.map_err(|e| chain(&e))?;
    }
    collected
}

async fn more_readers(
    channel: &ProductionChannel,
    connections: usize,
    readers: &mut Vec<ProductionReader>,
) -> Result<(), ReadError> {
    if connections < 2 {
        return Ok(());
    }
    let at = readers[0].0.export().await?;
    while readers.len() < connections {
        readers.push(ProductionReader(channel.snapshot_at(&at).await?));
    }
    Ok(())
}

async fn production_checks(
    channel: &ProductionChannel,
    checks: &[Check],
    terms: Terms<'_>,
    phase: Phase,
) -> Vec<ReadingTaken> {
    let mut readings = Vec::new();
    for check in checks.iter().filter(|c| c.phases.contains(&phase)) {
        let answer = match statement(check, terms.permitted) {
            Ok(statement) => channel
                .read(&statement, terms.facts)
                .await
                .map(|a| a.reading)
                .map_err(|e| chain(&e)),
            Err(refusal) => Err(refusal),
        };
        readings.push(taken(check, answer));
    }
    readings
}

/// Reads a clone or a scratch copy of it.
pub(crate) async fn clone(
    channel: &CloneChannel,
    checks: &[Check],
    terms: Terms<'_>,
    run: &RunId,
    phase: Phase,
    entry: Option<&Snapshot>,
    plans: &Plans,
) -> Result<Snapshot, String> {
    let begun_at = Timestamp::now();
    let collected = collect(&mut [CloneReader(channel)], &plans.clone, entry)
        .await
        .map_err(|e| e.to_string())?;
    let asked: Vec<&Check> = checks.iter().filter(|c| c.phases.contains(&phase)).collect();
    let statements: Vec<String> = asked.iter().map(|c| c.sql.clone()).collect();
    let answers = read_all(channel, &statements, terms).await;
    let readings =
        asked.into_iter().zip(answers).map(|(check, answer)| taken(check, answer)).collect();
    let about = About { run, target: Target::Clone, phase, entry, begun_at };
    Ok(snapshot(about, channel.identity().clone(), collected, readings, Footprint::default()))
}

fn taken(check: &Check, answer: Result<Reading, String>) -> ReadingTaken {
    let taken = answer.map_or_else(Taken::Failure, Taken::Reading);
    ReadingTaken { check: check.id.clone(), taken }
}

struct About<'a> {
    run: &'a RunId,
    target: Target,
    phase: Phase,
    entry: Option<&'a Snapshot>,
    begun_at: Timestamp,
}

fn snapshot(
    about: About<'_>,
    identity: clonegate_model::Identity,
    collected: Collected,
    readings: Vec<ReadingTaken>,
    footprint: Footprint,
) -> Snapshot {
    let Collected {
        horizon,
        anchor,
        relations,
        sequences,
        catalog,
        activity,
        coverage,
        digest_key,
        wal,
    } = collected;
    Snapshot {
        format: SNAPSHOT_FORMAT,
        run: about.run.clone(),
        target: about.target,
        phase: about.phase,
        since: about.entry.map(Since::of),
        begun_at: about.begun_at,
        ended_at: Timestamp::now(),
        identity,
        readings,
        horizon,
        anchor,
        relations,
        sequences,
        catalog,
        activity,
        coverage,
        footprint,
        digest_key,
        wal,
    }
}
