//! `clonegate gate`.

use std::path::{Path, PathBuf};

use clonegate_gate::{Closed, Depth, Finished, Gate, GateError, Stop};
use clonegate_model::Exit;
use clonegate_report::{render_markdown, report, summary_line};
use clonegate_store::Store;

use super::{Failure, authorize, load, sandbox};
use crate::cli;
use crate::console::Console;
use crate::signals;

pub(super) async fn run(
    options: cli::Gate,
    store: &Store,
    console: &Console,
) -> Result<Exit, Failure> {
    let stop = signals::listen(console);
    let depth = if options.deep { Depth::Deep } else { Depth::Usual };
    if !options.sandbox.sandbox {
        return through(&config(options.config)?, store, console, stop, depth).await;
    }
    let trial = sandbox::start(&options.sandbox, store, console).await?;
    let done = match authorize::trial(trial.config_path()) {
        Ok(()) => through(trial.config_path(), store, console, stop, depth).await,
        Err(failure) => Err(failure),
    };
    if options.sandbox.keep {
        let help = trial.connection_help();
        trial.keep()?;
        console.insist(&format!(
            "the servers are kept; `clonegate sandbox down` removes them\n{help}"
        ));
    } else {
        console.doing("stopping the disposable servers");
        let stopped = trial.stop().await;
        console.rest();
        // A verdict is worth more than a server that is still there; the next start sweeps it.
        if let Err(error) = stopped {
            console.note(&Failure::Sandbox(error).to_string());
        }
    }
    done
}

fn config(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let here = Path::new("clonegate.toml");
    match given {
        Some(path) => Ok(path),
        None if here.exists() => Ok(here.to_owned()),
        None => Err(Failure::Usage(
            "there is no clonegate.toml here; name a profile with --config FILE, or try the gate on disposable servers with --sandbox".to_owned(),
        )),
    }
}

async fn through(
    config: &Path,
    store: &Store,
    console: &Console,
    stop: Stop,
    depth: Depth,
) -> Result<Exit, Failure> {
    let profile = load(config)?;
    let gate = Gate { profile: &profile, store, observer: console, stop, depth };
    let finished = match gate.run().await {
        Ok(finished) => finished,
        Err(GateError::Interrupted(closed)) => {
            report_closed(&closed, store)?;
            console.rest();
            return Err(GateError::Interrupted(closed).into());
        }
        Err(error) => {
            console.rest();
            return Err(error.into());
        }
    };
    report_closed(&finished.closed, store)?;
    show(&finished, console)?;
    Ok(finished.record.exit())
}

/// Runs that were killed have no report yet.
pub(super) fn report_closed(closed: &[Closed], store: &Store) -> Result<(), Failure> {
    for run in closed {
        if let Some(record) = &run.record {
            store.reopen(&run.run)?.store_report(&render_markdown(&report(record)))?;
        }
    }
    Ok(())
}

pub(super) fn show(finished: &Finished, console: &Console) -> Result<(), Failure> {
    console.rest();
    let document = report(&finished.record);
    let path = finished.folder.store_report(&render_markdown(&document))?;
    if console.wants_json() {
        let json = serde_json::to_string_pretty(&finished.record);
        console
            .print(&json.map_err(|e| {
                Failure::Usage(format!("the record can't be written as JSON: {e}"))
            })?);
    } else if console.is_quiet() {
        console.print(&summary_line(&finished.record));
    } else {
        console.print_document(&document);
    }
    console.note(&format!("report: {}", path.display()));
    Ok(())
}
