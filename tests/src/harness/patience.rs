//! Waiting.

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
