//! How a run is asked to stop: between two steps, or in the middle of a script.

use tokio::sync::watch;

/// Asks a run to stop.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// Whether a run was asked to stop.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stopper {
    /// A pair of ends.
    #[must_use]
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Asks. The run ends its current step, leaves nothing behind, and records that it was stopped.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    pub(crate) fn requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Ready once it was asked; never, when nobody can ask any more.
    pub(crate) async fn wait(mut self) {
        if self.0.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
