//! Disposable servers, for `clonegate gate --sandbox` and on their own.

use std::path::PathBuf;

use clonegate_model::Exit;
use clonegate_sandbox::{
    Backend, Options, Sandbox, Scale, SweepScope, Topology, find_postgres, start as start_sandbox,
    sweep,
};
use clonegate_store::Store;

use super::Failure;
use crate::cli;
use crate::console::Console;

fn root(store: &Store) -> PathBuf {
    store.root().join("sandbox")
}

/// Starts what `--sandbox` asks for.
pub(super) async fn start(
    options: &cli::SandboxOptions,
    store: &Store,
    console: &Console,
) -> Result<Sandbox, Failure> {
    let options = Options {
        root: root(store),
        topology: match options.topology {
            cli::Topology::OneInstance => Topology::OneInstance,
            cli::Topology::TwoInstances => Topology::TwoInstances,
        },
        scale: match options.scale {
            cli::Scale::Small => Scale::Small,
            cli::Scale::Full => Scale::Full,
        },
        backend: match options.backend {
            cli::Backend::Auto => Backend::Auto,
            cli::Backend::Local => Backend::Local,
            cli::Backend::Containers => Backend::Containers,
        },
        bin_dir: options.bin_dir.clone(),
        image: options.image.clone(),
    };
    console.doing("starting disposable servers");
    let started = start_sandbox(&options, &|step: &str| console.doing(step)).await;
    console.rest();
    Ok(started?)
}

pub(super) async fn run(
    command: &cli::Sandbox,
    store: &Store,
    console: &Console,
) -> Result<Exit, Failure> {
    match command {
        cli::Sandbox::Check => match find_postgres(None) {
            Ok(found) => {
                console.print(&format!(
                    "PostgreSQL {} in {}",
                    found.version(),
                    found.bin_dir().display()
                ));
                Ok(Exit::Pass)
            }
            Err(error) => {
                console.note(&error.to_string());
                Ok(Exit::Inconclusive)
            }
        },
        cli::Sandbox::Down => {
            let swept = sweep(&root(store), SweepScope::All).await;
            let swept = swept.map_err(|e| Failure::Usage(format!("{e}")))?;
            console.print(&format!("{} sandboxes removed", swept.removed.len()));
            Ok(Exit::Pass)
        }
    }
}
