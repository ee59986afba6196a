//! The lineage witness: how many rows a relation has, and how many of them are newer than entry.
//!
//! A row version that was inserted or written by an update carries the writing transaction's id in
//! `xmin`. If none is newer than the entry snapshot and the number of rows is the same, no row was
//! inserted, updated or deleted. VACUUM FULL and CLUSTER keep `xmin`, so they are rightly silent.
//!
//! One thing a snapshot does not tell: the ids of subtransactions that were in progress. Rows whose id lies
//! between the snapshot's `xmin` and `xmax` are therefore counted and their ids summed, at entry and again
//! at exit.

use std::collections::BTreeMap;

use clonegate_model::{Horizon, Lineage, Reading, Value};

/// Blocks that one statement reads at the most: 128 MB of 8 kB blocks, which a warm server scans in
/// well under a second.
const RANGE_BLOCKS: i64 = 16_384;

/// Relations that one statement reads at the most.
const GROUP: usize = 40;

/// What is to be read of one relation.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) oid: u32,
    pub(crate) name: String,
    pub(crate) blocks: i64,
}

/// One statement and the relations that it reads.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) sql: String,
    pub(crate) subjects: Vec<Subject>,
}

/// Against which horizon rows are held.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Against<'a> {
    /// This is entry, with this horizon.
    Itself(&'a Horizon),
    /// This is later, and entry had this horizon.
    Entry(&'a Horizon),
}

/// Packs small relations together and splits large ones into ranges of blocks.
pub(crate) fn questions(subjects: &[Subject], entry: Against<'_>) -> Vec<Question> {
    let mut questions = Vec::new();
    let mut group: Vec<Subject> = Vec::new();
    let mut blocks = 0;
    for subject in subjects {
        if subject.blocks > RANGE_BLOCKS {
            questions.extend(ranges(subject, entry));
            continue;
        }
        if group.len() == GROUP || blocks + subject.blocks > RANGE_BLOCKS {
            questions.extend(together(std::mem::take(&mut group), entry));
            blocks = 0;
        }
        blocks += subject.blocks;
        group.push(subject.clone());
    }
    questions.extend(together(group, entry));
    questions
}

/// One statement for a few relations; none for none.
pub(crate) fn together(group: Vec<Subject>, entry: Against<'_>) -> Option<Question> {
    let parts: Vec<String> = group.iter().map(|s| select(s, entry, "")).collect();
    (!parts.is_empty()).then(|| Question { sql: parts.join("\nunion all\n"), subjects: group })
}

fn ranges(subject: &Subject, entry: Against<'_>) -> Vec<Question> {
    let starts = (0..subject.blocks).step_by(usize::try_from(RANGE_BLOCKS).unwrap_or(usize::MAX));
    starts
        .map(|start| {
            let end = start + RANGE_BLOCKS;
            // The last range is open, because the relation may have grown since its size was read.
            let condition = if end >= subject.blocks {
                format!(" where t.ctid >= '({start},0)'::tid")
            } else {
                format!(" where t.ctid >= '({start},0)'::tid and t.ctid < '({end},0)'::tid")
            };
            Question { sql: select(subject, entry, &condition), subjects: vec![subject.clone()] }
        })
        .collect()
}

/// `age()` counts backwards from the next transaction id, so it orders ids across their wraparound;
/// the ids that were in progress at entry are below its horizon and named one by one.
fn select(subject: &Subject, entry: Against<'_>, condition: &str) -> String {
    let (Against::Itself(horizon) | Against::Entry(horizon)) = entry;
    let running: Vec<String> = horizon.running.iter().map(|xid| short(*xid).to_string()).collect();
    let is_newer = format!(
        "(pg_catalog.age(t.xmin) <= pg_catalog.age('{}'::xid) or t.xmin = any ('{{{}}}'::xid[]))",
        short(horizon.xmax),
        running.join(",")
    );
    let newer = match entry {
        Against::Itself(_) => "null::bigint".to_owned(),
        Against::Entry(_) => format!("count(*) filter (where {is_newer})"),
    };
    let is_recent = format!(
        "pg_catalog.age(t.xmin) <= pg_catalog.age('{}'::xid) and not {is_newer}",
        short(horizon.xmin)
    );
    format!(
        "select {}::bigint as oid, count(*) as rows, {newer} as newer, count(*) filter (where {is_recent}) as recent, \
         coalesce(pg_catalog.sum(t.xmin::text::bigint) filter (where {is_recent}), 0)::bigint as recent_xids \
         from only {} as t{condition}",
        subject.oid, subject.name
    )
}

/// A row carries the low half of its transaction's 64-bit id.
fn short(xid: u64) -> u32 {
    u32::try_from(xid & u64::from(u32::MAX)).unwrap_or_default()
}

/// Adds an answer to what is known of its relations; ranges of one relation add up.
pub(crate) fn fold(into: &mut BTreeMap<u32, Lineage>, reading: &Reading) -> Result<(), String> {
    for row in &reading.rows {
        let [
            Value::Integer(oid),
            Value::Integer(rows),
            newer,
            Value::Integer(recent),
            Value::Integer(xids),
        ] = row.as_slice()
        else {
            return Err("the answer has an unexpected shape".to_owned());
        };
        let count = |n: i64| u64::try_from(n).map_err(|_| "a count is negative".to_owned());
        let oid = u32::try_from(*oid).map_err(|_| "an oid is out of range".to_owned())?;
        let newer = newer.as_integer().map(count).transpose()?;
        let nothing = Lineage { rows: 0, newer: newer.map(|_| 0), recent: 0, recent_xids: 0 };
        let known = into.entry(oid).or_insert(nothing);
        known.rows += count(*rows)?;
        known.newer = known.newer.zip(newer).map(|(a, b)| a + b);
        known.recent += count(*recent)?;
        known.recent_xids = known.recent_xids.wrapping_add(count(*xids)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn horizon() -> Horizon {
        "10:12:10".parse().unwrap()
    }

    fn subject(oid: u32, blocks: i64) -> Subject {
        Subject { oid, name: format!("public.t{oid}"), blocks }
    }

    #[test]
    fn small_relations_share_a_statement_and_large_ones_are_split_without_a_gap() {
        let questions = questions(
            &[subject(1, 10), subject(2, 40_000), subject(3, 10)],
            Against::Itself(&horizon()),
        );
        let sql: Vec<&str> = questions.iter().map(|q| q.sql.as_str()).collect();
        assert_eq!(questions.len(), 4);
        assert!(sql[0].contains("'(0,0)'") && sql[0].contains("< '(16384,0)'"));
        assert!(sql[1].contains(">= '(16384,0)'") && sql[1].contains("< '(32768,0)'"));
        assert!(sql[2].contains(">= '(32768,0)'") && !sql[2].contains("t.ctid <"));
        assert!(sql[3].contains("public.t1") && sql[3].contains("public.t3"));
    }

    #[test]
    fn every_relation_is_asked_once() {
        let subjects: Vec<Subject> = (1..=100).map(|n| subject(n, 1000)).collect();
        let asked: Vec<u32> = questions(&subjects, Against::Itself(&horizon()))
            .iter()
            .flat_map(|q| &q.subjects)
            .map(|s| s.oid)
            .collect();
        assert_eq!(asked, (1..=100).collect::<Vec<u32>>());
    }

    #[test]
    fn ids_are_compared_by_their_low_half() {
        let horizon: Horizon = "4294967300:4294967310:4294967305".parse().unwrap();
        let sql = &questions(&[subject(1, 1)], Against::Entry(&horizon))[0].sql;
        assert!(sql.contains("age('14'::xid)") && sql.contains("'{9}'"), "{sql}");
    }

    #[test]
    fn ranges_add_up() {
        let answer = |rows: i64, newer: i64| Reading {
            columns: ["oid", "rows", "newer", "recent", "recent_xids"].map(str::to_owned).to_vec(),
            rows: vec![[7, rows, newer, 1, 10].map(Value::Integer).to_vec()],
            truncated: false,
        };
        let mut known = BTreeMap::new();
        fold(&mut known, &answer(3, 1)).unwrap();
        fold(&mut known, &answer(4, 0)).unwrap();
        assert_eq!(known[&7], Lineage { rows: 7, newer: Some(1), recent: 2, recent_xids: 20 });
    }
}
