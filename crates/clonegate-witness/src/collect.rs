//! Asks everything about one database and folds the answers.

use std::collections::BTreeMap;
use std::future::Future;

use clonegate_model::{
    CatalogObject, Coverage, Covered, Horizon, Lineage, Reading, RelationKind, RelationState,
    SequenceState, SessionState, Value, Witness,
};
use serde::Deserialize;

use crate::catalog;
use crate::lineage::{self, Against, Subject};
use crate::rows::{packed, unpack};

const HORIZON: &str = include_str!("../../../sql/engine/witness/horizon.sql");
const RELATIONS: &str = include_str!("../../../sql/engine/witness/relations.sql");
const SEQUENCES: &str = include_str!("../../../sql/engine/witness/sequences.sql");
const ACTIVITY: &str = include_str!("../../../sql/engine/witness/activity.sql");
const LARGE_OBJECTS: &str = include_str!("../../../sql/engine/witness/large_objects.sql");

/// Sequences that one statement reads at the most.
const SEQUENCE_GROUP: usize = 80;

/// A channel that can read.
pub trait Reader {
    /// Answers each statement, in order, on one snapshot of the database where the channel can. A
    /// failed statement does not keep the others from being answered; its text is the reason and
    /// carries no data of the database.
    fn read(
        &mut self,
        statements: &[String],
    ) -> impl Future<Output = Vec<Result<Reading, String>>> + Send;
}

/// What the witnesses saw in one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// Which transactions had completed.
    pub horizon: Horizon,
    /// Relations with their lineage, in the order of their names.
    pub relations: Vec<RelationState>,
    /// Sequences, in the order of their names.
    pub sequences: Vec<SequenceState>,
    /// Definitions, by class and identity.
    pub catalog: Vec<CatalogObject>,
    /// Other sessions.
    pub activity: Vec<SessionState>,
    /// What was covered, and what was not, and why.
    pub coverage: Vec<Coverage>,
}

/// Why a database could not be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectError {
    /// Without the horizon nothing can be held against a later snapshot.
    #[error("the horizon could not be read: {0}")]
    Horizon(String),
    /// Without the list of relations it is not known what there is to cover.
    #[error("the relations could not be listed: {0}")]
    Relations(String),
}

#[derive(Debug, Deserialize)]
struct RelationRow {
    name: String,
    oid: u32,
    kind: String,
    comment: Option<String>,
    readable: bool,
    populated: bool,
    heap: bool,
    blocks: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct SequenceRow {
    name: String,
    readable: bool,
}

#[derive(Debug, Deserialize)]
struct SessionRow {
    pid: i64,
    role: String,
    application: String,
    state: Option<String>,
}

/// Asks everything about one database. With the horizon of an earlier snapshot, lineage also counts
/// the rows that are newer.
///
/// # Errors
/// [`CollectError`] where nothing could be established; everything less is a gap in the coverage.
pub async fn collect<R: Reader + Send>(
    reader: &mut R,
    entry: Option<&Horizon>,
) -> Result<Collected, CollectError> {
    let questions: Vec<String> = vec![
        HORIZON.to_owned(),
        packed(RELATIONS),
        packed(SEQUENCES),
        packed(ACTIVITY),
        LARGE_OBJECTS.to_owned(),
    ];
    let mut answers = reader.read(&questions).await.into_iter();
    let mut next =
        || answers.next().unwrap_or_else(|| Err("the channel gave no answer".to_owned()));

    let horizon = next().and_then(|r| horizon(&r)).map_err(CollectError::Horizon)?;
    let relations: Vec<RelationRow> =
        next().and_then(|r| unpack(&r)).map_err(CollectError::Relations)?;
    let sequences: Result<Vec<SequenceRow>, String> = next().and_then(|r| unpack(&r));
    let activity: Result<Vec<SessionRow>, String> = next().and_then(|r| unpack(&r));
    let large_objects = next();

    let mut coverage = Coverages::default();
    let catalog = catalog::read(reader, &mut coverage.0).await;
    coverage.large_objects(large_objects);
    let activity = fold_activity(activity, &mut coverage);
    let against = entry.map_or(Against::Itself(&horizon), Against::Entry);
    let relations = read_lineage(reader, relations, against, &mut coverage).await;
    let sequences = read_sequences(reader, sequences, &mut coverage).await;
    for (witness, why) in [
        (Witness::Digest, "not taken; lineage covers the rows of one server"),
        (Witness::Wal, "not taken; lineage and catalog cover what it would"),
    ] {
        coverage.push("contents", witness, Covered::NotNeeded(why.to_owned()));
    }
    Ok(Collected { horizon, relations, sequences, catalog, activity, coverage: coverage.0 })
}

fn horizon(reading: &Reading) -> Result<Horizon, String> {
    let text = reading
        .single("horizon")
        .and_then(Value::as_text)
        .ok_or("the answer has an unexpected shape")?;
    text.parse().map_err(|e| format!("{e}"))
}

/// The coverage manifest as it grows.
#[derive(Default)]
struct Coverages(Vec<Coverage>);

impl Coverages {
    fn push(&mut self, subject: &str, witness: Witness, covered: Covered) {
        self.0.push(Coverage { subject: subject.to_owned(), witness, covered });
    }

    fn gap(&mut self, subject: &str, witness: Witness, why: impl Into<String>) {
        self.push(subject, witness, Covered::Gap(why.into()));
    }

    fn large_objects(&mut self, answer: Result<Reading, String>) {
        let count = answer.and_then(|r| {
            let count = r.single("large_objects").and_then(Value::as_integer);
            count.ok_or_else(|| "the answer has an unexpected shape".to_owned())
        });
        let covered = match count {
            Ok(0) => Covered::NotNeeded("there are none".to_owned()),
            Ok(n) => Covered::Gap(format!("the contents of {n} large objects are not read")),
            Err(why) => Covered::Gap(why),
        };
        self.push("large objects", Witness::Lineage, covered);
    }
}

fn fold_activity(
    rows: Result<Vec<SessionRow>, String>,
    coverage: &mut Coverages,
) -> Vec<SessionState> {
    match rows {
        Ok(rows) => rows
            .into_iter()
            .map(|SessionRow { pid, role, application, state }| SessionState {
                pid,
                role,
                application,
                state,
            })
            .collect(),
        Err(why) => {
            coverage.gap("sessions", Witness::Check, why);
            Vec::new()
        }
    }
}

async fn read_lineage<R: Reader + Send>(
    reader: &mut R,
    rows: Vec<RelationRow>,
    entry: Against<'_>,
    coverage: &mut Coverages,
) -> Vec<RelationState> {
    let mut relations = Vec::new();
    let mut subjects = Vec::new();
    for RelationRow { name, oid, kind, comment, readable, populated, heap, blocks } in rows {
        let (kind, rows_elsewhere) = match kind.as_str() {
            "m" => (
                RelationKind::MaterializedView,
                (!populated).then_some("it is not populated and has no rows"),
            ),
            "p" => (RelationKind::PartitionedTable, Some("its partitions hold the rows")),
            "f" => (
                RelationKind::ForeignTable,
                Some("its rows are another server's; its definition is covered"),
            ),
            _ => (RelationKind::Table, None),
        };
        match rows_elsewhere {
            Some(why) => coverage.push(&name, Witness::Lineage, Covered::NotNeeded(why.to_owned())),
            None if !readable => {
                coverage.gap(&name, Witness::Lineage, "this role may not read it; grant it SELECT")
            }
            None if !heap => coverage.gap(
                &name,
                Witness::Lineage,
                "its access method is not heap, and its rows may have no xmin",
            ),
            None => subjects.push(Subject {
                oid,
                name: name.clone(),
                blocks: blocks.unwrap_or_default(),
            }),
        }
        relations.push(RelationState { name, oid, kind, comment, lineage: None });
    }

    let questions = lineage::questions(&subjects, entry);
    let statements: Vec<String> = questions.iter().map(|q| q.sql.clone()).collect();
    let answers = reader.read(&statements).await;
    let mut known: BTreeMap<u32, Lineage> = BTreeMap::new();
    let mut failed: BTreeMap<u32, String> = BTreeMap::new();
    let mut again: Vec<Subject> = Vec::new();
    for (question, answer) in questions.into_iter().zip(answers) {
        match answer.and_then(|reading| lineage::fold(&mut known, &reading)) {
            Ok(()) => {}
            // One locked relation must not cover up the others of its group.
            Err(_) if question.subjects.len() > 1 => again.extend(question.subjects),
            Err(why) => failed.extend(question.subjects.into_iter().map(|s| (s.oid, why.clone()))),
        }
    }
    if !again.is_empty() {
        let statements: Vec<String> = again
            .iter()
            .filter_map(|s| lineage::together(vec![s.clone()], entry))
            .map(|q| q.sql)
            .collect();
        for (subject, answer) in again.into_iter().zip(reader.read(&statements).await) {
            if let Err(why) = answer.and_then(|reading| lineage::fold(&mut known, &reading)) {
                failed.insert(subject.oid, why);
            }
        }
    }
    let mut covered = 0;
    let mut rows = 0;
    for relation in &mut relations {
        match failed.get(&relation.oid) {
            Some(why) => coverage.gap(&relation.name, Witness::Lineage, why.clone()),
            None => {
                relation.lineage = known.get(&relation.oid).copied();
                covered += usize::from(relation.lineage.is_some());
                rows += relation.lineage.map_or(0, |l| l.rows);
            }
        }
    }
    // A relation that was to be read and has no answer would otherwise be neither covered nor a gap.
    for subject in &subjects {
        if !known.contains_key(&subject.oid) && !failed.contains_key(&subject.oid) {
            coverage.gap(&subject.name, Witness::Lineage, "the channel gave no answer");
        }
    }
    coverage.push(
        "relations",
        Witness::Lineage,
        Covered::Yes(format!("{covered} relations, {rows} rows")),
    );
    relations
}

async fn read_sequences<R: Reader + Send>(
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
        if readable {
            names.push(name);
        } else {
            coverage.gap(&name, Witness::Sequence, "this role may not read it; grant it SELECT");
        }
    }
    let groups: Vec<&[String]> = names.chunks(SEQUENCE_GROUP).collect();
    let statements: Vec<String> = groups.iter().map(|group| sequence_question(group)).collect();
    let mut sequences = Vec::new();
    let mut answers = reader.read(&statements).await.into_iter();
    for group in groups {
        let answer = answers.next().unwrap_or_else(|| Err("the channel gave no answer".to_owned()));
        match answer.and_then(|reading| fold_sequences(group, &reading)) {
            Ok(states) => sequences.extend(states),
            Err(why) => {
                group.iter().for_each(|name| coverage.gap(name, Witness::Sequence, why.clone()))
            }
        }
    }
    coverage.push(
        "sequences",
        Witness::Sequence,
        Covered::Yes(format!("{} sequences", sequences.len())),
    );
    sequences
}

/// `log_cnt` is left out: it counts what is logged ahead, and moves by a checkpoint.
fn sequence_question(names: &[String]) -> String {
    let parts: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(n, name)| format!("select {n} as n, s.last_value as last_value, s.is_called as is_called from {name} as s"))
        .collect();
    format!("{} order by n", parts.join("\nunion all\n"))
}

fn fold_sequences(names: &[String], reading: &Reading) -> Result<Vec<SequenceState>, String> {
    if reading.rows.len() != names.len() {
        return Err("the answer has an unexpected number of rows".to_owned());
    }
    let states = names.iter().zip(&reading.rows).map(|(name, row)| match row.as_slice() {
        [_, Value::Integer(last_value), Value::Bool(is_called)] => {
            Ok(SequenceState { name: name.clone(), last_value: *last_value, is_called: *is_called })
        }
        _ => Err("the answer has an unexpected shape".to_owned()),
    });
    states.collect()
}
