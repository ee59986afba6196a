//! Clones as a whole: made from production, listed, kept longer, dropped.

mod create;
mod drop;
mod extend;
mod fidelity;
mod list;

use std::path::PathBuf;

use clonegate_clone::{CloneSettings, KeepError, Keeper, Limits};
use clonegate_model::{
    Assertion, CLONE_FORMAT, CloneAct, CloneMark, CloneName, CloneRecord, Outcome, RunId, chain,
    expiry,
};
use clonegate_store::{Event, RunFolder};
use jiff::Timestamp;

use crate::GateError;
use crate::channels::clone_settings;
use crate::preflight::consistent;
use crate::run::{Gate, new_run_id};

pub use list::{CloneKind, ListedClone};

/// Who wants something done with a clone, and why.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The clone; the profile's where it is `None`.
    pub name: Option<String>,
    /// By whom.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
}

/// What else is wanted when a clone is dropped.
#[derive(Debug, Clone, Default)]
pub struct DropTerms {
    /// Drop it although it has not expired; needs a reason.
    pub before_expiry: BeforeExpiry,
    /// Write a dump to this file first, and show that it can be restored.
    pub dump: Option<PathBuf>,
}

/// Whether a clone is dropped before its time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BeforeExpiry {
    /// It is not.
    #[default]
    No,
    /// It is, for the reason that was given.
    Yes,
}

/// An act on a clone that came to a record, whatever its verdict.
#[derive(Debug)]
pub struct Handled {
    /// Everything that was required and found.
    pub record: CloneRecord,
    /// The run's folder, still this process' own.
    pub folder: RunFolder,
}

/// An act on its way.
struct Handling<'a> {
    gate: &'a Gate<'a>,
    run: RunId,
    name: CloneName,
    keeper: Keeper,
    folder: RunFolder,
    record: CloneRecord,
}

/// What was found of something that is required.
enum Found {
    Met(String),
    NotMet { actual: String, why: String },
    Unknown(String),
}

fn row(id: &str, title: impl Into<String>, required: impl Into<String>, found: Found) -> Assertion {
    match found {
        Found::Met(actual) => Assertion::decide(id, title, required, actual, Ok(())),
        Found::NotMet { actual, why } => Assertion::decide(id, title, required, actual, Err(why)),
        Found::Unknown(why) => Assertion::not_established(id, title, required, why),
    }
}

impl Gate<'_> {
    /// A clone's name that the pattern admits, and which is neither production's nor one of those that
    /// production's channel may see.
    fn clone_name(&self, name: Option<&str>) -> Result<CloneName, GateError> {
        consistent(self.profile)?;
        let target = &self.profile.clone;
        let usage = |problem: String| GateError::Profile {
            problem,
            hint: "a clone is told from every other database by its name".to_owned(),
        };
        let Some(name) = name else { return Ok(target.database.clone()) };
        let admitted = target.name_pattern.admit(name).map_err(|e| usage(e.to_string()))?;
        let production = &self.profile.production;
        if production.database.as_str() == name
            || production.allowlist.iter().any(|d| d.as_str() == name)
        {
            return Err(usage(format!("{name} is production's, or on its allowlist")));
        }
        Ok(admitted)
    }

    fn expiry(&self, text: Option<&str>, now: Timestamp) -> Result<Timestamp, GateError> {
        let text = text.unwrap_or(&self.profile.clone.create.keep);
        expiry(text, now).filter(|at| *at > now).ok_or_else(|| GateError::Profile {
            problem: format!("{text:?} is no time until which a clone could last"),
            hint: "write for instance 36h, 14d, 2w or 2026-12-24".to_owned(),
        })
    }

    async fn keeper(&self, name: &CloneName, run: &RunId) -> Result<Keeper, GateError> {
        let profile = self.profile;
        let settings = CloneSettings { database: name.clone(), ..clone_settings(&profile.clone)? };
        let limits = Limits { lock_timeout: profile.limits.lock_timeout, ..Limits::default() };
        self.observer.step("connecting to the clone's server");
        Keeper::open(settings, run, limits)
            .await
            .map_err(|error| cant("reach the clone's server", error))
    }

    async fn handle<'a>(&'a self, act: CloneAct, wish: &Wish) -> Result<Handling<'a>, GateError> {
        let name = self.clone_name(wish.name.as_deref())?;
        let run = new_run_id()?;
        let keeper = self.keeper(&name, &run).await?;
        self.close_killed(&name)?;
        let mut folder = self.store.begin(&run)?;
        let clone = name.as_database().clone();
        folder.note(Event::CloneBegun { act, clone: clone.clone() })?;
        let record = CloneRecord {
            format: CLONE_FORMAT,
            run: run.clone(),
            gate: self.profile.name.clone(),
            act,
            done: false,
            clone,
            production: self.profile.production.database.clone(),
            by: wish.by.clone(),
            reason: wish.reason.clone(),
            started_at: Timestamp::now(),
            finished_at: None,
            mark: None,
            dump: None,
            steps: Vec::new(),
            findings: Vec::new(),
        };
        folder.store_clone(&record)?;
        Ok(Handling { gate: self, run, name, keeper, folder, record })
    }

    /// Acts on this clone whose process was killed are closed: what they left stands on the server, and
    /// is looked at there.
    fn close_killed(&self, name: &CloneName) -> Result<(), GateError> {
        for stored in self.store.runs()? {
            let of_clone = stored.journal.iter().find_map(|e| match &e.event {
                Event::CloneBegun { act, clone } if clone == name.as_database() => Some(*act),
                _ => None,
            });
            let Some(act) = of_clone.filter(|_| stored.is_interrupted()) else { continue };
            let Ok(mut folder) = self.store.reopen(&stored.run) else { continue };
            folder.note(Event::RunEnded { verdict: clonegate_model::Verdict::Inconclusive })?;
            self.observer.warning(&format!(
                "the earlier `clone {act}` of {name} was killed ({}); `clonegate clone list` shows what it left",
                stored.run
            ));
        }
        Ok(())
    }
}

impl Handling<'_> {
    /// Adds a row; whether the act may go on.
    fn require(&mut self, row: Assertion) -> bool {
        let met = row.outcome == Outcome::Met;
        self.record.steps.push(row);
        met
    }

    fn all_met(&self) -> bool {
        self.record.steps.iter().all(|step| step.outcome == Outcome::Met)
    }

    fn end(mut self) -> Result<Handled, GateError> {
        self.record.finished_at = Some(Timestamp::now());
        self.folder.store_clone(&self.record)?;
        self.folder.note(Event::RunEnded { verdict: self.record.verdict() })?;
        Ok(Handled { record: self.record, folder: self.folder })
    }
}

fn cant(doing: &str, error: KeepError) -> GateError {
    GateError::Clone { doing: format!("can't {doing}: {}", chain(&error)), source: Box::new(error) }
}

/// What stands on a database.
fn mark_of(comment: Option<&String>) -> Option<CloneMark> {
    CloneMark::parse(comment?)
}
