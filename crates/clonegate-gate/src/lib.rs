//! The phases of a run in order, as a library.
//!
//! [`Gate::run`] takes a profile through preflight, entry, build, rehearsal and exit, and gives the
//! run record; each snapshot and each intention is on disk before the next step is taken. What
//! happens on the way is told to an [`Observer`].
//!
//! The crate prints nothing and renders nothing: how a record is shown is `clonegate-report`'s and
//! the command line's business.

mod build;
mod channels;
mod clones;
mod error;
mod exit;
mod forgotten;
mod interrupted;
mod observer;
mod preflight;
mod read;
mod rehearsal;
mod reversible;
mod rollback;
mod run;
mod scratch;
mod stop;

pub use clones::{CloneKind, DropTerms, Force, Handled, ListedClone, Wish};
pub use error::{GateError, RefusedFile};
pub use interrupted::{Closed, interrupted_runs};
pub use observer::{Observer, Silent};
pub use rollback::RolledBack;
pub use run::{Depth, Finished, Gate};
pub use stop::{Stop, Stopper};
