//! The tests' ways to wait and to edit a profile, which their containers need.

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../tests/src/harness/edit.rs"]
mod edit;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../tests/src/harness/patience.rs"]
mod patience;

pub(crate) use edit::set;
pub(crate) use patience::{PATIENCE, until};
