//! The build: every script through the clone channel, journalled before it is sent and before it is
//! ended.

use clonegate_clone::{CloneChannel, Ending, Outcome, ScriptFailure, Step};
use clonegate_model::{Mode, ScriptOutcome};
use clonegate_sql::GuardedScript;
use clonegate_store::Event;

use crate::channels::chain;
use crate::run::{Halt, Passage};

pub(crate) async fn run(
    passage: &mut Passage<'_>,
    clone: &CloneChannel,
    scripts: &[GuardedScript],
) -> Result<(), Halt> {
    let ending = match passage.record.mode {
        Mode::Prototype => Ending::RollBack,
        Mode::Persistent => Ending::Commit,
    };
    for (n, script) in scripts.iter().enumerate() {
        passage.go_on()?;
        passage.gate.observer.step(&format!("running {}", script.name()));
        passage.folder.note(Event::ScriptSent {
            script: script.name().to_owned(),
            sha256: script.sha256().to_owned(),
        })?;
        let folder = &mut *passage.folder;
        let journal = |step: Step| {
            // From here on the outcome is the server's to say; the journal has the transaction to ask for.
            if let Step::Ending(transaction, ending) = step {
                folder.note(Event::ScriptClosed {
                    script: script.name().to_owned(),
                    transaction: Some(transaction.xid),
                    ending: word(ending).to_owned(),
                })?;
            }
            Ok(())
        };
        let stop = passage.gate.stop.clone();
        let ran = clone.run_until(script, ending, journal, stop.wait()).await;
        let entry = &mut passage.record.build[n];
        let mut cancelled = false;
        match ran {
            Ok(run) => {
                entry.outcome = match ending {
                    Ending::Commit => ScriptOutcome::Committed,
                    Ending::RollBack => ScriptOutcome::RolledBack,
                };
                entry.transaction = Some(run.transaction.xid);
                entry.milliseconds = Some(millis(run.elapsed));
            }
            Err(error) => {
                cancelled = matches!(error.failure, ScriptFailure::Cancelled);
                entry.transaction = error.transaction.map(|t| t.xid);
                entry.milliseconds = Some(millis(error.elapsed));
                entry.outcome = match &error.outcome {
                    Outcome::RolledBack | Outcome::NotRun if cancelled => ScriptOutcome::NotRun,
                    // A connection that is lost says nothing against the script.
                    Outcome::RolledBack | Outcome::NotRun
                        if matches!(
                            error.failure,
                            ScriptFailure::Lost(_) | ScriptFailure::Session(_)
                        ) =>
                    {
                        ScriptOutcome::Unknown(format!(
                            "{}; nothing of it is committed",
                            chain(&error.failure)
                        ))
                    }
                    Outcome::RolledBack | Outcome::NotRun => {
                        ScriptOutcome::Failed(chain(&error.failure))
                    }
                    Outcome::Committed | Outcome::InProgress | Outcome::Unknown(_) => {
                        ScriptOutcome::Unknown(format!(
                            "{}; {}",
                            chain(&error.failure),
                            error.outcome
                        ))
                    }
                };
            }
        }
        let outcome = match &entry.outcome {
            ScriptOutcome::NotRun => "not run".to_owned(),
            ScriptOutcome::Committed => "committed".to_owned(),
            ScriptOutcome::RolledBack => "rolled back".to_owned(),
            ScriptOutcome::Failed(why) => format!("failed, nothing committed: {why}"),
            ScriptOutcome::Unknown(why) => format!("unknown: {why}"),
        };
        let failed = !matches!(entry.outcome, ScriptOutcome::Committed | ScriptOutcome::RolledBack);
        passage.folder.note(Event::ScriptEnded { script: script.name().to_owned(), outcome })?;
        passage.folder.store_record(passage.record)?;
        if cancelled {
            return Err(Halt::Stopped(
                "the run was stopped by a signal; the script that ran was rolled back".to_owned(),
            ));
        }
        if failed {
            break;
        }
    }
    Ok(())
}

fn word(ending: Ending) -> &'static str {
    match ending {
        Ending::Commit => "commit",
        Ending::RollBack => "rollback",
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
