//! The production channel: bounded, read-only access to a PostgreSQL database.
//!
//! It is opened only for a role that can't write anything: see [`Attestation`]. Its one verb is to read. For
//! every statement it takes a connection that carried no caller's SQL before, begins a `REPEATABLE READ READ
//! ONLY` transaction, runs a **guard** before anything else (database, role, read-only state, time-outs,
//! server identity), sends the statement by the extended protocol within bounds on rows, bytes and
//! time, **asserts** that no transaction id was assigned, and rolls back. It never commits.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use clonegate_model::DatabaseName;
//! use clonegate_probe::{
//!     Accepted, Allowlist, Bounds, ConnectionSettings, Environment, Facts, Fields, ProductionChannel,
//!     Terms,
//! };
//! use clonegate_sql::ReadOnlyStatement;
//!
//! let environment = Environment::of_process();
//! let url = environment.connection_string("PRODUCTION_URL")?;
//! let settings = ConnectionSettings::resolve(&Fields::default(), Some(&url), &environment)?;
//! let allowlist = Allowlist::new([DatabaseName::new("directus")?])?;
//! let run = "demo-1".parse()?;
//! let terms = Terms {
//!     allowlist: &allowlist,
//!     role: None,
//!     accepted: &Accepted::nothing(),
//!     run: &run,
//!     bounds: Bounds::default(),
//! };
//! let channel = ProductionChannel::connect(settings, terms).await?;
//! let statement = ReadOnlyStatement::judge("select count(*) from directus_users")?;
//! let answer = channel.read(&statement, &Facts::none()).await?;
//! assert!(!answer.reading.truncated);
//! channel.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! A whole relation does not fit such an answer. [`SnapshotReader::copy_out`] streams a range of one, which is
//! a [`RangeCopy`](clonegate_sql::RangeCopy): no text of a caller's can be in it. What comes is handed on piece
//! by piece and kept nowhere.
//!
//! # What it does not do
//! - It does not judge SQL: it takes a [`ReadOnlyStatement`](clonegate_sql::ReadOnlyStatement), and
//!   its own layers hold even where a judge errs. What a role may do inside a read-only
//!   transaction (`pg_terminate_backend` on its own sessions, `pg_logical_emit_message`, advisory
//!   locks, whatever a SECURITY DEFINER function does elsewhere) is for the judge and for the
//!   role's grants.
//! - It does not bound the server's memory. A statement may sort, hash or build one enormous value
//!   before its first byte is sent; point it at a replica, and give the role a `CONNECTION LIMIT`.
//! - On the client, memory is bounded by the byte caps: a row that is larger is cut on the socket,
//!   before it is whole; one that is streamed never is whole.
//! - It knows nothing of clones, profiles and reports.
//!
//! # Secrets
//! A password comes from a connection string, `PGPASSWORD` or a password file; it is shown by no
//! `Debug`, no `Display` and no log. SQL texts are not logged by this crate. What a server's error
//! says is shown only where it can't carry data: see [`ServerError`].

mod allowlist;
mod attestation;
mod channel;
mod copy;
mod dial;
mod error;
mod guard;
mod meter;
mod names;
mod output;
mod pool;
mod recut;
mod secret;
mod settings;
mod snapshot;
mod sqlstate;
mod statement;
#[cfg(test)]
mod tests;
mod tls;
mod transaction;

pub use clonegate_model::Facts;

pub use allowlist::{Allowlist, EmptyAllowlist};
pub use attestation::{Accepted, Attestation, NotAcceptable, RoleFinding, RoleFindingKind, Weight};
pub use channel::{Bounds, ChannelDescription, ProductionChannel, Terms};
pub use copy::{Copied, CopySink, NotACopy};
pub use error::{ConnectError, CutBy, Place, ReadError, ServerError, Severity};
pub use guard::{GuardError, UNREADABLE_SYSTEM_IDENTIFIER};
pub use secret::Secret;
pub use settings::{
    ChannelBinding, ConnectionSettings, ConnectionString, Endpoint, Environment, Fields, Host,
    Origin, PassfileError, RootCertificates, SettingsError, SslMode, StringProblem,
    TargetSessionAttrs, UnknownWord,
};
pub use snapshot::{ExportedSnapshot, SnapshotReader};
pub use statement::Answer;
