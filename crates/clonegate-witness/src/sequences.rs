//! The values of sequences.

use clonegate_model::{Covered, Reading, SequenceState, Value, Witness};
use serde::Deserialize;

use crate::coverage::Coverages;
use crate::reader::{Reader, Unread};
use crate::rows::SHAPE;

/// Sequences that one statement reads at the most, and the bytes of its text.
const GROUP: usize = 200;
const STATEMENT_BYTES: usize = 30 * 1024;

/// A sequence, as `sequences.sql` describes it.
#[derive(Debug, Deserialize)]
pub(crate) struct SequenceRow {
    name: String,
    /// `None` where it is gone: privileges are asked of now and not of the snapshot.
    readable: Option<bool>,
}

pub(crate) async fn read_sequences<R: Reader + Send>(
    reader: &mut R,
    rows: Result<Vec<SequenceRow>, String>,
    coverage: &mut Coverages,
) -> Vec<SequenceState> {
    let rows = match rows {
        Ok(rows) => rows,
        Err(why) => {
            coverage.gap("sequences", Witness::Sequence, why);
            return Vec::new();
        }
    };
    let mut names = Vec::new();
    for SequenceRow { name, readable } in rows {
        let why = match readable {
            Some(true) => {
                names.push(name);
                continue;
            }
            Some(false) => "this role may not read it; grant it SELECT",
            None => "it was dropped while the snapshot was read; run again",
        };
        coverage.gap(&name, Witness::Sequence, why);
    }
    let mut sequences = Vec::new();
    let mut groups = grouped(&names);
    while !groups.is_empty() {
        let statements: Vec<String> = groups.iter().map(|group| question(group)).collect();
        let mut answers = reader.read(&statements).await.into_iter();
        // One that is locked must not cover up the others of its group.
        let mut alone = Vec::new();
        for group in std::mem::take(&mut groups) {
            let answer = answers.next().unwrap_or(Err(Unread::silent()));
            match answer.map_err(|e| e.reason).and_then(|reading| fold(group, &reading)) {
                Ok(states) => sequences.extend(states),
                Err(_) if group.len() > 1 => alone.extend(group.chunks(1)),
                Err(why) => coverage.gap(&group[0], Witness::Sequence, why),
            }
        }
        groups = alone;
    }
    sequences.sort_by(|a: &SequenceState, b| a.name.cmp(&b.name));
    coverage.push(
        "sequences",
        Witness::Sequence,
        Covered::Yes(format!("{} sequences", sequences.len())),
    );
    sequences
}

/// As many as fit a statement.
fn grouped(names: &[String]) -> Vec<&[String]> {
    let mut groups = Vec::new();
    let mut rest = names;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take(GROUP).take_while(|name| {
            bytes += name.len() + 64;
            bytes <= STATEMENT_BYTES
        });
        let (group, others) = rest.split_at(fits.count().max(1));
        groups.push(group);
        rest = others;
    }
    groups
}

/// `log_cnt` is left out: it counts what is logged ahead, and moves by a checkpoint.
fn question(names: &[String]) -> String {
    let parts: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(n, name)| format!("select {n} as n, s.last_value, s.is_called from {name} as s"))
        .collect();
    format!("{} order by n", parts.join("\nunion all\n"))
}

fn fold(names: &[String], reading: &Reading) -> Result<Vec<SequenceState>, String> {
    if reading.rows.len() != names.len() {
        return Err("the answer has an unexpected number of rows".to_owned());
    }
    let states = names.iter().zip(&reading.rows).map(|(name, row)| match row.as_slice() {
        [_, Value::Integer(last_value), Value::Bool(is_called)] => {
            Ok(SequenceState { name: name.clone(), last_value: *last_value, is_called: *is_called })
        }
        _ => Err(SHAPE.to_owned()),
    });
    states.collect()
}
