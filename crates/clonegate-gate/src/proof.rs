//! The proof after the build: rows carry the marker, scripts run again change nothing, bounds are kept.

use std::time::Duration;

use clonegate_clone::CloneChannel;
use clonegate_model::{Across, Assertion, Facts, Reading, Snapshot, Value, Weight, chain};
use clonegate_profile::{Bounds, RowMarker};
use clonegate_sql::{GuardedScript, Permitted};
use serde::Deserialize;

use crate::Stop;
use crate::channels::read_all;
use crate::read::Terms;
use crate::run::Passage;

const MARKER_COLUMNS: &str = include_str!("../../../sql/engine/gate/marker_columns.sql");
const MARKED_ROWS: &str = include_str!("../../../sql/engine/gate/marked_rows.sql");
const COUNTED_ROWS: &str = include_str!("../../../sql/engine/gate/counted_rows.sql");
const WEIGHT: &str = include_str!("../../../sql/engine/gate/weight.sql");

/// What is shown one by one in a row of the report.
const SHOWN: usize = 5;

/// What the build left on a clone or on a scratch copy, and what it does when it is run again.
pub(crate) async fn rows(
    passage: &Passage<'_>,
    channel: &CloneChannel,
    scripts: &[GuardedScript],
    entry: &Snapshot,
) -> Vec<Assertion> {
    let profile = passage.gate.profile;
    let mut rows = Vec::new();
    if let Some(marker) = &profile.build.row_marker {
        let grows = profile.clone.organic.iter().filter(|(_, across)| **across == Across::MayGrow);
        let organic: Vec<&str> = grows.map(|(name, _)| name.as_str()).collect();
        rows.push(marked(channel, marker, &organic, entry).await);
    }
    // What is done by hand is no script that could be run again.
    if passage.record.by_hand.is_none() {
        rows.extend(repeated(passage, channel, scripts).await);
    }
    rows
}

async fn ask(channel: &CloneChannel, statements: &[String]) -> Vec<Result<Reading, String>> {
    let nothing = (Facts::none(), Permitted::nothing());
    read_all(channel, statements, Terms { facts: &nothing.0, permitted: &nothing.1 }).await
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[derive(Deserialize)]
struct Table {
    name: String,
    marked: bool,
}

/// That every row that the build added says so in the marker's column.
async fn marked(
    channel: &CloneChannel,
    marker: &RowMarker,
    organic: &[&str],
    entry: &Snapshot,
) -> Assertion {
    let (id, title) = ("proof-rows", "every row that was added carries the marker");
    let required = format!("{} begins with {}", marker.column, marker.prefix);
    let unclear = |why: String| Assertion::not_established(id, title, required.clone(), why);
    let list = MARKER_COLUMNS.replace("{column}", &literal(&marker.column));
    let tables = match ask(channel, &[list]).await.into_iter().next() {
        Some(Ok(reading)) => match reading.single("tables") {
            Some(Value::Text(json)) => serde_json::from_str(json).map_err(|e| e.to_string()),
            _ => Err("the answer has no tables".to_owned()),
        },
        Some(Err(why)) => Err(why),
        None => Err("there is no answer".to_owned()),
    };
    let tables: Vec<Table> = match tables {
        Ok(tables) => tables,
        Err(why) => return unclear(why),
    };
    let known = |name: &str| entry.relations.iter().any(|r| r.name == name);
    // Of a table that was there, the rows that are newer than entry's horizon count. Its xmax is cut to the
    // 32 bits that a row has.
    let horizon = entry.horizon.xmax & u64::from(u32::MAX);
    let newer = format!("pg_catalog.age(t.xmin) <= pg_catalog.age('{horizon}'::pg_catalog.xid)");
    let asked: Vec<(&Table, String)> = tables
        .iter()
        .filter_map(|table| match known(&table.name) {
            false => Some((table, "true".to_owned())),
            true if organic.contains(&table.name.as_str()) => Some((table, newer.clone())),
            true => None,
        })
        .collect();
    let column = format!("\"{}\"", marker.column.replace('"', "\"\""));
    let statements: Vec<String> = asked
        .iter()
        .map(|(table, which)| {
            let template = if table.marked { MARKED_ROWS } else { COUNTED_ROWS };
            template
                .replace("{which}", which)
                .replace("{prefix}", &literal(&marker.prefix))
                .replace("{column}", &column)
                .replace("{relation}", &table.name)
        })
        .collect();
    let answers = ask(channel, &statements).await;
    let (mut rows, mut bad, mut excused) = (0_i64, Vec::new(), Vec::new());
    for ((table, _), answer) in asked.iter().zip(answers) {
        let reading = match answer {
            Ok(reading) => reading,
            Err(why) => return unclear(format!("{}: {why}", table.name)),
        };
        let number = |column: &str| match reading.single(column) {
            Some(Value::Integer(n)) => Some(*n),
            _ => None,
        };
        let (Some(all), Some(unmarked)) = (number("rows"), number("unmarked")) else {
            return unclear(format!("{}: the answer has an unexpected shape", table.name));
        };
        rows += all;
        match (unmarked, table.marked, marker.without.contains_key(&table.name)) {
            (0, ..) => {}
            (_, false, true) => excused.push(format!("{} ({all} rows)", table.name)),
            (n, true, _) => bad.push(format!("{}: {n} of {all} rows", table.name)),
            (n, false, false) => bad.push(format!(
                "{}: {n} rows, and it has no column {}; name it in [build.row-marker.without] if that is meant",
                table.name, marker.column
            )),
        }
    }
    let mut actual = format!("{rows} rows in {} tables, {} without it", asked.len(), bad.len());
    if bad.is_empty() {
        actual = format!("{rows} rows in {} tables, all of them", asked.len());
    }
    if !excused.is_empty() {
        actual.push_str(&format!("; by the profile not {}", excused.join(", ")));
    }
    let holds = if bad.is_empty() { Ok(()) } else { Err(some(bad)) };
    Assertion::decide(id, title, required, actual, holds)
}

/// At most a handful, and how many more.
fn some(mut texts: Vec<String>) -> String {
    let more = texts.len().saturating_sub(SHOWN);
    texts.truncate(SHOWN);
    if more > 0 {
        texts.push(format!("and {more} more"));
    }
    texts.join("; ")
}

/// That each script of which the profile says so can be run again, and changes only what is declared.
async fn repeated(
    passage: &Passage<'_>,
    channel: &CloneChannel,
    scripts: &[GuardedScript],
) -> Vec<Assertion> {
    let mut rows = Vec::new();
    for (name, declared) in &passage.gate.profile.build.repeatable {
        let id = format!("proof-repeat-{name}");
        let title =
            format!("{name}, run again and rolled back, changes nothing but what is declared");
        let required = match declared.is_empty() {
            true => "no difference".to_owned(),
            false => {
                let of = |(relation, columns): (&String, &Vec<String>)| match columns.as_slice() {
                    [] => relation.clone(),
                    columns => format!("{relation} ({})", columns.join(", ")),
                };
                let declared: Vec<String> = declared.iter().map(of).collect();
                format!("no difference but in {}", declared.join(", "))
            }
        };
        let Some(script) = scripts.iter().find(|s| s.name() == name) else {
            let why = "the build has no script of that name";
            rows.push(Assertion::not_established(&id, title, required, why));
            continue;
        };
        passage.gate.observer.step(&format!("running {name} again"));
        let stop: Stop = passage.gate.stop.clone();
        rows.push(match channel.repeat(script, declared, stop.wait()).await {
            Ok(seen) => {
                let actual =
                    format!("{} relations compared, {} differ", seen.relations, seen.changed);
                let holds = if seen.changed == 0 {
                    Ok(())
                } else {
                    Err(format!("it changed {}: {}", seen.changed, some(seen.shown)))
                };
                Assertion::decide(&id, title, required, actual, holds)
            }
            Err(error) if error.is_the_scripts() => {
                Assertion::decide(&id, title, required, "it fails", Err(chain(&error)))
            }
            Err(error) => Assertion::not_established(&id, title, required, chain(&error)),
        });
    }
    rows
}

/// How big the clone is, and how far its server's log.
pub(crate) async fn weigh(channel: &CloneChannel) -> Result<Weight, String> {
    let answer = ask(channel, &[WEIGHT.to_owned()]).await.into_iter().next();
    let reading = answer.unwrap_or_else(|| Err("there is no answer".to_owned()))?;
    match (reading.single("bytes"), reading.single("wal")) {
        (Some(Value::Integer(bytes)), Some(Value::Integer(wal))) => {
            Ok(Weight { bytes: *bytes, wal: *wal })
        }
        _ => Err("the answer has an unexpected shape".to_owned()),
    }
}

/// What the build took.
pub(crate) struct Spent {
    /// Rows that are there and were not at entry.
    pub(crate) rows: Result<u64, String>,
    /// Definitions that are there and were not at entry.
    pub(crate) objects: u64,
    /// Before and after the scripts.
    pub(crate) weight: Result<(Weight, Weight), String>,
    /// The scripts' own time.
    pub(crate) time: Duration,
    /// Whether somebody else writes the server's log too.
    pub(crate) log: Log,
}

/// Whose the clone's server's log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Log {
    /// Production's too.
    Shared,
    /// The clone's server's own.
    Own,
}

/// Rows that were added between two snapshots.
pub(crate) fn added_rows(entry: &Snapshot, after: &Snapshot) -> Result<u64, String> {
    let mut rows = 0;
    for relation in &after.relations {
        let before = entry.relations.iter().find(|r| r.name == relation.name);
        match (relation.lineage, before.map(|b| b.lineage)) {
            (Some(now), None) => rows += now.rows,
            // An update is a row that is written too.
            (Some(now), Some(Some(_))) => rows += now.newer.unwrap_or(0),
            (None, None) if holds_rows(relation.kind) => {
                return Err(format!("{} could not be counted", relation.name));
            }
            _ => {}
        }
    }
    Ok(rows)
}

fn holds_rows(kind: clonegate_model::RelationKind) -> bool {
    use clonegate_model::RelationKind::{MaterializedView, Table};
    matches!(kind, Table | MaterializedView)
}

/// Each bound against what was taken. Without a bound there is nothing to keep, and the number still stands
/// there.
pub(crate) fn bounds(bounds: &Bounds, spent: &Spent) -> Vec<Assertion> {
    let weight = |of: fn(&Weight) -> i64| {
        spent.weight.as_ref().map(|(before, after)| of(after) - of(before)).map_err(Clone::clone)
    };
    let amount = |n: i64| u64::try_from(n).unwrap_or(0);
    let count = |n: u64| n.to_string();
    let milliseconds = u64::try_from(spent.time.as_millis()).unwrap_or(u64::MAX);
    let most = bounds.time.map(|t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX));
    let mut wal = bound(
        "bound-wal",
        "log written by the server meanwhile",
        bounds.wal,
        weight(|w| w.wal).map(amount),
        size,
    );
    if let (Log::Shared, clonegate_model::Outcome::NotMet(why)) = (spent.log, &wal.outcome) {
        // How much of it is the build's can't be told.
        wal.outcome = clonegate_model::Outcome::NotEstablished(format!(
            "{why}; production writes the same log, so that the build's share is not known"
        ));
    }
    vec![
        bound("bound-rows", "rows added", bounds.rows, spent.rows.clone(), count),
        bound("bound-objects", "definitions added", bounds.objects, Ok(spent.objects), count),
        bound(
            "bound-bytes",
            "growth of the clone",
            bounds.bytes,
            weight(|w| w.bytes).map(amount),
            size,
        ),
        wal,
        bound("bound-time", "the scripts' own time", most, Ok(milliseconds), |ms| {
            format!("{ms} ms")
        }),
    ]
}

fn bound(
    id: &str,
    title: &str,
    most: Option<u64>,
    actual: Result<u64, String>,
    show: impl Fn(u64) -> String,
) -> Assertion {
    let required = most.map_or_else(|| "—".to_owned(), |most| format!("at most {}", show(most)));
    match (actual, most) {
        (Err(why), Some(_)) => Assertion::not_established(id, title, required, why),
        (Err(why), None) => {
            Assertion::decide(id, title, required, format!("not known: {why}"), Ok(()))
        }
        (Ok(actual), most) => {
            let holds = match most {
                Some(most) if actual > most => {
                    Err(format!("{} are more than {}", show(actual), show(most)))
                }
                _ => Ok(()),
            };
            Assertion::decide(id, title, required, show(actual), holds)
        }
    }
}

/// Bytes for people.
fn size(bytes: u64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "it is shown with one digit")]
    let of = |unit: u64| bytes as f64 / unit as f64;
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", of(1024)),
        _ => format!("{:.1} MiB", of(1_048_576)),
    }
}

#[cfg(test)]
mod tests {
    use clonegate_model::Verdict;

    use super::*;

    fn spent(log: Log) -> Spent {
        let (before, after) =
            (Weight { bytes: 100, wal: 1_000 }, Weight { bytes: 300, wal: 1_500 });
        let time = Duration::from_millis(900);
        Spent { rows: Ok(10), objects: 3, weight: Ok((before, after)), time, log }
    }

    fn verdicts(given: &Bounds, spent: &Spent) -> Vec<Verdict> {
        bounds(given, spent).iter().map(|a| a.outcome.verdict()).collect()
    }

    #[test]
    fn a_bound_is_kept_up_to_its_last_unit_and_broken_by_the_next() {
        let time = |ms| Some(Duration::from_millis(ms));
        let kept = Bounds {
            rows: Some(10),
            objects: Some(3),
            bytes: Some(200),
            wal: Some(500),
            time: time(900),
        };
        assert_eq!(verdicts(&kept, &spent(Log::Own)), [Verdict::Pass; 5]);
        let broken = Bounds {
            rows: Some(9),
            objects: Some(2),
            bytes: Some(199),
            wal: Some(499),
            time: time(899),
        };
        assert_eq!(verdicts(&broken, &spent(Log::Own)), [Verdict::Fail; 5]);
        // Somebody else's records may be among them.
        assert_eq!(verdicts(&broken, &spent(Log::Shared))[3], Verdict::Inconclusive);
    }

    #[test]
    fn what_could_not_be_measured_keeps_no_bound() {
        let given = Bounds { rows: Some(10), bytes: Some(200), ..Bounds::default() };
        let unknown =
            Spent { rows: Err("locked".into()), weight: Err("gone".into()), ..spent(Log::Own) };
        let verdicts = verdicts(&given, &unknown);
        assert_eq!((verdicts[0], verdicts[2]), (Verdict::Inconclusive, Verdict::Inconclusive));
        assert_eq!(verdicts[3], Verdict::Pass, "nothing is required of it");
    }
}
