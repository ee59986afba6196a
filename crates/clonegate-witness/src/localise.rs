//! Which rows are newer than entry: the place of a difference.

use std::collections::BTreeMap;

use clonegate_model::{Reading, RelationState, RowSeen, Value};
use serde::Deserialize;

use crate::lineage::Against;
use crate::plan::Keys;
use crate::reader::{Reader, Unread};
use crate::rows::{packed, unpack};
use crate::scan::{Seen, Subject, within};
use crate::template::fill;

const NEWER_ROWS: &str = include_str!("../../../sql/engine/witness/newer_rows.sql");
const KEYS: &str = include_str!("../../../sql/engine/witness/keys.sql");

/// Rows that are kept in a snapshot.
const MOST_ROWS: usize = 500;
/// Rows that are kept of one relation, so that one does not hide the others.
const MOST_OF_ONE: usize = 100;
/// Statements that are asked.
const MOST_STATEMENTS: usize = 100;

#[derive(Debug, Deserialize)]
struct KeyRow {
    oid: u32,
    columns: Vec<String>,
}

/// Reads which rows are newer. What can't be read is left out: the difference itself is known already.
pub(crate) async fn localise<R: Reader + Send>(
    reader: &mut R,
    against: Against<'_>,
    subjects: &[Subject],
    seen: &[Seen],
    keys: Keys,
    relations: &mut [RelationState],
) {
    let changed: Vec<(&Subject, &Seen)> = subjects
        .iter()
        .zip(seen)
        .filter(|(_, s)| s.failure.is_none() && s.newer > 0)
        .take(MOST_STATEMENTS)
        .collect();
    if !against.is_later() || changed.is_empty() {
        return;
    }
    let keys = match keys {
        Keys::Redacted => BTreeMap::new(),
        Keys::Shown => read_keys(reader, &changed).await,
    };
    let (mut left, mut asked) = (MOST_ROWS, 0);
    for (subject, seen) in changed {
        let mut rows: Vec<RowSeen> = Vec::new();
        let mut pieces: Vec<_> =
            seen.pieces.iter().filter(|(_, range)| range.newer.unwrap_or_default() > 0).collect();
        pieces.sort_by_key(|(piece, _)| piece.from);
        for (piece, _) in pieces {
            let limit = MOST_OF_ONE.saturating_sub(rows.len()).min(left);
            if limit == 0 || asked == MOST_STATEMENTS {
                break;
            }
            asked += 1;
            let key = keys.get(&subject.oid).map_or_else(
                || "null".to_owned(),
                |columns| {
                    let columns: Vec<String> = columns.iter().map(|c| format!("t.{c}")).collect();
                    format!("row({})", columns.join(", "))
                },
            );
            let question = fill(
                NEWER_ROWS,
                &[
                    ("relation", subject.name.as_str()),
                    ("newer", against.newer().as_str()),
                    ("range", within(*piece, " and ").as_str()),
                    ("key", key.as_str()),
                    ("limit", limit.to_string().as_str()),
                ],
            );
            let answer = reader.read(&[question]).await.pop().unwrap_or(Err(Unread::silent()));
            match answer.map(|reading| fold(&reading)) {
                Ok(found) => {
                    left -= found.len().min(left);
                    rows.extend(found);
                }
                Err(unread) => {
                    tracing::debug!(relation = %subject.name, %unread, "rows were not named");
                    break;
                }
            }
        }
        if let Some(relation) = relations.iter_mut().find(|r| r.oid == subject.oid) {
            relation.newer_rows = rows;
        }
    }
}

async fn read_keys<R: Reader + Send>(
    reader: &mut R,
    changed: &[(&Subject, &Seen)],
) -> BTreeMap<u32, Vec<String>> {
    let oids: Vec<String> = changed.iter().map(|(s, _)| s.oid.to_string()).collect();
    let question = fill(KEYS, &[("relations", format!("{{{}}}", oids.join(",")).as_str())]);
    let answer = reader.read(&[packed(&question)]).await.pop().unwrap_or(Err(Unread::silent()));
    let rows: Vec<KeyRow> =
        answer.map_err(|e| e.reason).and_then(|r| unpack(&r)).unwrap_or_default();
    rows.into_iter().map(|row| (row.oid, row.columns)).collect()
}

fn fold(reading: &Reading) -> Vec<RowSeen> {
    let row = |row: &Vec<Value>| {
        let [Value::Text(place), Value::Integer(xid), committed_at, key] = row.as_slice() else {
            return None;
        };
        Some(RowSeen {
            place: place.clone(),
            xid: u32::try_from(*xid).ok()?,
            committed_at: committed_at.as_text().map(str::to_owned),
            key: key.as_text().map(str::to_owned),
        })
    };
    reading.rows.iter().filter_map(row).collect()
}
