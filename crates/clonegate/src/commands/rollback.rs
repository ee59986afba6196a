//! `clonegate rollback`.

use std::path::Path;

use clonegate_gate::{Depth, Gate};
use clonegate_model::Exit;
use clonegate_report::{render_markdown, rollback_report};
use clonegate_store::Store;

use super::{Failure, as_json, load};
use crate::console::Console;
use crate::signals;

pub(super) async fn run(config: &Path, store: &Store, console: &Console) -> Result<Exit, Failure> {
    let profile = load(config)?;
    let stop = signals::listen(console);
    let gate = Gate { profile: &profile, store, observer: console, stop, depth: Depth::Usual };
    let done = gate.rollback().await;
    console.rest();
    let done = done?;
    let document = rollback_report(&done.record);
    let path = done.folder.store_report(&render_markdown(&document))?;
    let line = format!(
        "{}: {} was committed on {} in transaction {} ({} ms)",
        done.record.verdict(),
        done.record.script.name,
        profile.clone.database,
        done.transaction,
        done.elapsed.as_millis()
    );
    if console.wants_json() {
        console.print(&as_json(&done.record)?);
    } else if console.is_quiet() {
        console.print(&line);
    } else {
        console.print_document(&document);
        console.note(&line);
    }
    console.note(&format!("report: {}", path.display()));
    Ok(done.record.verdict().into())
}
