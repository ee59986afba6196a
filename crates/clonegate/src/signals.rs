//! Ctrl-C and SIGTERM ask the run to stop; the second one ends the process.

use clonegate_gate::{Stop, Stopper};
use clonegate_model::Exit;

use crate::console::Console;

/// Listens until the process ends.
pub(crate) fn listen(console: &Console) -> Stop {
    let (stopper, stop) = Stopper::new();
    let console = console.clone();
    tokio::spawn(async move {
        if signal().await.is_err() {
            return;
        }
        stopper.stop();
        console.note("stopping: the current step is ended and nothing is left behind; once more ends at once");
        if signal().await.is_ok() {
            std::process::exit(i32::from(Exit::Unexpected.code()));
        }
    });
    stop
}

/// The next signal that asks the process to stop; never ends where none can be listened for.
pub(crate) async fn next() {
    if signal().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
