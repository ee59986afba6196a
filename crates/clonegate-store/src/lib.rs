//! Journal, snapshots and evidence of a run on disk.
//!
//! A [`Store`] is a folder, by default `.clonegate`; each run has a [`RunFolder`] in it:
//!
//! ```text
//! .clonegate/runs/<run id>/
//!     owner                   locked by the process that makes the run
//!     journal.jsonl           one line a step, on disk before the step is taken
//!     production-entry.json   a snapshot, written before anything is changed
//!     clone-entry.json  production-exit.json  clone-exit.json  scratch-rehearsal.json
//!     run.json                the run record
//!     clone.json              the record of a clone that was made, extended or dropped
//!     rollback.json           the record of a rollback for real
//!     report.md               the report
//! ```
//!
//! Beside them is the audit log of what was asked of production ([`audit`]): `.clonegate/audit.jsonl`.
//!
//! Files appear whole or not at all: each is written beside its place, synced, renamed, and its
//! folder synced. The crate asks no database and renders nothing.

mod atomic;
pub mod audit;
mod journal;
mod run_folder;

pub use journal::{Entry, Event};
pub use run_folder::{RunFolder, Store, StoreError, Stored};
