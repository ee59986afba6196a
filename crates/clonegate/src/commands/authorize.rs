//! `clonegate authorize`, and the authorization that a trial writes for itself.

use std::path::Path;

use clonegate_model::Exit;
use jiff::{SignedDuration, Timestamp};

use super::{Failure, load};
use crate::cli;
use crate::console::Console;

pub(super) fn run(options: &cli::Authorize, console: &Console) -> Result<Exit, Failure> {
    let profile = load(&options.config)?;
    console.print(profile.binding.to_toml(from_now(options.hours)).trim_end());
    Ok(Exit::Pass)
}

/// A trial's profile is its own, and so is what it may commit to a disposable clone.
pub(super) fn trial(config: &Path) -> Result<(), Failure> {
    let binding = load(config)?.binding;
    binding.write(config, from_now(1)).map_err(|e| Failure::Profile(Box::new(e)))
}

/// In whole seconds, for people.
fn from_now(hours: u32) -> Timestamp {
    let now = Timestamp::now();
    let later =
        now.checked_add(SignedDuration::from_hours(i64::from(hours))).unwrap_or(Timestamp::MAX);
    Timestamp::from_second(later.as_second()).unwrap_or(later)
}
