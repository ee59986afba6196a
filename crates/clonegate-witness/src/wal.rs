//! The wal witness: which records of the write-ahead log between entry and exit touched which relation.
//!
//! It needs `pg_walinspect` (PostgreSQL 15 and later) and the right to use it, so it is only taken where it
//! is asked for. It sees what no comparison of two states can: writes that were undone, and relations that
//! came and went. It does not see unlogged relations, and a record does not say whether its transaction
//! committed.

use std::time::{Duration, Instant};

use clonegate_model::{Covered, Value, Wal, WalWrites, Witness};
use serde::Deserialize;

use crate::coverage::Coverages;
use crate::load::Guard;
use crate::plan::Asked;
use crate::reader::{Reader, Unread, UnreadKind};
use crate::rows::{packed, unpack};
use crate::template::fill;

const POSITION: &str = include_str!("../../../sql/engine/witness/wal_position.sql");
const WRITES: &str = include_str!("../../../sql/engine/witness/wal_writes.sql");

/// Functions of extensions that the witnesses call; a judge that knows only the server's own must be told.
pub const EXTENSION_FUNCTIONS: [&str; 1] = ["pg_get_wal_records_info"];

/// Bytes of log that one statement reads at first.
const FIRST_STEP: u64 = 4 << 20;
/// Bytes of log that are read at the most: what a run leaves, and not what a restore does.
const MOST: u64 = 16 << 30;

#[derive(Debug, Deserialize)]
struct WritesRow {
    database: Option<u32>,
    filenode: Option<u32>,
    relation: Option<String>,
    kind: Option<String>,
    records: u64,
    ended: Option<String>,
}

/// Reads where the log is and, at exit, what was written since entry.
pub(crate) async fn take<R: Reader + Send>(
    reader: &mut R,
    asked: Asked,
    entry: Option<&Wal>,
    mut guard: Guard,
    coverage: &mut Coverages,
) -> Option<Wal> {
    const SUBJECT: &str = "write-ahead log";
    if asked == Asked::No {
        let why = "not asked for; lineage and catalog cover what it would".to_owned();
        coverage.push("contents", Witness::Wal, Covered::NotNeeded(why));
        return None;
    }
    let position = match entry {
        None => Position::read(reader).await,
        Some(_) => Position::of_everything_that_ended(reader).await,
    };
    let Position { at, schema, behind } = match position {
        Ok(position) => position,
        Err(why) => {
            coverage.gap(SUBJECT, Witness::Wal, why);
            return None;
        }
    };
    let Some(entry) = entry else {
        coverage.push(SUBJECT, Witness::Wal, Covered::Yes(format!("its position, {at}")));
        return Some(Wal { at, since_entry: None });
    };
    match writes(reader, &schema, &entry.at, &at, &mut guard).await {
        Ok(writes) => {
            let records: u64 = writes.iter().map(|w| w.records).sum();
            let mut text =
                format!("{records} records that touch a relation, from {} to {at}", entry.at);
            if behind > 0 {
                text.push_str(&format!(
                    "; {behind} bytes after that are not on disk and were not read, though the server had the time to write whatever had ended"
                ));
            }
            coverage.push(SUBJECT, Witness::Wal, Covered::Yes(text));
            Some(Wal { at, since_entry: Some(writes) })
        }
        Err(why) => {
            coverage.gap(SUBJECT, Witness::Wal, why);
            Some(Wal { at, since_entry: None })
        }
    }
}

/// Where the log is.
struct Position {
    /// Up to here it is on disk, and can be read.
    at: String,
    /// The schema of `pg_walinspect`.
    schema: String,
    /// Bytes that are written and not on disk.
    behind: u64,
}

/// What the server says of its log.
struct Said {
    flushed: String,
    written: u64,
    schema: String,
    patience: Duration,
}

/// Beyond what PostgreSQL promises: its log's writer may wait for a processor and a disk.
const GRACE: Duration = Duration::from_secs(1);

impl Position {
    async fn read<R: Reader>(reader: &mut R) -> Result<Self, String> {
        Ok(Said::ask(reader).await?.position()?.0)
    }

    /// Waits until everything that ended by now is on disk: with `synchronous_commit = off` a transaction that
    /// anybody can see may not be there yet. It is waited for as long as PostgreSQL takes at the most; a page's hints
    /// and a transaction that goes on may stay in memory for longer, and how much that is, is said.
    async fn of_everything_that_ended<R: Reader>(reader: &mut R) -> Result<Self, String> {
        let mut said = Said::ask(reader).await?;
        let (written, until) = (said.written, Instant::now() + said.patience + GRACE);
        loop {
            let (mut position, flushed) = said.position()?;
            position.behind = written.saturating_sub(flushed);
            if position.behind == 0 || Instant::now() >= until {
                return Ok(position);
            }
            reader.wait(Duration::from_millis(50)).await;
            said = Said::ask(reader).await?;
        }
    }
}

impl Said {
    async fn ask<R: Reader>(reader: &mut R) -> Result<Self, String> {
        let answer = reader.read(&[fill(POSITION, &[])]).await.pop();
        let reading = answer.unwrap_or(Err(Unread::silent())).map_err(|e| e.reason)?;
        let text = |column: &str| reading.single(column).and_then(Value::as_text);
        let flushed = text("position").ok_or("the log has no position")?.to_owned();
        let written = lsn(text("written").ok_or("the log has no position")?)?;
        let schema = text("schema").ok_or(
            "pg_walinspect is not installed in this database; CREATE EXTENSION pg_walinspect (PostgreSQL 15 and later)",
        )?;
        if reading.single("usable") != Some(&Value::Bool(true)) {
            return Err("this role may not use pg_walinspect; GRANT EXECUTE ON FUNCTION pg_get_wal_records_info to it".to_owned());
        }
        let patience = reading.single("patience").and_then(Value::as_integer);
        let patience = patience.and_then(|ms| u64::try_from(ms).ok());
        let patience = patience.ok_or("wal_writer_delay can't be read")?;
        let schema = schema.to_owned();
        Ok(Self { flushed, written, schema, patience: Duration::from_millis(patience) })
    }

    fn position(self) -> Result<(Position, u64), String> {
        let flushed = lsn(&self.flushed)?;
        Ok((Position { at: self.flushed, schema: self.schema, behind: 0 }, flushed))
    }
}

/// Reads the interval in steps sized by time.
async fn writes<R: Reader + Send>(
    reader: &mut R,
    schema: &str,
    from: &str,
    to: &str,
    guard: &mut Guard,
) -> Result<Vec<WalWrites>, String> {
    let (mut at, end) = (lsn(from)?, lsn(to)?);
    if end.saturating_sub(at) > MOST {
        return Err(format!("{} bytes were written since entry; {MOST} are read", end - at));
    }
    let mut step = FIRST_STEP;
    let mut all: Vec<WalWrites> = Vec::new();
    // What is shorter than this holds no record, only the header of a page.
    while at + 64 < end {
        if guard.is_over() {
            return Err(guard.why_over().unwrap_or_default());
        }
        let next = at.saturating_add(step).min(end);
        let (first, last) = (shown(at), shown(next));
        let question = fill(WRITES, &[("schema", schema), ("from", &first), ("to", &last)]);
        let begun = std::time::Instant::now();
        let answer = reader.read(&[packed(&question)]).await.pop().unwrap_or(Err(Unread::silent()));
        match answer {
            Err(e) if e.kind == UnreadKind::TimedOut && step > 8192 => {
                step /= 4;
                continue;
            }
            Err(e) => return Err(e.reason),
            Ok(reading) => {
                // A record that only ends behind this interval belongs to the next one.
                let mut ended = None;
                for row in unpack::<WritesRow>(&reading)? {
                    match row.ended {
                        Some(ref position) => ended = Some(lsn(position)?),
                        None => add(&mut all, row),
                    }
                }
                match ended {
                    Some(position) => at = position,
                    None if next < end => step = step.saturating_mul(2),
                    None => return Err("its last record can't be read; run again".to_owned()),
                }
            }
        }
        if begun.elapsed().as_millis() < 250 {
            step = step.saturating_mul(2);
        } else if begun.elapsed().as_millis() > 750 {
            step = (step / 2).max(8192);
        }
    }
    all.sort();
    Ok(all)
}

fn add(all: &mut Vec<WalWrites>, row: WritesRow) {
    let WritesRow { relation, records, .. } = row;
    let (Some(database), Some(filenode), Some(kind)) = (row.database, row.filenode, row.kind)
    else {
        return;
    };
    let same =
        |w: &&mut WalWrites| (w.database, w.filenode, &w.kind) == (database, filenode, &kind);
    match all.iter_mut().find(same) {
        Some(known) => known.records += records,
        None => all.push(WalWrites { database, filenode, relation, kind, records }),
    }
}

fn lsn(text: &str) -> Result<u64, String> {
    let parse = |part: &str| u64::from_str_radix(part, 16).ok();
    text.split_once('/')
        .and_then(|(high, low)| Some((parse(high)? << 32) | parse(low)?))
        .ok_or_else(|| "a position of the log can't be read".to_owned())
}

fn shown(lsn: u64) -> String {
    format!("{:X}/{:X}", lsn >> 32, lsn & u64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_read_as_postgres_writes_them() {
        for text in ["0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF"] {
            assert_eq!(shown(lsn(text).unwrap()), text);
        }
        assert!(lsn("16").is_err() && lsn("x/1").is_err());
    }
}
