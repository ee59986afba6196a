//! What can go wrong, and how much of a server's words is shown.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clonegate_model::DatabaseName;
use clonegate_sql::Refusal;

use crate::attestation::Attestation;
use crate::copy::NotACopy;
use crate::guard::GuardError;
use crate::settings::TargetSessionAttrs;
use crate::{Allowlist, sqlstate};

/// When a server's error arose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Before any statement: connecting, or one of the channel's own.
    Own,
    /// While the statement was parsed and analysed; no row had been read.
    Parse,
    /// While it ran.
    Run,
}

/// An error that the server reported: its SQLSTATE, where in the statement, and its own message
/// only where that can't carry data.
///
/// **The rule.** An error's text can carry rows: `select (select secret from t)::int` fails with
/// the secret in its message. So the message is shown
/// - when it arose while the statement was parsed, because no row had been read by then;
/// - else only for the classes 08, 25, 28, 3D, 53, 55, 57 and for 42501, whose messages the server
///   makes from names, and only if it did not come from within a function (which may raise any
///   SQLSTATE with any text).
///
/// In every other case the SQLSTATE and its condition's name have to do. The message is kept
/// apart for an operator who asks for it: [`ServerError::unredacted_message`].
#[derive(Clone, PartialEq, Eq)]
pub struct ServerError(Box<Reported>);

#[derive(Clone, PartialEq, Eq)]
struct Reported {
    code: String,
    severity: String,
    message: String,
    shown: bool,
    place: Option<Place>,
}

/// A place in a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
}

impl ServerError {
    pub(crate) fn new(error: &tokio_postgres::error::DbError, stage: Stage, sql: &str) -> Self {
        let code = error.code().code();
        let names_only =
            matches!(code.get(..2), Some("08" | "25" | "28" | "3D" | "53" | "55" | "57"))
                || code == "42501";
        let shown = match stage {
            Stage::Own | Stage::Parse => true,
            Stage::Run => names_only && error.where_().is_none(),
        };
        let place = match error.position() {
            Some(tokio_postgres::error::ErrorPosition::Original(at)) => Place::of(sql, *at),
            _ => None,
        };
        Self(Box::new(Reported {
            code: code.to_owned(),
            severity: error
                .parsed_severity()
                .map_or_else(|| error.severity().to_owned(), |s| s.to_string()),
            message: error.message().to_owned(),
            shown,
            place,
        }))
    }

    /// The SQLSTATE, for instance `42P01`.
    #[must_use]
    pub fn sqlstate(&self) -> &str {
        &self.0.code
    }

    /// The SQLSTATE's name, for instance `undefined_table`.
    #[must_use]
    pub fn condition(&self) -> &'static str {
        sqlstate::condition(&self.0.code)
    }

    /// `ERROR` or `FATAL`.
    #[must_use]
    pub fn severity(&self) -> &str {
        &self.0.severity
    }

    /// Where in the statement, if the server said so.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.0.place
    }

    /// The server's message, if it can't carry data.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.shown.then_some(self.0.message.as_str())
    }

    /// The server's message, data included. For the operator of the channel; never for a report, a
    /// log or an agent.
    #[must_use]
    pub fn unredacted_message(&self) -> &str {
        &self.0.message
    }
}

impl Place {
    fn of(sql: &str, position: u32) -> Option<Self> {
        let before = usize::try_from(position).ok()?.checked_sub(1)?;
        let mut place = Place { line: 1, column: 1 };
        for c in sql.chars().take(before) {
            if c == '\n' {
                place.line += 1;
                place.column = 1;
            } else {
                place.column += 1;
            }
        }
        Some(place)
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.code, self.condition())?;
        if let Some(Place { line, column }) = self.0.place {
            write!(f, " at line {line}, column {column}")?;
        }
        if let Some(message) = self.message() {
            write!(f, ": {message}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerError")
            .field("sqlstate", &self.0.code)
            .field("severity", &self.0.severity)
            .field("place", &self.0.place)
            .field("message", &self.message().unwrap_or("(withheld)"))
            .finish()
    }
}

impl std::error::Error for ServerError {}

/// Why the channel to production could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The database may not be read. Nothing was connected to.
    #[error("{database} is not on the allowlist ({allowlist}); add it if it may be read")]
    NotAllowed {
        /// The database that was asked for.
        database: DatabaseName,
        /// The ones that may be read.
        allowlist: Allowlist,
    },
    /// The bounds bound nothing, or leave nothing.
    #[error("the bound {name} may not be {value}")]
    Bounds {
        /// Which one.
        name: &'static str,
        /// What it was set to.
        value: String,
    },
    /// A root certificate file.
    #[error("the root certificates in {} can't be used: {problem}", path.display())]
    RootCertificates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The operating system's root certificates.
    #[error("the system has no root certificates that can be used: {problem}")]
    SystemRoots {
        /// What is wrong with them.
        problem: String,
    },
    /// TLS itself can't be set up.
    #[error("TLS can't be set up")]
    TlsSetup(#[source] rustls::Error),
    /// Nobody answers.
    #[error("{endpoint} can't be reached")]
    Unreachable {
        /// Where.
        endpoint: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// Nobody answered in time.
    #[error("{endpoint} did not let us in within {after:?}")]
    TimedOut {
        /// Where.
        endpoint: String,
        /// How long was waited.
        after: Duration,
    },
    /// The TLS handshake failed, or the server speaks none.
    #[error("no TLS with {endpoint}: {problem}")]
    Tls {
        /// Where.
        endpoint: String,
        /// What is wrong, for instance with the certificate.
        problem: String,
    },
    /// The server wants a password and there is none.
    #[error(
        "{endpoint} wants a password for {user}; put it into the URL's variable, PGPASSWORD or a password file"
    )]
    PasswordMissing {
        /// Where.
        endpoint: String,
        /// Who.
        user: String,
    },
    /// The server refused: unknown database, wrong password, too many connections.
    #[error("{endpoint} refused {user}: {error}")]
    Refused {
        /// Where.
        endpoint: String,
        /// Who.
        user: String,
        /// What the server said.
        error: ServerError,
    },
    /// The conversation broke off.
    #[error("the conversation with {endpoint} broke off")]
    Broken {
        /// Where.
        endpoint: String,
        /// What the driver said.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The server is of another kind than is wanted.
    #[error("{endpoint} is a {is}, and target_session_attrs wants {wanted}")]
    OtherKind {
        /// Where.
        endpoint: String,
        /// What it is.
        is: &'static str,
        /// What is wanted.
        wanted: TargetSessionAttrs,
    },
    /// The role could do more than read.
    #[error("the role {} could do more than read: {attestation}; `clonegate role-sql` prints what makes it a reader", attestation.role)]
    RoleRefused {
        /// What it could do.
        attestation: Box<Attestation>,
    },
    /// The server answered the guard wrongly.
    #[error("{endpoint} is not what the channel may read")]
    Guard {
        /// Where.
        endpoint: String,
        /// What is wrong.
        #[source]
        source: GuardError,
    },
}

/// Who cut a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutBy {
    /// The server, by `statement_timeout`.
    Server,
    /// The channel, by its own deadline and a cancel request.
    Channel,
}

impl fmt::Display for CutBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CutBy::Server => "the server",
            CutBy::Channel => "the channel",
        })
    }
}

/// How serious an error of the channel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// There is no answer; nothing else follows from it.
    NoAnswer,
    /// The server, the database, the role or the session is not what it must be.
    NotProven,
    /// Something was written, or the read-only transaction was left. The run can't claim that it
    /// wrote nothing.
    Breach,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// **Severe.** The transaction had a transaction id before it was rolled back: something in it
    /// wrote, or took the id that writing needs.
    #[error(
        "the transaction was assigned the transaction id {xid}, which only writing needs; it was rolled back"
    )]
    WroteSomething {
        /// The transaction id.
        xid: String,
    },
    /// **Severe.** The statement ended the channel's transaction, so nothing could be asserted.
    #[error(
        "the statement left the channel's read-only transaction; the connection was thrown away"
    )]
    LeftTransaction,
    /// A name in the statement could mean something of the database's own that nobody has judged or permitted. The
    /// statement was not sent.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The guard refused; the statement was not sent.
    #[error("the statement was not sent")]
    Guard(#[source] GuardError),
    /// No connection could be opened.
    #[error("there is no connection to production")]
    Unavailable(#[source] ConnectError),
    /// Every connection was busy for too long.
    #[error(
        "no connection was free within {waited:?}; ask less at once, or allow more connections"
    )]
    Busy {
        /// How long was waited.
        waited: Duration,
    },
    /// The channel was closed.
    #[error("the channel is closed")]
    Closed,
    /// The server reported an error.
    #[error("the server reported {0}")]
    Server(ServerError),
    /// The statement took too long.
    #[error("cut by {by} after {after:?}; ask for less")]
    TimedOut {
        /// How long it had run.
        after: Duration,
        /// Who cut it.
        by: CutBy,
    },
    /// The answer is larger than the channel lets through.
    #[error("the answer has more than {cap} bytes; ask for fewer columns or rows")]
    TooManyBytes {
        /// The bound.
        cap: u64,
    },
    /// A column's type can't be read without risking a wrong value. The statement was not run.
    #[error(
        "column {column:?} has the type {type_name}, which the channel does not read; write ({column})::text"
    )]
    UnsupportedType {
        /// The column.
        column: String,
        /// Its type.
        type_name: String,
    },
    /// A value that is not what its type says.
    #[error(
        "column {column:?} of type {type_name} has a value that can't be read; write ({column})::text"
    )]
    Malformed {
        /// The column.
        column: String,
        /// Its type.
        type_name: String,
    },
    /// The statement has parameters, and the channel sends none.
    #[error("the statement has {count} parameters ($1 …); write the values into it")]
    Parameters {
        /// How many.
        count: usize,
    },
    /// What was streamed is not what COPY sends.
    #[error(transparent)]
    NotACopy(NotACopy),
    /// The connection was lost.
    #[error("the connection to production was lost")]
    Lost(#[source] tokio_postgres::Error),
    /// The snapshot had ended by an earlier error.
    #[error("the snapshot has ended by an earlier error; take another")]
    SnapshotEnded,
}

impl ReadError {
    /// How serious it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            ReadError::WroteSomething { .. } | ReadError::LeftTransaction => Severity::Breach,
            ReadError::Guard(_)
            | ReadError::Unavailable(
                ConnectError::Guard { .. }
                | ConnectError::NotAllowed { .. }
                | ConnectError::RoleRefused { .. },
            ) => Severity::NotProven,
            ReadError::Unavailable(_)
            | ReadError::Busy { .. }
            | ReadError::Closed
            | ReadError::Refused(_)
            | ReadError::Server(_)
            | ReadError::TimedOut { .. }
            | ReadError::TooManyBytes { .. }
            | ReadError::UnsupportedType { .. }
            | ReadError::Malformed { .. }
            | ReadError::Parameters { .. }
            | ReadError::NotACopy(_)
            | ReadError::Lost(_)
            | ReadError::SnapshotEnded => Severity::NoAnswer,
        }
    }

    /// Whether it says no more than that the connection has ended.
    pub(crate) fn is_the_connections_end(&self) -> bool {
        match self {
            ReadError::Lost(_) => true,
            ReadError::Server(error) => error.severity() == "FATAL",
            _ => false,
        }
    }

    /// Whether the transaction can go on after it.
    pub(crate) fn leaves_the_connection_whole(&self) -> bool {
        match self {
            ReadError::Server(error) => error.severity() == "ERROR",
            ReadError::TimedOut { by, .. } => *by == CutBy::Server,
            ReadError::UnsupportedType { .. }
            | ReadError::Parameters { .. }
            | ReadError::Refused(_) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        let sql = "select é,\n  nope";
        let at = |position| Place::of(sql, position);
        assert_eq!(at(1), Some(Place { line: 1, column: 1 }));
        assert_eq!(at(13), Some(Place { line: 2, column: 3 }));
        assert_eq!(at(0), None);
    }
}
