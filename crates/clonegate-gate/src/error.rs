//! Why there is no run record at all.

use std::path::PathBuf;

use clonegate_clone::Holder;
use clonegate_model::{DatabaseName, Exit};
use clonegate_sql::Refusal;
use clonegate_store::StoreError;

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
    #[error("another run holds the clone: {}, backend {}; wait for it, or see what it is with `clonegate status`", .0.by, .0.pid)]
    Held(Holder),
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
            GateError::Profile { .. } | GateError::Refused(_) => Exit::Usage,
            GateError::Held(_) => Exit::Held,
            GateError::Interrupted(_) => Exit::Inconclusive,
            GateError::Clone { .. } => Exit::Inconclusive,
            GateError::Store(_) | GateError::Unrecorded { .. } | GateError::Random(_) => {
                Exit::Unexpected
            }
        }
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
