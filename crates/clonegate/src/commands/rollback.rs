//! `clonegate rollback`.

use std::path::Path;

use clonegate_gate::{Depth, Gate};
use clonegate_model::Exit;
use clonegate_store::Store;

use super::{Failure, load};
use crate::console::Console;
use crate::signals;

pub(super) async fn run(config: &Path, store: &Store, console: &Console) -> Result<Exit, Failure> {
    let profile = load(config)?;
    let stop = signals::listen(console);
    let gate = Gate { profile: &profile, store, observer: console, stop, depth: Depth::Usual };
    let done = gate.rollback().await;
    console.rest();
    let done = done?;
    console.print(&format!(
        "{} was committed on {} in transaction {} ({} ms)",
        done.script,
        profile.clone.database,
        done.transaction,
        done.elapsed.as_millis()
    ));
    Ok(Exit::Pass)
}
