//! What is to be taken, and what it may cost.

use std::collections::BTreeSet;
use std::time::Duration;

use clonegate_model::{DigestKey, StreamKey};

/// What is to be taken, and what it may cost.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Which relations get a digest. Lineage, catalog, sequences and horizon are taken everywhere.
    pub digest: DigestOf,
    /// The key of the digests at entry; at exit entry's is taken.
    pub key: DigestKey,
    /// Which of the digests may be taken by streaming the rows to this program; `None` for none.
    pub stream: Option<Streaming>,
    /// Whether the write-ahead log is read.
    pub wal: Asked,
    /// Whether the keys of changed rows are read and kept.
    pub keys: Keys,
    /// How long a statement should take. 500 ms. Ranges are sized by it as they are read.
    pub slice: Duration,
    /// How long reading rows may take, and so how old a snapshot may become. 10 min. What is left then
    /// is named in the manifest.
    pub budget: Duration,
    /// How busy the server may be.
    pub load: LoadLimits,
}

/// Which relations get a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DigestOf {
    /// All.
    Everything,
    /// Those that are named, and those that are small.
    Chosen {
        /// By their quoted names.
        named: BTreeSet<String>,
        /// Up to how many bytes a relation is small, with what is stored out of line.
        small: u64,
    },
}

/// Which relations' rows may leave the server, to be hashed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Streaming {
    /// Which.
    pub granted: Granted,
    /// The key of streamed digests at entry; at exit entry's is taken.
    pub key: StreamKey,
}

/// What may be streamed, of the relations that get a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// All. Small ones are still read on the server, where many of them share a statement and each column has
    /// its own sum.
    Everything,
    /// These, by their quoted names, whatever their size.
    Named(BTreeSet<String>),
}

/// Whether something that is optional was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It was: if it can't be had, that is a gap.
    Yes,
    /// It was not.
    No,
}

/// Whether values of changed rows' keys are read and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// They are, and stand in the snapshot and in the report.
    Shown,
    /// They are not: a row is named by its place and its transaction.
    Redacted,
}

/// How busy the server may be before reading is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadLimits {
    /// Other sessions at work.
    pub active_sessions: Option<u64>,
    /// How far the slowest standby may be behind.
    pub replica_lag: Option<Duration>,
    /// How long is waited, in all, for the load to fall; then what is left is named in the manifest.
    pub patience: Duration,
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self { active_sessions: Some(100), replica_lag: None, patience: Duration::from_secs(60) }
    }
}

/// Up to this size a relation gets a digest if nothing else is said: 8 MiB.
pub const SMALL: u64 = 8 << 20;

impl Plan {
    /// The usual: a digest where relations are small.
    #[must_use]
    pub fn usual(key: DigestKey) -> Self {
        Self {
            digest: DigestOf::Chosen { named: BTreeSet::new(), small: SMALL },
            key,
            stream: None,
            wal: Asked::No,
            keys: Keys::Redacted,
            slice: Duration::from_millis(500),
            budget: Duration::from_secs(600),
            load: LoadLimits::default(),
        }
    }
}
