//! Runs that were killed and are ended without their exit: by the next run on their clone, or because
//! somebody abandons them.

use std::fmt;
use std::path::PathBuf;

use clonegate_clone::{CloneChannel, Found, Hold};
use clonegate_model::{DatabaseName, RunId, RunRecord, Verdict, chain};
use clonegate_store::{Event, Kind, RunFolder, RunState, Store, StoreError, Stored};

use crate::run::Gate;
use crate::settle::{self, settle};
use crate::take;
use crate::{GateError, Observer};

/// A run that was ended without its exit, now.
#[derive(Debug)]
pub struct Closed {
    /// The run.
    pub run: RunId,
    /// Its folder.
    pub path: PathBuf,
    /// What is known of each script that was sent.
    pub scripts: Vec<(String, String)>,
    /// Whether anything of it is on the clone, or may be.
    pub left_something: bool,
    /// Scratch copies that could not be dropped, or about which nothing is known.
    pub scratch: Vec<String>,
    /// The clone that it worked on.
    pub clone: DatabaseName,
    /// Why it ended, in words.
    pub why: String,
    /// Its record, with what is known now; a rollback has none, and a run that was killed before its
    /// first step.
    pub record: Option<RunRecord>,
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "the earlier run {} {}; it is closed now{} ({}):",
            self.run,
            self.why,
            self.record.as_ref().map_or(String::new(), |r| format!(" as {}", r.verdict())),
            self.path.display()
        )?;
        if self.record.as_ref().is_some_and(|r| r.by_hand.is_some()) {
            writeln!(f, "  people or agents worked on it by hand")?;
        } else if self.scripts.is_empty() {
            writeln!(f, "  no script had been sent")?;
        }
        for (script, what) in &self.scripts {
            writeln!(f, "  {script}: {what}")?;
        }
        for copy in &self.scratch {
            writeln!(f, "  the scratch copy {copy} may still be there")?;
        }
        if self.left_something {
            write!(
                f,
                "what is committed is still on the clone {}: take it back with `clonegate rollback`, or make the clone anew; then run the gate again",
                self.clone
            )
        } else {
            write!(f, "nothing of it is on the clone")
        }
    }
}

/// The runs in a store that were killed on this clone; those that are open are not among them.
///
/// # Errors
/// When the store can't be read.
pub fn interrupted_runs(store: &Store, clone: &DatabaseName) -> Result<Vec<Stored>, StoreError> {
    let of_clone = |s: &Stored| s.is_interrupted() && s.clone_database() == Some(clone);
    Ok(store.runs()?.into_iter().filter(of_clone).collect())
}

/// Closes the killed runs on this clone, and gives them. If one of them left something, the run that
/// found it does not begin.
pub(crate) async fn close_earlier(
    gate: &Gate<'_>,
    channel: &CloneChannel,
    hold: &mut Hold,
) -> Result<Vec<Closed>, GateError> {
    let name = gate.profile.clone.database.as_database();
    let mut all = Vec::new();
    for stored in interrupted_runs(gate.store, name)? {
        let folder = match gate.store.reopen(&stored.run) {
            Ok(folder) => folder,
            // Somebody took it in the meantime.
            Err(StoreError::Owned { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let clone = Reached { channel, hold };
        all.push(end(gate, &stored, folder, Ok(clone), Why::Killed).await?);
    }
    for left in drop_forgotten(gate.observer, name, channel).await {
        gate.observer.warning(&format!("the forgotten scratch copy {left} may still be there"));
    }
    if all.iter().any(|closed| closed.left_something) {
        return Err(GateError::Interrupted(all));
    }
    all.iter().for_each(|closed| gate.observer.warning(&closed.to_string()));
    Ok(all)
}

/// The clone, with its lock.
pub(crate) struct Reached<'a> {
    pub(crate) channel: &'a CloneChannel,
    pub(crate) hold: &'a mut Hold,
}

/// Why a run ends without its exit.
#[derive(Debug, Clone)]
pub(crate) enum Why {
    /// The next run on its clone found it killed.
    Killed,
    /// Somebody said so, for this reason.
    Abandoned(String),
}

impl Why {
    fn words(&self) -> String {
        match self {
            Why::Killed => "was killed".to_owned(),
            Why::Abandoned(reason) => format!("was abandoned ({reason})"),
        }
    }
}

/// Ends a run with what can be known without its exit. `Err` says why the clone is not reached.
pub(crate) async fn end(
    gate: &Gate<'_>,
    stored: &Stored,
    mut folder: RunFolder,
    clone: Result<Reached<'_>, String>,
    why: Why,
) -> Result<Closed, GateError> {
    let progress = stored.progress();
    let mut record = read_record(gate.store, &stored.run)?;
    let identity = record.as_ref().and_then(|r| r.clone.identity.as_ref());
    // Another database of that name knows nothing of this run.
    let clone = clone.and_then(|reached| {
        let same = identity.is_none_or(|i| i.is_same_database(reached.channel.identity()));
        if same { Ok(reached) } else { Err(ANOTHER.to_owned()) }
    });
    let mut scratch = Vec::new();
    match &clone {
        // A script of it may still be at work: nothing can be said of the clone before it has ended.
        Ok(reached) => {
            reached.channel.end_sessions_of(&stored.run).await.map_err(|e| {
                take::not_asked(&format!("what the sessions of {} still do", stored.run), e)
            })?;
            let name = gate.profile.clone.database.as_database();
            scratch = drop_forgotten(gate.observer, name, reached.channel).await;
        }
        Err(_) => scratch.extend(progress.scratch.iter().map(ToString::to_string)),
    }
    let asked = clone.as_ref().map(|reached| reached.channel).map_err(String::as_str);
    let is_another = asked.is_err_and(|why| why == ANOTHER);
    let settled = settle(&progress, asked).await;
    let is_rollback = stored.kind() == Some(Kind::Rollback);
    let by_hand = record.as_ref().is_some_and(|r| r.by_hand.is_some());
    // What a rollback commits takes something away.
    let left_something = !is_rollback
        && !is_another
        && (settled.iter().any(|s| s.fate.may_be_there())
            || by_hand && progress.opened_at.is_some());
    if let Some(record) = &mut record
        // The last line of its journal is all that was missing.
        && record.finished_at.is_none()
    {
        settle::write(record, &progress, &settled);
        record.stopped = Some(match &why {
            Why::Killed => {
                "the run was killed; what became of its scripts was asked of the server afterwards"
                    .to_owned()
            }
            Why::Abandoned(reason) => format!("the run was abandoned: {reason}"),
        });
        record.finished_at = Some(jiff::Timestamp::now());
        folder.store_record(record)?;
    }
    if let Ok(Reached { channel, hold }) = clone
        && let Ok(Found::Run(mark)) = hold.mark_now().await
        && mark.run == stored.run
    {
        take::unmark(gate, stored.run.clone(), channel, hold).await;
        folder.note(Event::CloneUnmarked)?;
    }
    let verdict = record.as_ref().map_or(Verdict::Inconclusive, RunRecord::verdict);
    folder.note(Event::RunEnded { verdict })?;
    Ok(Closed {
        run: stored.run.clone(),
        path: stored.path.clone(),
        scripts: settled.into_iter().map(|s| (s.script, s.fate.words())).collect(),
        left_something,
        scratch,
        clone: gate.profile.clone.database.as_database().clone(),
        why: why.words(),
        record,
    })
}

const ANOTHER: &str = "the database that it worked on does not answer here any more";

/// The record; `None` where the run was killed before it had one.
pub(crate) fn read_record(store: &Store, run: &RunId) -> Result<Option<RunRecord>, StoreError> {
    match store.record(run) {
        Ok(record) => Ok(Some(record)),
        Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Takes up a run that is not over and that nobody is at.
pub(crate) fn take_up(store: &Store, run: &RunId) -> Result<(Stored, RunFolder), GateError> {
    let Some(stored) = store.run(run)? else {
        return Err(GateError::NoSuchRun { run: run.clone(), store: store.root().to_owned() });
    };
    match stored.state() {
        RunState::Killed | RunState::Open | RunState::Empty => {}
        RunState::InProgress => {
            return Err(GateError::InProgress { run: run.clone(), owner: stored.owner });
        }
        state @ (RunState::Ended(_) | RunState::Done | RunState::Damaged) => {
            return Err(GateError::Over { run: run.clone(), state });
        }
    }
    match store.reopen(run) {
        Ok(folder) => {
            // What it did until its folder was ours counts too.
            let stored = store.run(run)?.unwrap_or(stored);
            Ok((stored, folder))
        }
        Err(StoreError::Owned { .. }) => {
            Err(GateError::InProgress { run: run.clone(), owner: stored.owner })
        }
        Err(error) => Err(error.into()),
    }
}

/// Scratch copies never outlive their run: those of killed runs are dropped, and those that can't be are
/// given. The lock is this run's, so no other run can be at work on one.
pub(crate) async fn drop_forgotten(
    observer: &dyn Observer,
    of: &DatabaseName,
    clone: &CloneChannel,
) -> Vec<String> {
    let copies = match clone.scratches().await {
        Ok(copies) => copies,
        Err(error) => {
            let why = chain(&error);
            observer.warning(&format!(
                "whether a killed run left a scratch copy can't be asked: {why}"
            ));
            return Vec::new();
        }
    };
    let prefix = format!("{of}x");
    let mut left = Vec::new();
    for copy in copies.iter().filter(|c| c.name.starts_with(&prefix)) {
        match clone.drop_scratch(copy).await {
            Ok(()) => observer
                .warning(&format!("dropped {}, the scratch copy of a killed run", copy.name)),
            Err(error) => {
                observer.warning(&format!(
                    "the forgotten scratch copy {} can't be dropped: {}",
                    copy.name,
                    chain(&error)
                ));
                left.push(copy.name.clone());
            }
        }
    }
    left
}
