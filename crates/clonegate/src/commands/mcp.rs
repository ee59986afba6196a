//! `clonegate mcp`.

use std::io::IsTerminal as _;
use std::path::Path;

use clonegate_gate::GateError;
use clonegate_mcp::{Ended, serve};
use clonegate_model::Exit;
use clonegate_profile::ProductionProfile;
use clonegate_query::{QueryService, new_run_id};
use clonegate_store::Store;

use super::Failure;
use crate::console::Console;
use crate::signals;

/// Speaks MCP over standard input and output until the client leaves or a signal comes. Nothing else
/// is printed there.
pub(super) async fn run(config: &Path, store: &Store, console: &Console) -> Result<Exit, Failure> {
    let profile =
        ProductionProfile::load(config).map_err(|error| Failure::Profile(Box::new(error)))?;
    let run = new_run_id().map_err(|error| GateError::Random(error.to_string()))?;
    let service = QueryService::from_profile(&profile, run, store.root())
        .map_err(|error| Failure::Usage(error.to_string()))?;
    if std::io::stdin().is_terminal() {
        console.note("this is a server for MCP hosts, which start it themselves: docs/mcp.md says how; Ctrl-D ends it");
    }
    let stop = async {
        if signals::signal().await.is_err() {
            // Without signals the client's end of the pipe has to do.
            std::future::pending::<()>().await;
        }
    };
    let ended = serve(service, tokio::io::stdin(), tokio::io::stdout(), stop).await;
    match ended {
        Ok(Ended::ClientLeft | Ended::Stopped) => Ok(Exit::Pass),
        Err(error) => Err(Failure::Usage(error.to_string())),
    }
}
