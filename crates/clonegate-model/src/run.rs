//! The run record: everything a report says, as data. `run.json` is this type; the Markdown is
//! made of nothing else.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Assertion, DatabaseName, Exit, Finding, Identity, RunId, Verdict};

/// The format of [`RunRecord`] that this version writes and reads.
pub const RUN_FORMAT: u32 = 2;

/// Whether the build's scripts are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Every script is run and rolled back: the profile authorizes no commits.
    Prototype,
    /// The scripts are committed on the clone.
    Persistent,
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Mode::Prototype => "prototype",
            Mode::Persistent => "persistent",
        })
    }
}

/// Who allowed commits on the clone, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// A person or a body.
    pub by: String,
    /// Where the decision is written down.
    pub reference: String,
    /// Why commits are needed and why they do no harm.
    pub reason: String,
    /// Until when; without it nothing is committed.
    #[serde(default)]
    pub expires: Option<Timestamp>,
    /// SHA-256 of the profile that it is for, in hexadecimal.
    #[serde(default)]
    pub profile: Option<String>,
    /// SHA-256 of the scripts and the rollback script that it is for, by their names.
    #[serde(default)]
    pub scripts: BTreeMap<String, String>,
}

/// One database of the run and the channel to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRecord {
    /// The database's name.
    pub database: DatabaseName,
    /// The channel.
    pub channel: ChannelRecord,
    /// Which server and database answered at entry.
    pub identity: Option<Identity>,
}

/// What a reader has to know about a channel; never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelRecord {
    /// How the database is reached, for instance the command line that is run on the host.
    pub route: String,
    /// The role.
    pub role: String,
    /// What can be done through it and what can't, and what sees to that.
    pub mutability: String,
}

/// One script of the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptRecord {
    /// The file's name.
    pub name: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// The file's length.
    pub bytes: u64,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: ScriptOutcome,
    /// The transaction's id on the clone's server, for `pg_xact_status`.
    pub transaction: Option<u64>,
    /// How long it ran, in milliseconds.
    pub milliseconds: Option<u64>,
}

/// What became of a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "detail")]
pub enum ScriptOutcome {
    /// It was never sent.
    NotRun,
    /// It ran to its end and the server confirmed the commit.
    Committed,
    /// It ran to its end and was rolled back, as a prototype run must.
    RolledBack,
    /// It failed; nothing of it was committed.
    Failed(String),
    /// It was sent, and what became of it could not be established.
    Unknown(String),
}

impl ScriptOutcome {
    /// The outcome's share in a verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            ScriptOutcome::Committed | ScriptOutcome::RolledBack => Verdict::Pass,
            ScriptOutcome::Failed(_) => Verdict::Fail,
            ScriptOutcome::NotRun | ScriptOutcome::Unknown(_) => Verdict::Inconclusive,
        }
    }
}

/// Work that people or agents did with their own tools, between `open` and `close`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHand {
    /// When entry was complete and the clone was handed over; `None` before that.
    pub opened_at: Option<Timestamp>,
    /// When the run was closed and the clone taken back.
    pub closed_at: Option<Timestamp>,
}

/// The rollback script, tried on a scratch copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RehearsalRecord {
    /// The scratch copy's name; it no longer exists.
    pub scratch: String,
    /// What was tried and what came of it.
    pub steps: Vec<Assertion>,
    /// What differs between the rolled-back copy and the clone at entry.
    pub findings: Vec<Finding>,
}

/// One passage through the gate. A part that is `None` was not taken, and then the run can't PASS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// [`RUN_FORMAT`]; a reader checks it before it trusts the rest.
    pub format: u32,
    /// The run.
    pub run: RunId,
    /// The profile's name.
    pub gate: String,
    /// The report's title.
    pub title: String,
    /// The version of clonegate that wrote it.
    pub clonegate: String,
    /// Whether the build's scripts are kept.
    pub mode: Mode,
    /// When the run began.
    pub started_at: Timestamp,
    /// When it was completed.
    pub finished_at: Option<Timestamp>,
    /// SHA-256 over the profile, its checks and its scripts.
    pub profile_sha256: String,
    /// Who allowed commits.
    pub authorization: Option<Authorization>,
    /// Why that was not enough, and the run is a prototype run all the same.
    #[serde(default)]
    pub authorization_refused: Vec<String>,
    /// Production and its channel.
    pub production: TargetRecord,
    /// The clone and its channel.
    pub clone: TargetRecord,
    /// That the two channels can't cross, and that the profile can be run at all.
    pub preflight: Vec<Assertion>,
    /// What has to be refused, tried against the guards themselves.
    pub controls: Option<Vec<Assertion>>,
    /// Production's checks at entry.
    pub production_entry: Option<Vec<Assertion>>,
    /// The clone's checks at entry.
    pub clone_entry: Option<Vec<Assertion>>,
    /// The scripts, in order.
    pub build: Vec<ScriptRecord>,
    /// That the work was done by hand, and no script was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<ByHand>,
    /// How big the clone was, and how far its server's log, before anything was done on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<Weight>,
    /// That the build only added, and marked what it added.
    pub proof: Option<Vec<Assertion>>,
    /// Who and what else was at work on the clone, from entry to exit.
    pub watch: Option<Vec<Assertion>>,
    /// What differs on the clone between entry and exit.
    pub clone_findings: Vec<Finding>,
    /// The rollback script on a scratch copy.
    pub rehearsal: Option<RehearsalRecord>,
    /// Production's checks at exit.
    pub production_exit: Option<Vec<Assertion>>,
    /// The clone's checks at exit.
    pub clone_exit: Option<Vec<Assertion>>,
    /// What differs on production between entry and exit.
    pub production_findings: Vec<Finding>,
    /// The claim "the run wrote nothing on production".
    pub wrote_nothing: Option<Vec<Assertion>>,
    /// The claim "nothing changed on production".
    pub nothing_changed: Option<Vec<Assertion>>,
    /// What no witness covered and the profile waived, with its reasons.
    #[serde(default)]
    pub waived: Vec<String>,
    /// Why the run ended before its exit, if it did.
    pub stopped: Option<String>,
}

impl RunRecord {
    /// Everything that was required, in the order of the report.
    pub fn assertions(&self) -> impl Iterator<Item = &Assertion> {
        let parts = [
            Some(&self.preflight),
            self.controls.as_ref(),
            self.production_entry.as_ref(),
            self.clone_entry.as_ref(),
            self.proof.as_ref(),
            self.watch.as_ref(),
            self.rehearsal.as_ref().map(|r| &r.steps),
            self.production_exit.as_ref(),
            self.clone_exit.as_ref(),
            self.wrote_nothing.as_ref(),
            self.nothing_changed.as_ref(),
        ];
        parts.into_iter().flatten().flatten()
    }

    /// Everything that differs.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let rehearsal = self.rehearsal.iter().flat_map(|r| &r.findings);
        self.production_findings.iter().chain(&self.clone_findings).chain(rehearsal)
    }

    /// How many checks were asked at entry.
    #[must_use]
    pub fn checks_asked(&self) -> usize {
        [&self.production_entry, &self.clone_entry].into_iter().flatten().map(Vec::len).sum()
    }

    /// The verdict. A part that was not taken, and a run that was stopped, can't PASS.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let taken = [
            self.controls.as_ref().is_some_and(|controls| !controls.is_empty()),
            self.production_entry.is_some(),
            self.clone_entry.is_some(),
            self.proof.is_some(),
            self.watch.as_ref().is_some_and(|watch| !watch.is_empty()),
            self.rehearsal.is_some(),
            self.production_exit.is_some(),
            self.clone_exit.is_some(),
            self.wrote_nothing.is_some(),
            self.nothing_changed.is_some(),
            self.finished_at.is_some(),
            self.stopped.is_none(),
            self.production_entry.as_ref().is_some_and(|checks| !checks.is_empty()),
            self.clone_entry.as_ref().is_some_and(|checks| !checks.is_empty()),
        ];
        let taken = taken.map(|t| if t { Verdict::Pass } else { Verdict::Inconclusive });
        Verdict::of(
            taken
                .into_iter()
                .chain(self.assertions().map(|a| a.outcome.verdict()))
                .chain(self.build.iter().map(|s| s.outcome.verdict()))
                .chain(self.findings().map(Finding::verdict)),
        )
    }

    /// How the command that made the run ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let both_taken = self.production_entry.is_some() && self.clone_entry.is_some();
        match self.verdict() {
            Verdict::Inconclusive if both_taken && self.checks_asked() == 0 => Exit::NothingChecked,
            verdict => verdict.into(),
        }
    }

    /// In the order of the report, why the verdict is not PASS.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        reasons.extend(self.stopped.clone());
        for assertion in self.assertions() {
            if let Some(reason) = assertion.outcome.reason() {
                reasons.push(format!("{}: {reason}", assertion.title));
            }
        }
        for script in &self.build {
            match &script.outcome {
                ScriptOutcome::Failed(why) => {
                    reasons.push(format!("{} failed: {why}", script.name))
                }
                ScriptOutcome::Unknown(why) => {
                    reasons.push(format!("what became of {} is not known: {why}", script.name));
                }
                ScriptOutcome::NotRun => reasons.push(format!("{} was not run", script.name)),
                ScriptOutcome::Committed | ScriptOutcome::RolledBack => {}
            }
        }
        for finding in self.findings().filter(|f| f.verdict() != Verdict::Pass) {
            reasons.push(format!("{} {}: {}", finding.subject, finding.attribute, finding.note));
        }
        let parts = [
            (self.controls.is_some(), "the guards were not tried"),
            (self.production_entry.is_some(), "production was not read at entry"),
            (self.clone_entry.is_some(), "the clone was not read at entry"),
            (self.proof.is_some(), "the build was not proven on the clone"),
            (self.watch.is_some(), "the clone's isolation was not watched to the end"),
            (self.rehearsal.is_some(), "the rollback was not rehearsed"),
            (self.production_exit.is_some(), "production was not read at exit"),
            (self.clone_exit.is_some(), "the clone was not read at exit"),
            (self.finished_at.is_some(), "the run was not completed"),
        ];
        reasons
            .extend(parts.into_iter().filter(|(taken, _)| !taken).map(|(_, why)| why.to_owned()));
        for (side, checks) in
            [("production", &self.production_entry), ("the clone", &self.clone_entry)]
        {
            if checks.as_ref().is_some_and(Vec::is_empty) {
                reasons.push(format!(
                    "nothing was checked on {side}: the profile has no checks for it"
                ));
            }
        }
        reasons
    }
}

/// How big a database is, and how far its server's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weight {
    /// Bytes of the database, with everything in it.
    pub bytes: i64,
    /// Bytes of log that the server has written since it was made.
    pub wal: i64,
}
