//! Runs that were killed: what they had committed is asked of the server, and they are closed.

use std::fmt;
use std::path::PathBuf;

use clonegate_clone::{CloneChannel, XactStatus};
use clonegate_model::{DatabaseName, RunId, RunRecord, ScriptOutcome, Verdict};
use clonegate_store::{Event, Store, StoreError, Stored};

use crate::channels::chain;
use crate::run::Gate;
use crate::{GateError, forgotten};

/// A killed run that was closed now.
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
    /// The clone that it worked on.
    pub clone: DatabaseName,
    /// Its record, with what is known now; a rollback has none, and a run that was killed before its
    /// first step.
    pub record: Option<RunRecord>,
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "the earlier run {} was killed; it is closed now{} ({}):",
            self.run,
            self.record.as_ref().map_or(String::new(), |r| format!(" as {}", r.verdict())),
            self.path.display()
        )?;
        if self.scripts.is_empty() {
            writeln!(f, "  no script had been sent")?;
        }
        for (script, what) in &self.scripts {
            writeln!(f, "  {script}: {what}")?;
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

/// The runs in a store that were killed on this clone.
///
/// # Errors
/// When the store can't be read.
pub fn interrupted_runs(store: &Store, clone: &DatabaseName) -> Result<Vec<Stored>, StoreError> {
    let of_clone = |stored: &Stored| {
        stored
            .journal
            .iter()
            .any(|e| matches!(&e.event, Event::RunBegun { clone: c, .. } | Event::RollbackBegun { clone: c, .. } if c == clone))
    };
    Ok(store.runs()?.into_iter().filter(|s| s.is_interrupted() && of_clone(s)).collect())
}

/// Closes the killed runs on this clone, and gives them. If one of them left something, the run that
/// found it does not begin.
pub(crate) async fn close_earlier(
    gate: &Gate<'_>,
    clone: &CloneChannel,
) -> Result<Vec<Closed>, GateError> {
    let name = gate.profile.clone.database.as_database();
    let mut all = Vec::new();
    for stored in interrupted_runs(gate.store, name)? {
        all.extend(close(gate.store, &stored, clone).await?);
    }
    forgotten::drop_forgotten(gate, clone).await;
    if all.iter().any(|closed| closed.left_something) {
        return Err(GateError::Interrupted(all));
    }
    all.iter().for_each(|closed| gate.observer.warning(&closed.to_string()));
    Ok(all)
}

/// `None` where somebody else took the run in the meantime.
async fn close(
    store: &Store,
    stored: &Stored,
    clone: &CloneChannel,
) -> Result<Option<Closed>, GateError> {
    let mut folder = match store.reopen(&stored.run) {
        Ok(folder) => folder,
        // Somebody took it in the meantime.
        Err(StoreError::Owned { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut record = match store.record(&stored.run) {
        Ok(record) => Some(record),
        Err(StoreError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error.into()),
    };
    let is_rollback = stored.journal.iter().any(|e| matches!(e.event, Event::RollbackBegun { .. }));
    let identity = record.as_ref().and_then(|r| r.clone.identity.as_ref());
    let same = identity.is_none_or(|i| i.is_same_database(clone.identity()));
    // A script of it may still be at work: nothing can be said of the clone before it has ended.
    if same {
        clone.end_sessions_of(&stored.run).await.map_err(|e| GateError::Clone {
            doing: format!(
                "the sessions of the killed run {} can't be ended: {}",
                stored.run,
                chain(&e)
            ),
            source: Box::new(e),
        })?;
    }
    let mut scripts = Vec::new();
    let mut left_something = false;
    for sent in sent_scripts(stored) {
        let (outcome, left) = if same {
            settle(&sent, clone).await
        } else {
            let why = "the database that it worked on does not answer here any more".to_owned();
            (ScriptOutcome::Unknown(why), false)
        };
        // What a rollback commits takes something away.
        left_something |= left && !is_rollback;
        scripts.push((sent.name.clone(), describe(&outcome)));
        let build = record.iter_mut().flat_map(|r| &mut r.build);
        if let Some(script) = build.into_iter().find(|s| s.name == sent.name) {
            script.outcome = outcome;
            script.transaction = sent.transaction.or(script.transaction);
        }
    }
    let mut verdict = Verdict::Inconclusive;
    if let Some(record) = &mut record {
        let why =
            "the run was killed; what became of its scripts was asked of the server afterwards";
        record.stopped = Some(why.to_owned());
        record.finished_at = Some(jiff::Timestamp::now());
        folder.store_record(record)?;
        verdict = record.verdict();
    }
    folder.note(Event::RunEnded { verdict })?;
    Ok(Some(Closed {
        run: stored.run.clone(),
        path: stored.path.clone(),
        scripts,
        left_something,
        clone: clone.identity().database.clone(),
        record,
    }))
}

/// What the journal says of a script.
struct Sent {
    name: String,
    transaction: Option<u64>,
    /// `commit` or `rollback`, once its ending was about to be sent.
    ending: Option<String>,
}

fn sent_scripts(stored: &Stored) -> Vec<Sent> {
    let mut scripts: Vec<Sent> = Vec::new();
    for entry in &stored.journal {
        match &entry.event {
            Event::ScriptSent { script, .. } => {
                scripts.push(Sent { name: script.clone(), transaction: None, ending: None })
            }
            Event::ScriptClosed { script, transaction, ending } => {
                if let Some(sent) = scripts.iter_mut().find(|s| s.name == *script) {
                    sent.transaction = *transaction;
                    sent.ending = Some(ending.clone());
                }
            }
            _ => {}
        }
    }
    scripts
}

/// COMMIT is only sent after the journal has the transaction, so a script without one was never
/// committed; of the others the server knows.
async fn settle(sent: &Sent, clone: &CloneChannel) -> (ScriptOutcome, bool) {
    let (Some(xid), Some("commit")) = (sent.transaction, sent.ending.as_deref()) else {
        return (ScriptOutcome::RolledBack, false);
    };
    match clone.transaction_status(xid).await {
        Ok(XactStatus::Committed) => (ScriptOutcome::Committed, true),
        Ok(XactStatus::Aborted) => (ScriptOutcome::RolledBack, false),
        Ok(XactStatus::InProgress) => {
            (ScriptOutcome::Unknown(format!("transaction {xid} is still in progress")), true)
        }
        Ok(XactStatus::Forgotten) => {
            (ScriptOutcome::Unknown(format!("the server no longer knows transaction {xid}")), true)
        }
        Err(error) => (ScriptOutcome::Unknown(chain(&error)), true),
    }
}

fn describe(outcome: &ScriptOutcome) -> String {
    match outcome {
        ScriptOutcome::Committed => "committed".to_owned(),
        ScriptOutcome::RolledBack => "rolled back, nothing of it is on the clone".to_owned(),
        ScriptOutcome::NotRun => "not run".to_owned(),
        ScriptOutcome::Failed(why) | ScriptOutcome::Unknown(why) => format!("not known: {why}"),
    }
}
