//! How far a run has come, by its journal alone.

use clonegate_model::{DatabaseName, Footprint, Phase, Target, Verdict};
use jiff::Timestamp;

use crate::{Entry, Event, Stored};

/// What is the matter with a run, by its journal and by the lock on its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Its process is at it.
    InProgress,
    /// Entry is taken, and people or agents work on the clone until it is closed.
    Open,
    /// Its process is gone and it was not ended.
    Killed,
    /// It ended, by itself or by a later command.
    Ended(Verdict),
    /// A rollback, an unlocking: it ended, and such a thing has no verdict.
    Done,
    /// Its journal can't be read.
    Damaged,
    /// Its process was gone before the first step: nothing was done.
    Empty,
}

impl RunState {
    /// In a word, for people and for `--json`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            RunState::InProgress => "in progress",
            RunState::Open => "open",
            RunState::Killed => "killed",
            RunState::Ended(Verdict::Pass) => "PASS",
            RunState::Ended(Verdict::Fail) => "FAIL",
            RunState::Ended(Verdict::Inconclusive) => "INCONCLUSIVE",
            RunState::Done => "done",
            RunState::Damaged => "damaged",
            RunState::Empty => "empty",
        }
    }
}

/// What kind of thing a run's folder is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A passage through the gate.
    Passage,
    /// The rollback script for real.
    Rollback,
    /// A clone's lock was taken away.
    Unlock,
}

/// One sending of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The script's name.
    pub script: String,
    /// The transaction's id, once its ending was about to be sent.
    pub transaction: Option<u64>,
    /// `commit` or `rollback`, once that was about to be sent.
    pub ending: Option<String>,
    /// What became of it, in words, once that was known.
    pub outcome: Option<String>,
}

/// A snapshot that the journal says is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotNoted {
    /// Of which database.
    pub target: Target,
    /// At which phase.
    pub phase: Phase,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// How far a run has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// The scripts that were sent, in order; a resumed run may have sent one twice.
    pub attempts: Vec<Attempt>,
    /// The snapshots on disk, in order.
    pub snapshots: Vec<SnapshotNoted>,
    /// When entry was complete and the clone was handed over.
    pub opened_at: Option<Timestamp>,
    /// The last phase that began.
    pub phase: Option<Phase>,
    /// What the production channels of the run's processes asserted.
    pub asserted: Footprint,
    /// How often a process was gone while it read production: what it had asked last was not asserted.
    pub unasserted: u64,
    /// Scratch copies that may still be there.
    pub scratch: Vec<DatabaseName>,
    /// Whether the clone carries the run's mark, or may.
    pub marked: Marked,
}

/// Whether the clone carries the run's mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Marked {
    /// It was never to carry it, or does no longer.
    #[default]
    No,
    /// It was about to.
    Maybe,
    /// It does.
    Yes,
}

impl Progress {
    /// Reads a journal from its first line to its last.
    #[must_use]
    pub fn of(journal: &[Entry]) -> Self {
        let mut so_far = Self::default();
        // What one process asserted is a running sum of its own.
        let mut of_process = Footprint::default();
        let mut reading = false;
        for entry in journal {
            match &entry.event {
                Event::ScriptSent { script, sha256: _ } => so_far.attempts.push(Attempt {
                    script: script.clone(),
                    transaction: None,
                    ending: None,
                    outcome: None,
                }),
                Event::ScriptClosed { script, transaction, ending } => {
                    if let Some(attempt) = so_far.last_attempt(script) {
                        attempt.transaction = *transaction;
                        attempt.ending = Some(ending.clone());
                    }
                }
                Event::ScriptEnded { script, outcome } => {
                    if let Some(attempt) = so_far.last_attempt(script) {
                        attempt.outcome = Some(outcome.clone());
                    }
                }
                Event::SnapshotStored { target, phase, sha256 } => {
                    so_far.snapshots.push(SnapshotNoted {
                        target: *target,
                        phase: *phase,
                        sha256: sha256.clone(),
                    });
                }
                Event::PhaseBegun { phase } => so_far.phase = Some(*phase),
                Event::ScratchMade { database } => so_far.scratch.push(database.clone()),
                Event::ScratchDropped { database } => so_far.scratch.retain(|d| d != database),
                Event::ProductionRead { .. } => {
                    so_far.unasserted += u64::from(reading);
                    reading = true;
                }
                Event::ProductionAsserted { transactions, asserted_without_xid } => {
                    reading = false;
                    of_process = Footprint {
                        transactions: *transactions,
                        asserted_without_xid: *asserted_without_xid,
                    };
                }
                Event::RunTaken { .. } => {
                    so_far.unasserted += u64::from(reading);
                    reading = false;
                    so_far.add(std::mem::take(&mut of_process));
                }
                Event::RunOpened => so_far.opened_at = Some(entry.at),
                Event::CloneMarking => so_far.marked = Marked::Maybe,
                Event::CloneMarked => so_far.marked = Marked::Yes,
                Event::CloneUnmarked => so_far.marked = Marked::No,
                Event::RunBegun { .. }
                | Event::RollbackBegun { .. }
                | Event::RollbackEnded { .. }
                | Event::UnlockBegun { .. }
                | Event::UnlockEnded { .. }
                | Event::RunEnded { .. } => {}
            }
        }
        so_far.unasserted += u64::from(reading);
        so_far.add(of_process);
        so_far
    }

    fn add(&mut self, footprint: Footprint) {
        self.asserted.transactions += footprint.transactions;
        self.asserted.asserted_without_xid += footprint.asserted_without_xid;
    }

    fn last_attempt(&mut self, script: &str) -> Option<&mut Attempt> {
        self.attempts.iter_mut().rev().find(|a| a.script == script)
    }

    /// The last snapshot of a database at a phase.
    #[must_use]
    pub fn snapshot(&self, target: Target, phase: Phase) -> Option<&SnapshotNoted> {
        self.snapshots.iter().rev().find(|s| s.target == target && s.phase == phase)
    }

    /// Whether both snapshots of entry are on disk.
    #[must_use]
    pub fn has_entry(&self) -> bool {
        [Target::Production, Target::Clone]
            .iter()
            .all(|target| self.snapshot(*target, Phase::Entry).is_some())
    }
}

impl Stored {
    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress::of(&self.journal)
    }

    /// What the folder is of; `None` before its first line.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.journal.iter().find_map(|e| match e.event {
            Event::RunBegun { .. } => Some(Kind::Passage),
            Event::RollbackBegun { .. } => Some(Kind::Rollback),
            Event::UnlockBegun { .. } => Some(Kind::Unlock),
            _ => None,
        })
    }

    /// The clone that it is about.
    #[must_use]
    pub fn clone_database(&self) -> Option<&DatabaseName> {
        self.journal.iter().find_map(|e| match &e.event {
            Event::RunBegun { clone, .. }
            | Event::RollbackBegun { clone, .. }
            | Event::UnlockBegun { clone, .. } => Some(clone),
            _ => None,
        })
    }

    /// The file of its profile.
    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.journal.iter().find_map(|e| match &e.event {
            Event::RunBegun { profile, .. } | Event::RollbackBegun { profile, .. } => {
                Some(profile.as_str())
            }
            _ => None,
        })
    }

    /// What is the matter with it.
    #[must_use]
    pub fn state(&self) -> RunState {
        let ended = self.journal.iter().rev().find_map(|e| match &e.event {
            Event::RunEnded { verdict } => Some(RunState::Ended(*verdict)),
            Event::RollbackEnded { .. } | Event::UnlockEnded { .. } => Some(RunState::Done),
            _ => None,
        });
        match ended {
            _ if self.damaged => RunState::Damaged,
            Some(ended) => ended,
            None if self.owned => RunState::InProgress,
            None if self.journal.is_empty() => RunState::Empty,
            // A close that was killed leaves the run open: nobody but its closing ends it.
            None if self.journal.iter().any(|e| e.event == Event::RunOpened) => RunState::Open,
            None => RunState::Killed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(events: Vec<Event>) -> Vec<Entry> {
        events.into_iter().map(|event| Entry { at: Timestamp::UNIX_EPOCH, event }).collect()
    }

    fn stored(events: Vec<Event>) -> Stored {
        Stored {
            run: "r".parse().unwrap(),
            path: "r".into(),
            journal: journal(events),
            owned: false,
            damaged: false,
            owner: None,
        }
    }

    fn begun() -> Event {
        Event::RunBegun {
            profile: "p".to_owned(),
            mode: clonegate_model::Mode::Persistent,
            production: DatabaseName::new("p").unwrap(),
            clone: DatabaseName::new("c").unwrap(),
        }
    }

    fn sent(script: &str) -> Event {
        Event::ScriptSent { script: script.to_owned(), sha256: String::new() }
    }

    fn closed(script: &str, xid: u64) -> Event {
        Event::ScriptClosed {
            script: script.to_owned(),
            transaction: Some(xid),
            ending: "commit".to_owned(),
        }
    }

    #[test]
    fn a_script_that_was_sent_again_has_two_attempts_and_each_its_transaction() {
        let progress = Progress::of(&journal(vec![
            begun(),
            sent("a"),
            closed("a", 7),
            sent("a"),
            closed("a", 9),
        ]));
        let xids: Vec<Option<u64>> = progress.attempts.iter().map(|a| a.transaction).collect();
        assert_eq!(xids, [Some(7), Some(9)]);
    }

    #[test]
    fn a_process_that_was_gone_while_it_read_production_leaves_something_unasserted() {
        let read = |phase| Event::ProductionRead { phase };
        let asserted = |n| Event::ProductionAsserted { transactions: n, asserted_without_xid: n };
        let taken = || Event::RunTaken {
            by: clonegate_model::Owner::new("h", 1, "", ""),
            to: crate::Taking::Resume,
        };
        let whole = vec![begun(), read(Phase::Entry), asserted(5), taken(), read(Phase::Exit)];
        let progress = Progress::of(&journal(whole.clone()));
        assert_eq!((progress.unasserted, progress.asserted.transactions), (1, 5));
        let mut done = whole;
        done.push(asserted(3));
        let progress = Progress::of(&journal(done));
        assert_eq!((progress.unasserted, progress.asserted.transactions), (0, 8));
    }

    #[test]
    fn an_open_run_stays_open_when_its_close_is_killed_and_a_killed_run_is_no_open_one() {
        assert_eq!(stored(vec![begun()]).state(), RunState::Killed);
        let close = Event::RunTaken {
            by: clonegate_model::Owner::new("h", 1, "", ""),
            to: crate::Taking::Close,
        };
        let open = stored(vec![begun(), Event::RunOpened, close]);
        assert_eq!(open.state(), RunState::Open);
        assert!(!open.is_interrupted());
        let ended =
            stored(vec![begun(), Event::RunOpened, Event::RunEnded { verdict: Verdict::Fail }]);
        assert_eq!(ended.state(), RunState::Ended(Verdict::Fail));
    }
}
