//! The build: every script through the clone channel, journalled before it is sent and before it is
//! ended.
//!
//! A persistent run commits each script in a transaction of its own. A prototype run puts all of them
//! into one transaction and rolls that back: a script needs what the scripts before it made.

use clonegate_clone::{
    CloneChannel, Ending, ObserverError, Outcome, ScriptError, ScriptFailure, ScriptRun, Step,
};
use clonegate_model::{Mode, ScriptOutcome, chain};
use clonegate_sql::GuardedScript;
use clonegate_store::{Event, RunFolder, StoreError};

use crate::run::{Halt, Passage};
use crate::{Stop, authorization, proof};

pub(crate) async fn run(
    passage: &mut Passage<'_>,
    clone: &CloneChannel,
    scripts: &[GuardedScript],
) -> Result<(), Halt> {
    let ran = match passage.record.mode {
        Mode::Persistent => persistent(passage, clone, scripts).await,
        Mode::Prototype => prototype(passage, clone, scripts).await,
    };
    passage.weight = proof::weigh(clone).await;
    ran
}

async fn persistent(
    passage: &mut Passage<'_>,
    clone: &CloneChannel,
    scripts: &[GuardedScript],
) -> Result<(), Halt> {
    for (n, script) in scripts.iter().enumerate() {
        passage.go_on()?;
        // A run that was killed and goes on has some of them behind it.
        if passage.record.build[n].outcome == ScriptOutcome::Committed {
            continue;
        }
        authorization::still(passage.record).map_err(Halt::Stopped)?;
        passage.gate.observer.step(&format!("running {}", script.name()));
        let one = std::slice::from_ref(script);
        let ran =
            send(passage.folder, &passage.gate.stop, clone, script, one, Ending::Commit).await?;
        let entry = &mut passage.record.build[n];
        let cancelled = matches!(&ran, Err(e) if matches!(e.failure, ScriptFailure::Cancelled));
        match ran {
            Ok(run) => {
                entry.outcome = ScriptOutcome::Committed;
                entry.transaction = Some(run.transaction.xid);
                entry.milliseconds = Some(millis(run.elapsed));
            }
            Err(error) => {
                entry.transaction = error.transaction.map(|t| t.xid);
                entry.milliseconds = Some(millis(error.elapsed));
                entry.outcome = failed(&error, chain(&error.failure));
            }
        }
        let failed = entry.outcome != ScriptOutcome::Committed;
        ended(passage, n)?;
        if cancelled {
            return Err(stopped());
        }
        if failed {
            break;
        }
    }
    Ok(())
}

async fn prototype(
    passage: &mut Passage<'_>,
    clone: &CloneChannel,
    scripts: &[GuardedScript],
) -> Result<(), Halt> {
    let Some(joined) = GuardedScript::join(scripts) else { return Ok(()) };
    passage.gate.observer.step(&format!("running {}", joined.whole().name()));
    let whole = joined.whole();
    let ran =
        send(passage.folder, &passage.gate.stop, clone, whole, scripts, Ending::RollBack).await?;
    let cancelled = matches!(&ran, Err(e) if matches!(e.failure, ScriptFailure::Cancelled));
    let (transaction, elapsed) = match &ran {
        Ok(run) => (Some(run.transaction), run.elapsed),
        Err(error) => (error.transaction, error.elapsed),
    };
    for entry in &mut passage.record.build {
        entry.transaction = transaction.map(|t| t.xid);
        entry.outcome = ScriptOutcome::RolledBack;
    }
    if let Err(error) = &ran {
        // Where the server named a line, the scripts before it ran to their end.
        let (at, why) = match &error.failure {
            ScriptFailure::Sql { line: Some(line), diagnostic } => {
                let (script, line) = joined.place(*line);
                (script, format!("line {line}: {diagnostic}"))
            }
            other => (0, chain(other)),
        };
        for entry in passage.record.build.iter_mut().skip(at) {
            entry.outcome = ScriptOutcome::NotRun;
            entry.transaction = None;
        }
        if let Some(entry) = passage.record.build.get_mut(at) {
            entry.outcome = failed(error, why);
            entry.transaction = transaction.map(|t| t.xid);
        }
    }
    if let Some(last) = passage.record.build.last_mut() {
        // One transaction has one time, and it is that of all scripts together.
        last.milliseconds = Some(millis(elapsed));
    }
    for n in 0..scripts.len() {
        ended(passage, n)?;
    }
    if cancelled { Err(stopped()) } else { Ok(()) }
}

fn stopped() -> Halt {
    Halt::Stopped("the run was stopped by a signal; the script that ran was rolled back".to_owned())
}

/// Journals the scripts, sends them as one, and journals their ending before it is sent.
pub(crate) async fn send(
    folder: &mut RunFolder,
    stop: &Stop,
    clone: &CloneChannel,
    whole: &GuardedScript,
    scripts: &[GuardedScript],
    ending: Ending,
) -> Result<Result<ScriptRun, Box<ScriptError>>, StoreError> {
    for script in scripts {
        let (name, sha256) = (script.name().to_owned(), script.sha256().to_owned());
        folder.note(Event::ScriptSent { script: name, sha256 })?;
    }
    let journal = |step: Step| match step {
        // From here on the outcome is the server's to say; the journal has the transaction to ask for.
        Step::Ending(transaction, ending) => note_ending(folder, scripts, transaction.xid, ending),
        Step::Accepted | Step::Opened(_) | Step::Closed(_) => Ok(()),
    };
    Ok(clone.run_until(whole, ending, journal, stop.clone().wait()).await)
}

fn note_ending(
    folder: &mut RunFolder,
    scripts: &[GuardedScript],
    xid: u64,
    ending: Ending,
) -> Result<(), ObserverError> {
    let word = match ending {
        Ending::Commit => "commit",
        Ending::RollBack => "rollback",
    };
    for script in scripts {
        folder.note(Event::ScriptClosed {
            script: script.name().to_owned(),
            transaction: Some(xid),
            ending: word.to_owned(),
        })?;
    }
    Ok(())
}

/// What a failure says of a script.
fn failed(error: &ScriptError, why: String) -> ScriptOutcome {
    let nothing_committed = matches!(error.outcome, Outcome::RolledBack | Outcome::NotRun);
    match &error.failure {
        ScriptFailure::Cancelled if nothing_committed => ScriptOutcome::NotRun,
        // A connection that is lost says nothing against the script.
        failure if failure.is_of_the_connection() && nothing_committed => {
            ScriptOutcome::Unknown(format!("{why}; nothing of it is committed"))
        }
        _ if nothing_committed => ScriptOutcome::Failed(why),
        _ => ScriptOutcome::Unknown(format!("{why}; {}", error.outcome)),
    }
}

fn ended(passage: &mut Passage<'_>, n: usize) -> Result<(), Halt> {
    let script = &passage.record.build[n];
    let outcome = match &script.outcome {
        ScriptOutcome::NotRun => "not run".to_owned(),
        ScriptOutcome::Committed => "committed".to_owned(),
        ScriptOutcome::RolledBack => "rolled back".to_owned(),
        ScriptOutcome::Failed(why) => format!("failed, nothing committed: {why}"),
        ScriptOutcome::Unknown(why) => format!("unknown: {why}"),
    };
    let name = script.name.clone();
    passage.folder.note(Event::ScriptEnded { script: name, outcome })?;
    passage.folder.store_record(passage.record)?;
    Ok(())
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
