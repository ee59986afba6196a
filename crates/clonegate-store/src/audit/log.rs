//! Appends to the log.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::entry::AuditEntry;

/// Why nothing could be recorded.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The disk is full, the folder may not be written, the file is gone.
    #[error("can't {doing} {}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The last line is not one that this program wrote.
    #[error("{} is damaged: {problem}; `clonegate audit verify` says where, and moving the file away begins another chain", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Other processes were writing for too long.
    #[error("{} was locked by other processes for {waited:?}", path.display())]
    Busy {
        /// Which file.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
}

/// A hash-chained log that several processes may append to.
#[derive(Debug)]
pub struct AuditLog {
    path: PathBuf,
}

impl AuditLog {
    /// A log in this file; it is made with the first entry.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends one entry and syncs it; gives its sequence number.
    ///
    /// # Errors
    /// [`AuditError`]: then the entry is not in the log.
    pub fn append(&self, _entry: &AuditEntry) -> Result<u64, AuditError> {
        unimplemented!("the next commit's")
    }
}
