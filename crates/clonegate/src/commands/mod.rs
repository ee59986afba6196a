//! What each command does.

mod audit;
mod authorize;
mod diff;
mod gate;
mod lint;
mod mcp;
mod query;
mod report;
mod role_sql;
mod rollback;
mod runs;
mod sandbox;
mod snapshot;
mod status;

use std::fmt;
use std::path::Path;

use clonegate_gate::{GateError, SnapshotError};
use clonegate_model::{Exit, RunId};
use clonegate_profile::{Profile, ProfileError};
use clonegate_query::{QueryError, ServiceError};
use clonegate_sandbox::SandboxError;
use clonegate_store::audit::VerifyError;
use clonegate_store::{ReadSnapshotError, Store, StoreError, WriteSnapshotError};

use crate::cli::{Command, SchemaOf};
use crate::console::Console;

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    Profile(Box<ProfileError>),
    Gate(GateError),
    Sandbox(SandboxError),
    Store(StoreError),
    Service(ServiceError),
    /// Why a question has no answer.
    Query(QueryError),
    /// The audit log is not intact, or can't be read.
    Audit(VerifyError),
    /// There is no snapshot.
    Snapshot(SnapshotError),
    /// A snapshot's file can't be read.
    ReadSnapshot(ReadSnapshotError),
    /// A snapshot's file can't be written.
    WriteSnapshot(WriteSnapshotError),
    /// What is wrong, and what to do.
    Usage(String),
}

impl Failure {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Failure::Profile(_) | Failure::Usage(_) | Failure::Service(_) => Exit::Usage,
            Failure::Gate(error) => error.exit(),
            Failure::Query(error) => error.exit(),
            Failure::Audit(error) => audit::exit(error),
            Failure::Snapshot(error) => error.exit(),
            // What another version wrote may be what it should: it is only not known here.
            Failure::ReadSnapshot(ReadSnapshotError::Format { .. }) => Exit::Inconclusive,
            Failure::ReadSnapshot(_) => Exit::Usage,
            Failure::WriteSnapshot(error) => snapshot::exit(error),
            Failure::Sandbox(_) | Failure::Store(_) => Exit::Unexpected,
        }
    }
}

/// With the place in the file where there is one, and with every cause.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error: &dyn std::error::Error = match self {
            Failure::Profile(error) => {
                let theme = if std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
                    || !std::io::IsTerminal::is_terminal(&std::io::stderr())
                {
                    miette::GraphicalTheme::unicode_nocolor()
                } else {
                    miette::GraphicalTheme::unicode()
                };
                let handler = miette::GraphicalReportHandler::new_themed(theme);
                return handler.render_report(f, &**error);
            }
            Failure::Usage(text) => return write!(f, "error: {text}"),
            Failure::Gate(error) => error,
            Failure::Sandbox(error) => error,
            Failure::Store(error) => error,
            Failure::Service(error) => error,
            Failure::Query(error) => return f.write_str(&query::explain(error)),
            Failure::Audit(error) => error,
            Failure::Snapshot(error) => error,
            Failure::ReadSnapshot(error) => error,
            Failure::WriteSnapshot(error) => error,
        };
        write!(f, "error: {error}")?;
        let mut source = error.source();
        while let Some(cause) = source {
            write!(f, "\n  because: {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl From<GateError> for Failure {
    fn from(error: GateError) -> Self {
        Failure::Gate(error)
    }
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        Failure::Sandbox(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::Store(error)
    }
}

impl From<SnapshotError> for Failure {
    fn from(error: SnapshotError) -> Self {
        Failure::Snapshot(error)
    }
}

impl From<ReadSnapshotError> for Failure {
    fn from(error: ReadSnapshotError) -> Self {
        Failure::ReadSnapshot(error)
    }
}

fn run_id(name: &str) -> Result<RunId, Failure> {
    name.parse().map_err(|e: clonegate_model::RunIdError| Failure::Usage(e.to_string()))
}

fn load(config: &Path) -> Result<Profile, Failure> {
    Profile::load(config).map_err(|e| Failure::Profile(Box::new(e)))
}

pub(crate) async fn dispatch(
    command: Command,
    store: &Path,
    console: &Console,
) -> Result<Exit, Failure> {
    let store = Store::new(store);
    match command {
        Command::Gate(options) => gate::run(options, &store, console).await,
        Command::Authorize(options) => authorize::run(&options, console),
        Command::Open(options) => runs::open(options, &store, console).await,
        Command::Status(options) => status::run(options, &store, console).await,
        Command::Resume(options) => runs::resume(options, &store, console).await,
        Command::Close(options) => runs::close(options, &store, console).await,
        Command::Abandon(options) => runs::abandon(options, &store, console).await,
        Command::Unlock(options) => runs::unlock(options, &store, console).await,
        Command::Rollback(config) => rollback::run(&config.config, &store, console).await,
        Command::Snapshot(options) => snapshot::run(options, console).await,
        Command::Diff(options) => diff::run(&options, console),
        Command::Compare(options) => diff::compare(&options, console).await,
        Command::Query(options) => query::run(options, &store, console).await,
        Command::Audit { command } => audit::run(command, &store, console),
        Command::Mcp(config) => mcp::run(&config.config, &store, console).await,
        Command::Lint(options) => lint::run(options, console),
        Command::Report(options) => report::run(&options, &store, console),
        Command::RoleSql(options) => role_sql::run(&options, console),
        Command::Schema { of } => {
            let schema = match of {
                SchemaOf::Profile => clonegate_profile::profile_schema(),
                SchemaOf::Check => clonegate_profile::check_schema(),
            };
            console.print(&format!("{schema:#}"));
            Ok(Exit::Pass)
        }
        Command::Sandbox { command } => sandbox::run(&command, &store, console).await,
    }
}
