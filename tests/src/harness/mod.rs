//! A sandbox with the one-roof fixture, the binary under test, and hands to do things to the
//! databases while it runs.

mod edit;
mod gate;
mod patience;
mod trial;

pub(crate) use edit::set;
pub(crate) use gate::{Ended, Gate, authorize, command, records, run, run_with_input};
pub(crate) use patience::{PATIENCE, until};
pub(crate) use trial::{Session, Side, Trial, UNTIL_GO};
