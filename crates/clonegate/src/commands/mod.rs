//! What each command does.

mod audit;
mod clones;
mod gate;
mod lint;
mod mcp;
mod query;
mod report;
mod role_sql;
mod rollback;
mod sandbox;
mod status;

use std::fmt;
use std::path::Path;

use clonegate_gate::GateError;
use clonegate_model::Exit;
use clonegate_profile::{Profile, ProfileError};
use clonegate_query::{QueryError, ServiceError};
use clonegate_sandbox::SandboxError;
use clonegate_store::audit::VerifyError;
use clonegate_store::{Store, StoreError};

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

/// A record as JSON.
fn as_json(record: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(record)
        .map_err(|e| Failure::Usage(format!("the record can't be written as JSON: {e}")))
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
        Command::Status => status::run(&store, console),
        Command::Rollback(config) => rollback::run(&config.config, &store, console).await,
        Command::Clone { command } => clones::run(command, &store, console).await,
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
