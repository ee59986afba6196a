//! The record of making, keeping or dropping a clone: `clone.json`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Assertion, CloneMark, DatabaseName, Finding, RunId, Verdict};

/// The format of [`CloneRecord`] that this version writes and reads.
pub const CLONE_FORMAT: u32 = 1;

/// What was done with a clone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloneAct {
    /// It was made.
    Create,
    /// It lasts longer.
    Extend,
    /// It was dropped.
    Drop,
}

impl std::fmt::Display for CloneAct {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            CloneAct::Create => "create",
            CloneAct::Extend => "extend",
            CloneAct::Drop => "drop",
        })
    }
}

/// A dump that was written before a clone was dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpRecord {
    /// The file.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// One act on one clone, with everything that was required for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloneRecord {
    /// [`CLONE_FORMAT`]; a reader checks it before it trusts the rest.
    pub format: u32,
    /// The run.
    pub run: RunId,
    /// The profile's name.
    pub gate: String,
    /// What was to be done.
    pub act: CloneAct,
    /// Whether it was done.
    pub done: bool,
    /// The clone.
    pub clone: DatabaseName,
    /// Production.
    pub production: DatabaseName,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was completed.
    pub finished_at: Option<Timestamp>,
    /// What stands on the clone, or stood there.
    pub mark: Option<CloneMark>,
    /// The dump that was asked for.
    pub dump: Option<DumpRecord>,
    /// What was required and what came of it.
    pub steps: Vec<Assertion>,
    /// What differs between production and the clone, or between the clone and its dump.
    pub findings: Vec<Finding>,
}

impl CloneRecord {
    /// The verdict; what was not completed, or not done, can't PASS.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let whole = self.finished_at.is_some() && self.done;
        let whole = if whole { Verdict::Pass } else { Verdict::Inconclusive };
        let steps = Verdict::of(self.steps.iter().map(|a| a.outcome.verdict()));
        self.findings.iter().map(Finding::verdict).fold(whole.and(steps), Verdict::and)
    }

    /// In the order of the record, why the verdict is not PASS.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let steps = self
            .steps
            .iter()
            .filter_map(|a| a.outcome.reason().map(|reason| format!("{}: {reason}", a.title)));
        let findings = self.findings.iter().filter(|f| f.verdict() != Verdict::Pass);
        steps
            .chain(findings.map(|f| format!("{} {}: {}", f.subject, f.attribute, f.note)))
            .collect()
    }
}
