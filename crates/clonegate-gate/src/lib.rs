//! The phases of a run in order, as a library.
//!
//! [`Gate::run`] takes a profile through preflight, entry, build, rehearsal and exit, and gives the
//! run record; each snapshot and each intention is on disk before the next step is taken. What
//! happens on the way is told to an [`Observer`]. [`Snapshots`] takes snapshots outside any run.
//!
//! [`Gate::open`] takes entry alone and hands the clone over; [`Gate::resume`], [`Gate::close`] and
//! [`Gate::abandon`] take up a run that is open or was killed; [`Gate::unlock`] frees a clone.
//!
//! The crate prints nothing and renders nothing: how a record is shown is `clonegate-report`'s and
//! the command line's business.

mod abandon;
mod accept;
mod authorization;
mod build;
mod channels;
mod controls;
mod error;
mod exit;
mod interrupted;
mod observer;
mod open;
mod preflight;
mod proof;
mod read;
mod reenter;
mod rehearsal;
mod rollback;
mod run;
mod separation;
mod settle;
mod snapshots;
mod stop;
mod take;
mod unlock;
mod watch;

pub use error::{GateError, RefusedFile};
pub use interrupted::{Closed, interrupted_runs};
pub use observer::{Observer, Silent};
pub use open::Opened;
pub use rollback::RolledBack;
pub use run::{Depth, Finished, Gate};
pub use snapshots::{SnapshotError, Snapshots};
pub use stop::{Stop, Stopper};
pub use unlock::{Force, LockSeen, Unlocked, lock_seen};
