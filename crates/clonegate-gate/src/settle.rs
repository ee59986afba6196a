//! What became of the scripts of a run that was killed: the journal says what was sent, the server what
//! was committed.

use clonegate_clone::{CloneChannel, XactStatus};
use clonegate_model::{Mode, RunRecord, ScriptOutcome, chain};
use clonegate_store::{Attempt, Progress};

/// What became of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The server says that it is committed.
    Committed,
    /// Nothing of it is on the clone.
    Nothing,
    /// It can't be said.
    Unknown(String),
}

impl Fate {
    /// Whether anything of it is on the clone, or may be.
    pub(crate) fn may_be_there(&self) -> bool {
        !matches!(self, Fate::Nothing)
    }

    pub(crate) fn words(&self) -> String {
        match self {
            Fate::Committed => "committed".to_owned(),
            Fate::Nothing => "rolled back, nothing of it is on the clone".to_owned(),
            Fate::Unknown(why) => format!("not known: {why}"),
        }
    }
}

/// A script that was sent, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) script: String,
    pub(crate) transaction: Option<u64>,
    pub(crate) fate: Fate,
}

/// Asks the server about every script that was sent; `Err` says why there is no server to ask.
pub(crate) async fn settle(
    progress: &Progress,
    clone: Result<&CloneChannel, &str>,
) -> Vec<Settled> {
    let mut all: Vec<Settled> = Vec::new();
    for attempt in &progress.attempts {
        let fate = fate(attempt, clone).await;
        let settled =
            Settled { script: attempt.script.clone(), transaction: attempt.transaction, fate };
        match all.iter_mut().find(|s| s.script == attempt.script) {
            // A script is sent again only where nothing came of it: what may be there counts.
            Some(earlier) if earlier.fate == Fate::Nothing => *earlier = settled,
            Some(_) => {}
            None => all.push(settled),
        }
    }
    all
}

/// COMMIT is only sent after the journal has the transaction, so a script without one was never
/// committed; of the others the server knows.
async fn fate(attempt: &Attempt, clone: Result<&CloneChannel, &str>) -> Fate {
    let (Some(xid), Some("commit")) = (attempt.transaction, attempt.ending.as_deref()) else {
        return Fate::Nothing;
    };
    let clone = match clone {
        Ok(clone) => clone,
        Err(why) => return Fate::Unknown(why.to_owned()),
    };
    match clone.transaction_status(xid).await {
        Ok(XactStatus::Committed) => Fate::Committed,
        Ok(XactStatus::Aborted) => Fate::Nothing,
        Ok(XactStatus::InProgress) => {
            Fate::Unknown(format!("transaction {xid} is still in progress"))
        }
        Ok(XactStatus::Forgotten) => {
            Fate::Unknown(format!("the server no longer knows transaction {xid}"))
        }
        Err(error) => Fate::Unknown(chain(&error)),
    }
}

/// Writes into the record what is known now. What the run itself established stays.
pub(crate) fn write(record: &mut RunRecord, progress: &Progress, settled: &[Settled]) {
    for script in &mut record.build {
        let Some(known) = settled.iter().find(|s| s.script == script.name) else { continue };
        if matches!(script.outcome, ScriptOutcome::Failed(_)) {
            continue;
        }
        script.transaction = known.transaction.or(script.transaction);
        let attempt = progress.attempts.iter().rev().find(|a| a.script == script.name);
        let ran_to_its_end = attempt.is_some_and(|a| a.ending.as_deref() == Some("rollback"));
        script.outcome = match &known.fate {
            Fate::Committed => ScriptOutcome::Committed,
            Fate::Unknown(why) => ScriptOutcome::Unknown(why.clone()),
            Fate::Nothing if record.mode == Mode::Prototype && ran_to_its_end => {
                ScriptOutcome::RolledBack
            }
            Fate::Nothing => ScriptOutcome::NotRun,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(transaction: Option<u64>, ending: Option<&str>) -> Attempt {
        Attempt {
            script: "a".to_owned(),
            transaction,
            ending: ending.map(str::to_owned),
            outcome: None,
        }
    }

    #[tokio::test]
    async fn only_a_script_whose_commit_may_have_been_sent_is_not_known_without_the_server() {
        let gone = Err("gone");
        assert_eq!(fate(&attempt(None, None), gone).await, Fate::Nothing);
        assert_eq!(fate(&attempt(Some(7), Some("rollback")), gone).await, Fate::Nothing);
        let unknown = Fate::Unknown("gone".to_owned());
        assert_eq!(fate(&attempt(Some(7), Some("commit")), gone).await, unknown);
    }

    #[tokio::test]
    async fn of_a_script_that_was_sent_twice_what_may_be_there_counts() {
        let both = |first: Attempt, second: Attempt| Progress {
            attempts: vec![first, second],
            ..Progress::default()
        };
        let (nothing, maybe) = (attempt(None, None), attempt(Some(7), Some("commit")));
        for progress in [both(nothing.clone(), maybe.clone()), both(maybe, nothing)] {
            let settled = settle(&progress, Err("gone")).await;
            assert_eq!(settled.len(), 1);
            assert_eq!(settled[0].fate, Fate::Unknown("gone".to_owned()));
        }
    }
}
