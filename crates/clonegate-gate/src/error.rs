//! Why there is no run record at all.

use std::path::PathBuf;

use clonegate_clone::{HeldFor, Holder, Mark};
use clonegate_model::{DatabaseName, Exit, Owner, RunId};
use clonegate_sql::Refusal;
use clonegate_store::{RunState, StoreError};

use crate::Closed;

/// A file whose SQL the judge refused.
#[derive(Debug)]
pub struct RefusedFile {
    /// The file.
    pub path: PathBuf,
    /// Every place at which it breaks a rule.
    pub refusals: Vec<Refusal>,
}

/// Why a run ended without a record of its own, or could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The profile contradicts itself.
    #[error("{problem}; {hint}")]
    Profile {
        /// What is wrong.
        problem: String,
        /// What to do.
        hint: String,
    },
    /// SQL that may not run where the profile wants it to.
    #[error("{}", refused(.0))]
    Refused(Vec<RefusedFile>),
    /// Another run holds the clone.
    #[error(
        "another run holds the clone: {0}; wait for it, or see what it is with `clonegate unlock`"
    )]
    Held(Box<Holder>),
    /// The clone carries the mark of a run that is not over, as far as is known here.
    #[error("{}", marked(mark, *state))]
    Marked {
        /// The mark.
        mark: Box<Mark>,
        /// What this store knows of the run; `None` where it is another store's.
        state: Option<RunState>,
    },
    /// The clone carries a mark that another version wrote.
    #[error(
        "a run holds the clone, and its mark can't be read: {0}; use the version that wrote it"
    )]
    UnreadableMark(String),
    /// A lock whose owner lives, or may live, is not taken away.
    #[error("{}", live(holder, owner))]
    Live {
        /// Who has it.
        holder: Box<Holder>,
        /// What is known of its process.
        owner: String,
    },
    /// The store has no such run.
    #[error("there is no run {run} in {}; `clonegate status` lists them", store.display())]
    NoSuchRun {
        /// Its name.
        run: RunId,
        /// The store.
        store: PathBuf,
    },
    /// The run is over.
    #[error("the run {run} is over ({}); there is nothing left to do for it", state.word())]
    Over {
        /// The run.
        run: RunId,
        /// How it ended.
        state: RunState,
    },
    /// A process is at the run.
    #[error("the run {run} is in progress{}; wait for it", by(owner))]
    InProgress {
        /// The run.
        run: RunId,
        /// Which process.
        owner: Option<Owner>,
    },
    /// The run can't be taken further; nothing was done, and it stays as it is.
    #[error("the run {run} can't go on: {why}; {next}")]
    NotSafe {
        /// The run.
        run: RunId,
        /// Why not.
        why: String,
        /// What to do.
        next: String,
    },
    /// Somebody is still connected to the clone; the run stays open.
    #[error("{} connected to the clone: {}; close these sessions, then close the run again", are(.0.len()), .0.join(", "))]
    Busy(Vec<String>),
    /// Earlier runs on this clone were killed, and had committed to it; they are closed now.
    #[error("{}", interrupted(.0))]
    Interrupted(Vec<Closed>),
    /// The clone channel could not do what was asked.
    #[error("{doing}")]
    Clone {
        /// What was being done.
        doing: String,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The evidence could not be stored before the run began.
    #[error("the evidence could not be stored; nothing was run")]
    Store(#[from] StoreError),
    /// The evidence could not be stored in the middle of the run, which then ended.
    #[error("the evidence could not be stored; {}", left(committed, clone))]
    Unrecorded {
        /// The scripts that are known to be committed.
        committed: Vec<String>,
        /// The clone.
        clone: DatabaseName,
        /// Why not.
        #[source]
        source: StoreError,
    },
    /// The system gave no random bytes for a run id.
    #[error("{0}")]
    Random(String),
}

impl GateError {
    /// How the command that met it ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            GateError::Profile { .. }
            | GateError::Refused(_)
            | GateError::NoSuchRun { .. }
            | GateError::Over { .. } => Exit::Usage,
            GateError::Held(_)
            | GateError::Marked { .. }
            | GateError::UnreadableMark(_)
            | GateError::Live { .. }
            | GateError::InProgress { .. } => Exit::Held,
            GateError::Interrupted(_)
            | GateError::Clone { .. }
            | GateError::NotSafe { .. }
            | GateError::Busy(_) => Exit::Inconclusive,
            GateError::Store(_) | GateError::Unrecorded { .. } | GateError::Random(_) => {
                Exit::Unexpected
            }
        }
    }
}

fn marked(mark: &Mark, state: Option<RunState>) -> String {
    let run = &mark.run;
    let (is, next) = match state {
        Some(RunState::Open) => {
            ("open".to_owned(), format!("close it with `clonegate close {run}`"))
        }
        Some(RunState::InProgress) => ("in progress".to_owned(), "wait for it".to_owned()),
        Some(state) => (
            state.word().to_owned(),
            format!("end it with `clonegate resume {run}`, `close {run}` or `abandon {run}`"),
        ),
        None => {
            let held = match mark.held {
                HeldFor::Gate => "in progress or killed",
                HeldFor::Work => "open",
            };
            let next = format!(
                "end it where its evidence is, in {} on {}; if that is lost, `clonegate unlock --force --reason TEXT`",
                mark.store, mark.owner.host
            );
            (held.to_owned(), next)
        }
    };
    format!(
        "another run holds the clone: {run}, which is {is}, since {} ({}); {next}",
        mark.since, mark.owner
    )
}

fn live(holder: &Holder, owner: &str) -> String {
    format!(
        "the clone is held by {holder}; {owner}; wait for it, or end it with `clonegate unlock --force --reason TEXT`"
    )
}

fn by(owner: &Option<Owner>) -> String {
    owner.as_ref().map_or_else(String::new, |owner| format!(" ({owner})"))
}

fn are(sessions: usize) -> String {
    match sessions {
        1 => "a session is".to_owned(),
        n => format!("{n} sessions are"),
    }
}

fn left(committed: &[String], clone: &DatabaseName) -> String {
    if committed.is_empty() {
        format!("no script was committed on {clone} as far as the journal goes")
    } else {
        format!(
            "committed on {clone} are {}: take them back with `clonegate rollback`",
            committed.join(", ")
        )
    }
}

fn refused(files: &[RefusedFile]) -> String {
    let mut lines = vec!["SQL was refused; nothing was connected to".to_owned()];
    for file in files {
        for refusal in &file.refusals {
            lines.push(format!("  {}: {refusal}", file.path.display()));
        }
    }
    lines.join("\n")
}

fn interrupted(closed: &[Closed]) -> String {
    let lines: Vec<String> = closed.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
