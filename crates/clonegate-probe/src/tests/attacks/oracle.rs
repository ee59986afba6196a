//! What an attack did, as somebody else sees it.
//!
//! The oracle has a session of its own and is a superuser. It looks twice at each payload: when the
//! statement has run and its transaction is still open (a lock, an exported snapshot, another
//! server's session), and when the channel has closed (everything that stays).

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::world::World;

/// How long what the channel lets go may take to be gone: a backend notices at its next read.
const GRACE: Duration = Duration::from_secs(8);

/// Every part of the oracle that looks at the server.
pub(super) const PARTS: [&str; 16] = [
    "rows",
    "sequences",
    "catalog",
    "settings",
    "large objects",
    "replication",
    "statistics",
    "files",
    "temporary files",
    "locks",
    "others",
    "sessions",
    "neighbour",
    "transaction id",
    "wal",
    "notifications",
];

/// When the oracle looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// The transaction is open: the channel's own session is there, and in a transaction.
    Midway,
    /// The channel has let go.
    After,
}

/// What is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look(BTreeMap<String, String>);

/// What an attack did: the part of the oracle that saw it, and what it saw.
pub(super) type Effects = BTreeMap<String, String>;

/// Looks at the server.
pub(super) async fn look(world: &World, application_name: &str, neighbour: i32) -> Look {
    let rows =
        world.oracle.query(&world.look, &[&world.known, &application_name, &neighbour]).await;
    let mut parts: BTreeMap<String, String> = rows
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get::<_, Option<String>>(1).unwrap_or_default()))
        .collect();
    parts.insert("notifications".to_owned(), world.heard().await.to_string());
    Look(parts)
}

impl Look {
    fn part(&self, part: &str) -> &str {
        self.0.get(part).map_or("", String::as_str)
    }

    /// The sessions of the channel that are in a transaction or run something.
    pub(super) fn busy(&self) -> BTreeSet<String> {
        let sessions = self.part("sessions").split(',').filter(|one| !one.is_empty());
        let busy = sessions.filter(|one| one.split(' ').nth(1) != Some("idle"));
        busy.map(|one| one.split(' ').next().unwrap_or_default().to_owned()).collect()
    }

    fn sessions(&self) -> BTreeSet<&str> {
        let sessions = self.part("sessions").split(',').filter(|one| !one.is_empty());
        sessions.map(|one| one.split(' ').next().unwrap_or_default()).collect()
    }

    /// Whether what stays is as it was: what a reset has to bring back.
    pub(super) fn is_restored(&self, before: &Look) -> Vec<&'static str> {
        // A setting's time of loading and the counters go on by the reset itself.
        let stays = ["rows", "sequences", "catalog", "large objects", "replication", "files"];
        stays.into_iter().filter(|part| self.part(part) != before.part(part)).collect()
    }
}

/// Looks when the statement has ended on the server too: it tells its error first, and lets go of
/// its locks then.
pub(super) async fn midway(world: &World, application_name: &str, neighbour: i32) -> Look {
    let begun = Instant::now();
    loop {
        let now = look(world, application_name, neighbour).await;
        let at_work = now.part("sessions").split(',').any(|one| one.ends_with(" active"));
        if !at_work || begun.elapsed() > Duration::from_secs(10) {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What is different, where nothing should be.
pub(super) fn effects(
    before: &Look,
    now: &Look,
    moment: Moment,
    used: &BTreeSet<String>,
) -> Effects {
    let mut effects = Effects::new();
    for (part, seen) in &now.0 {
        let was = before.part(part);
        match part.as_str() {
            "sessions" => {
                // Midway the payload's own session is there. Afterwards no session works, and none
                // of those that carried a payload is left, idle or not.
                let left: Vec<&str> = match moment {
                    Moment::Midway => Vec::new(),
                    Moment::After => {
                        now.sessions().into_iter().filter(|pid| used.contains(*pid)).collect()
                    }
                };
                let busy = match moment {
                    Moment::Midway => now.busy().len() > 1,
                    Moment::After => !now.busy().is_empty(),
                };
                if busy || !left.is_empty() {
                    effects.insert(part.clone(), format!("{seen} is left"));
                }
            }
            // It grows only, and is looked into when the channel has let go.
            "wal" => {}
            "temporary files" if moment == Moment::Midway => {}
            _ if seen != was => {
                effects.insert(part.clone(), format!("{was:?} became {seen:?}"));
            }
            _ => {}
        }
    }
    effects
}

/// Looks until there is nothing to see, or for as long as a session may take to end. The last of
/// the three is what the next payload can be held against, unless the oracle had to look again.
pub(super) async fn settled(
    world: &World,
    application_name: &str,
    neighbour: i32,
    before: &Look,
    used: &BTreeSet<String>,
) -> (Look, Effects, Option<Look>) {
    settled_within(world, application_name, neighbour, before, used, GRACE).await
}

/// The same, with less patience.
pub(super) async fn settled_within(
    world: &World,
    application_name: &str,
    neighbour: i32,
    before: &Look,
    used: &BTreeSet<String>,
    patience: Duration,
) -> (Look, Effects, Option<Look>) {
    let begun = Instant::now();
    loop {
        let now = look(world, application_name, neighbour).await;
        let mut effects = effects(before, &now, Moment::After, used);
        let passing = ["sessions", "locks", "others", "files", "temporary files"];
        let may_pass = effects.keys().any(|part| passing.contains(&part.as_str()));
        if !may_pass || begun.elapsed() > patience {
            let (was, is) = (before.part("wal"), now.part("wal"));
            let mut stands = Some(now.clone());
            if was != is {
                effects.extend(records(world, was, is).await.map(|seen| ("wal".to_owned(), seen)));
                stands = None;
            }
            return (now, effects, stands);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The log's records between two positions that somebody's statement can have made.
///
/// What the server writes by itself is told from them by its kind: a list of the running
/// transactions (background writer), checkpoints, and the pruning of pages that an earlier payload's
/// reset left dead rows on. Where pg_walinspect is not there (PostgreSQL 14), the length has to tell:
/// the server's own records here are shorter than 500 bytes.
async fn records(world: &World, from: &str, to: &str) -> Option<String> {
    if !world.extensions.contains("pg_walinspect") {
        let sql = "select pg_wal_lsn_diff($2::text::pg_lsn, $1::text::pg_lsn)::bigint";
        let bytes: i64 = world.oracle.query_one(sql, &[&from, &to]).await.unwrap().get(0);
        return (bytes > 500).then(|| format!("{bytes} bytes"));
    }
    // The log can be read as far as it is flushed, which the commit of a record of the oracle's own
    // makes sure of.
    let flush = "select pg_logical_emit_message(true, 'clonegate', 'the oracle looks')";
    let settings = "set local synchronous_commit = on";
    world.oracle.batch_execute(&format!("begin; {settings}; {flush}; commit")).await.unwrap();
    let sql = "select string_agg(distinct resource_manager || ' ' || record_type, ', ')
               from pg_get_wal_records_info($1::text::pg_lsn, $2::text::pg_lsn)
               where not (resource_manager = 'Standby' and record_type = 'RUNNING_XACTS')
                 and not (resource_manager = 'XLOG' and record_type like 'CHECKPOINT%')
                 and not (resource_manager = 'XLOG' and record_type = 'FPI_FOR_HINT')
                 and not (resource_manager = 'Heap2' and record_type like 'PRUNE%')";
    world.oracle.query_one(sql, &[&from, &to]).await.unwrap().get(0)
}
