//! A sandbox with the one-roof fixture, the binary under test, and hands to do things to the
//! databases while it runs.

mod edit;
mod gate;
mod trial;

pub(crate) use edit::set;
pub(crate) use gate::{Ended, Gate, authorize, command, records, run, run_with_input};
pub(crate) use trial::{Session, Side, Trial, UNTIL_GO};

use std::time::{Duration, Instant};

/// Long enough for the slowest machine; nothing waits this long when it works.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for a condition, and never for a time.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
