//! The words of clonegate as types.
//!
//! What a gate reads ([`Reading`]), what it requires ([`Requirement`]), what it recorded about a
//! database at one phase ([`Snapshot`]), what differs ([`Finding`]), and how all of it becomes one
//! [`Verdict`]. Everything here is a value: nothing in this crate opens a file, a socket or a
//! clock. The formats that are written to disk (snapshots, run records) carry a format number
//! that a reader checks before it trusts the rest.
//!
//! The crate does not ask databases, does not run scripts, and does not print.

mod attributes;
mod chain;
mod check;
mod clone_mark;
mod clone_record;
mod differences;
mod exit;
mod expiry;
mod facts;
mod finding;
mod lane;
mod name;
mod owner;
mod reading;
mod requirement;
mod rollback;
mod run;
mod snapshot;
mod verdict;

pub use attributes::Attributes;
pub use chain::chain;
pub use check::{Across, Check, CheckId, ParseAcrossError};
pub use clone_mark::{CloneMark, CloneState};
pub use clone_record::{CLONE_FORMAT, CloneAct, CloneRecord, DumpRecord};
pub use differences::{
    Compared, DIFFERENCES_FORMAT, Differences, Located, NotEstablished, Place, RangeChange, Side,
};
pub use exit::Exit;
pub use expiry::expiry;
pub use facts::{FactError, Facts};
pub use finding::{Disposition, Finding};
pub use lane::{Lane, ParseStreamKeyError, StreamKey};
pub use name::{
    CloneName, CloneNamePattern, DatabaseName, NameError, Phase, RunId, RunIdError, Target,
};
pub use owner::Owner;
pub use reading::{Reading, Value};
pub use requirement::{Clause, Comparison, Condition, ParseRequirementError, Requirement};
pub use rollback::{ROLLBACK_FORMAT, RollbackRecord};
pub use run::{
    Authorization, ByHand, ChannelRecord, Mode, RUN_FORMAT, RehearsalRecord, RunRecord,
    ScriptOutcome, ScriptRecord, TargetRecord, Weight,
};
pub use snapshot::{
    Anchor, CatalogObject, Comparable, Coverage, Covered, Digest, DigestKey, Footprint, HashSum,
    Horizon, Identity, Lineage, ParseHorizonError, RangeState, ReadingTaken, RelationKind,
    RelationState, RowSeen, SNAPSHOT_FORMAT, SequenceState, SessionState, Since, Snapshot, Taken,
    Wal, WalWrites, Witness,
};
pub use verdict::{Assertion, Outcome, Verdict};
