//! Journal, snapshots and evidence of a run on disk.
//!
//! A [`Store`] is a folder, by default `.clonegate`; each run has a [`RunFolder`] in it:
//!
//! ```text
//! .clonegate/runs/<run id>/
//!     owner                   which process makes the run; locked by it for as long as it lives
//!     journal.jsonl           one line a step, on disk before the step is taken
//!     production-entry.json   a snapshot, written before anything is changed
//!     clone-entry.json  production-exit.json  clone-exit.json  scratch-rehearsal.json
//!     run.json                the run record
//!     report.md               the report
//! ```
//!
//! A snapshot that belongs to no run has a file of its own ([`write_snapshot`]). Beside the runs is the audit log of what was asked of production ([`audit`]): `.clonegate/audit.jsonl`.
//!
//! Files appear whole or not at all: each is written beside its place, synced, renamed, and its
//! folder synced. How far a run has come is said by its
//! journal alone ([`Progress`]). The crate asks no database and renders nothing.

mod atomic;
pub mod audit;
#[cfg(feature = "faults")]
mod faults;
mod journal;
mod process;
mod progress;
mod run_folder;
mod snapshot_file;

pub use journal::{Entry, Event, Taking};
pub use process::{Life, life, this_process};
pub use progress::{Attempt, Kind, Marked, Progress, RunState, SnapshotNoted};
pub use run_folder::{RunFolder, Store, StoreError, Stored};
pub use snapshot_file::{
    Existing, ReadSnapshotError, WriteSnapshotError, may_write_snapshot, read_snapshot,
    snapshot_json, write_snapshot,
};
