//! The journal: what is about to be done, on disk before it is done.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use clonegate_model::{DatabaseName, Mode, Owner, Phase, Target, Verdict};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was written.
    pub at: Timestamp,
    /// What is about to be done, or was done.
    #[serde(flatten)]
    pub event: Event,
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
#[non_exhaustive]
pub enum Event {
    /// The run began.
    RunBegun {
        /// The profile's file.
        profile: String,
        /// Whether scripts will be committed.
        mode: Mode,
        /// The database that must stay untouched.
        production: DatabaseName,
        /// The database on which the work is done.
        clone: DatabaseName,
    },
    /// A snapshot is on disk.
    SnapshotStored {
        /// Of which database.
        target: Target,
        /// At which phase.
        phase: Phase,
        /// SHA-256 of the file, in hexadecimal.
        sha256: String,
    },
    /// A phase began.
    PhaseBegun {
        /// Which one.
        phase: Phase,
    },
    /// A script is about to be sent.
    ScriptSent {
        /// The file's name.
        script: String,
        /// SHA-256 of the file, in hexadecimal.
        sha256: String,
    },
    /// The script ran to its end in an open transaction; its ending is about to be sent.
    ScriptClosed {
        /// The file's name.
        script: String,
        /// The transaction's id, for `pg_xact_status`; `None` where it wrote nothing.
        transaction: Option<u64>,
        /// `commit` or `rollback`.
        ending: String,
    },
    /// What became of the script is known.
    ScriptEnded {
        /// The file's name.
        script: String,
        /// In words.
        outcome: String,
    },
    /// A scratch copy is about to be made.
    ScratchMade {
        /// Its name.
        database: DatabaseName,
    },
    /// The scratch copy is gone.
    ScratchDropped {
        /// Its name.
        database: DatabaseName,
    },
    /// The rollback script is about to be run for real.
    RollbackBegun {
        /// The profile's file.
        profile: String,
        /// The database on which it runs.
        clone: DatabaseName,
    },
    /// What became of the rollback script is known.
    RollbackEnded {
        /// In words.
        outcome: String,
    },
    /// Production is about to be read; until the next [`Event::ProductionAsserted`] nothing says what
    /// was asked of it.
    ProductionRead {
        /// At which phase.
        phase: Phase,
    },
    /// What the production channel of this process has asserted so far.
    ProductionAsserted {
        /// Its transactions.
        transactions: u64,
        /// Those that were seen to have no transaction id.
        asserted_without_xid: u64,
    },
    /// The clone is about to carry the run's mark.
    CloneMarking,
    /// The clone carries the run's mark.
    CloneMarked,
    /// The clone carries it no longer.
    CloneUnmarked,
    /// Entry is complete, and the clone is handed over to people or agents until the run is closed.
    RunOpened,
    /// A later process took the run.
    RunTaken {
        /// Which process.
        by: Owner,
        /// What it is about to do.
        to: Taking,
    },
    /// A clone's lock or mark is about to be taken away from its holder.
    UnlockBegun {
        /// The clone.
        clone: DatabaseName,
        /// Who has it.
        holder: String,
        /// Why, in the words of the one who did it; `None` where the holder is known to be gone.
        reason: Option<String>,
    },
    /// What became of the unlocking is known.
    UnlockEnded {
        /// In words.
        outcome: String,
    },
    /// The run was completed, or closed by a later command.
    RunEnded {
        /// Its verdict.
        verdict: Verdict,
    },
}

/// What a later process takes a run for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Taking {
    /// It goes on where the run was killed.
    Resume,
    /// It runs no further script, and takes what is missing: rehearsal, proof and exit.
    Close,
    /// It ends the run without its exit, for this reason.
    Abandon(String),
}

/// Appends to a journal.
#[derive(Debug)]
pub(crate) struct Journal(File);

impl Journal {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        // A line that a crash cut was never acted upon; the next one must not be glued to it.
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let whole = text.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            file.set_len(whole as u64)?;
            file.sync_all()?;
        }
        Ok(Self(file))
    }

    /// Writes one line and syncs it.
    pub(crate) fn append(&mut self, entry: &Entry) -> io::Result<()> {
        #[cfg(feature = "faults")]
        crate::faults::before_a_line()?;
        let mut line = serde_json::to_vec(entry).map_err(io::Error::other)?;
        line.push(b'\n');
        let before = self.0.metadata()?.len();
        let written = self.0.write_all(&line).and_then(|()| self.0.sync_data());
        if written.is_err() {
            // The step is not taken; half a line of it must not stay either.
            let _ = self.0.set_len(before);
        }
        #[cfg(feature = "faults")]
        if written.is_ok() {
            crate::faults::after_a_line()?;
        }
        written
    }
}

/// Reads a journal. A last line that was cut by a crash was never acted upon, and is left out.
pub(crate) fn read(text: &str) -> Result<Vec<Entry>, serde_json::Error> {
    let complete = text.rfind('\n').map_or("", |end| &text[..end]);
    complete.lines().map(serde_json::from_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_is_left_out_and_a_broken_one_is_not() {
        let line = |event: &Event| {
            serde_json::to_string(&Entry { at: Timestamp::UNIX_EPOCH, event: event.clone() })
                .unwrap()
        };
        let first = Event::PhaseBegun { phase: Phase::Build };
        let whole = format!("{}\n", line(&first));
        assert_eq!(read(&format!("{whole}{}", &line(&first)[..20])).unwrap().len(), 1);
        assert!(read(&format!("{{\"at\n{whole}")).is_err());
    }
}
