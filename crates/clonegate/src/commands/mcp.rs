//! `clonegate mcp`.

use std::io::IsTerminal as _;
use std::path::Path;

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
    let run = new_run_id().map_err(|error| Failure::Usage(error.to_string()))?;
    let service =
        QueryService::from_profile(&profile, run, store.root()).map_err(Failure::Service)?;
    if std::io::stdin().is_terminal() {
        console.note("this is a server for MCP hosts, which start it themselves: docs/mcp.md says how; Ctrl-D ends it");
    }
    let session = serve(service, tokio::io::stdin(), tokio::io::stdout(), signals::next());
    // Who does not want to wait until production's side has ended sends another signal.
    let impatient = async {
        signals::next().await;
        signals::next().await;
    };
    tokio::select! {
        ended = session => match ended {
            Ok(Ended::ClientLeft | Ended::Stopped) => Ok(Exit::Pass),
            Err(error) => Err(Failure::Usage(error.to_string())),
        },
        () = impatient => Ok(Exit::Unexpected),
    }
}
