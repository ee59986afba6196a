//! The record of a rollback for real: `rollback.json`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Assertion, DatabaseName, Finding, RunId, ScriptRecord, Verdict};

/// The format of [`RollbackRecord`] that this version writes and reads.
pub const ROLLBACK_FORMAT: u32 = 1;

/// One rollback script, run on the clone for real, and what is left of the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollbackRecord {
    /// [`ROLLBACK_FORMAT`]; a reader checks it before it trusts the rest.
    pub format: u32,
    /// The run.
    pub run: RunId,
    /// The profile's name.
    pub gate: String,
    /// The clone.
    pub clone: DatabaseName,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was completed.
    pub finished_at: Option<Timestamp>,
    /// The script.
    pub script: ScriptRecord,
    /// The run whose build was taken back: the clone must be as it was at its entry.
    pub takes_back: Option<RunId>,
    /// What was required and what came of it.
    pub steps: Vec<Assertion>,
    /// What differs from entry.
    pub findings: Vec<Finding>,
}

impl RollbackRecord {
    /// The verdict; a rollback that was not completed can't PASS.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let completed =
            if self.finished_at.is_some() { Verdict::Pass } else { Verdict::Inconclusive };
        let steps = Verdict::of(self.steps.iter().map(|a| a.outcome.verdict()));
        let findings = self.findings.iter().map(Finding::verdict);
        findings.fold(completed.and(steps).and(self.script.outcome.verdict()), Verdict::and)
    }
}
