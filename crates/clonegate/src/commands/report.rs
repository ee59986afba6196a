//! `clonegate report`.

use clonegate_model::{Exit, RunId};
use clonegate_report::{render_markdown, report};
use clonegate_store::Store;

use super::Failure;
use crate::cli;
use crate::console::Console;

pub(super) fn run(
    options: &cli::Report,
    store: &Store,
    console: &Console,
) -> Result<Exit, Failure> {
    let run: RunId = match &options.run {
        Some(id) => super::run_id(id)?,
        None => {
            let latest = store.runs()?.into_iter().next_back();
            latest
                .ok_or_else(|| Failure::Usage(format!("no runs in {}", store.root().display())))?
                .run
        }
    };
    let record = store.record(&run)?;
    if console.wants_json() {
        let json = serde_json::to_string_pretty(&record);
        console
            .print(&json.map_err(|e| {
                Failure::Usage(format!("the record can't be written as JSON: {e}"))
            })?);
        return Ok(Exit::Pass);
    }
    let document = report(&record);
    match options.format {
        cli::Format::Markdown => console.print(&render_markdown(&document)),
        cli::Format::Terminal => console.print_document(&document),
    }
    Ok(Exit::Pass)
}
