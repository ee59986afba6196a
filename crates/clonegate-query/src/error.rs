//! Why there is no answer: a rule, a hint, and never data.

use std::time::Duration;

use clonegate_model::{DatabaseName, Exit, chain};
use clonegate_probe::{ConnectError, CutBy, Place, ReadError, ServerError};
use clonegate_sql::Refusal;
use clonegate_store::audit::{AuditError, AuditEvent};

/// What became of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueryVerdict {
    /// Rows were handed over.
    Answered,
    /// It was not sent: the judge, the allowlist or the role's attestation is against it.
    Refused,
    /// It was sent, or could not be, and there is no answer.
    Failed,
    /// Whoever asked went away.
    Cancelled,
    /// Something was written, or the read-only transaction was left.
    Breach,
}

impl QueryVerdict {
    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Breach => "breach",
        }
    }

    pub(crate) fn event(self) -> AuditEvent {
        match self {
            Self::Answered => AuditEvent::Answered,
            Self::Refused => AuditEvent::Refused,
            Self::Failed => AuditEvent::Failed,
            Self::Cancelled => AuditEvent::Cancelled,
            Self::Breach => AuditEvent::Breach,
        }
    }
}

/// Why there is no answer. Its texts carry names and places, and never data of the database.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The database is none of those that may be asked. Nothing was sent.
    #[error("the database {database:?} may not be asked")]
    UnknownDatabase {
        /// As it was asked for, cleaned and cut.
        database: String,
        /// The ones that may be asked.
        known: Vec<DatabaseName>,
    },
    /// The judge refused the text, or a name in it means something of the database's own. It was not sent.
    #[error("{0}")]
    Refused(Refusal),
    /// The role can do more than a reader may. Nothing was sent.
    #[error("the role {role} was refused: {}", findings.join("; "))]
    Role {
        /// The role.
        role: String,
        /// What it can do that it may not.
        findings: Vec<String>,
    },
    /// The server, the database or the session is not what it must be. The statement was not sent.
    #[error("the statement was not sent: {problem}")]
    NotProven {
        /// What is wrong.
        problem: String,
    },
    /// The server reported an error.
    #[error("{}", server(sqlstate, condition, place, message))]
    Server {
        /// For instance `42P01`.
        sqlstate: String,
        /// Its name, for instance `undefined_table`.
        condition: &'static str,
        /// The server's message, where it can't carry data.
        message: Option<String>,
        /// Where in the statement, if the server said so.
        place: Option<Place>,
    },
    /// It took too long.
    #[error("cut by {by} after {after:?}")]
    TimedOut {
        /// How long it had run.
        after: Duration,
        /// Who cut it.
        by: CutBy,
    },
    /// The answer is larger than is let through.
    #[error("the answer has more than {cap} bytes")]
    TooManyBytes {
        /// The bound.
        cap: u64,
    },
    /// A column's type, or a value of it, can't be read without risking a wrong value.
    #[error("column {column:?} has the type {type_name}, which the channel does not read")]
    Unreadable {
        /// The column.
        column: String,
        /// Its type.
        type_name: String,
    },
    /// The statement has parameters, and none are sent.
    #[error("the statement has parameters ($1 …), {count} of them, and none are sent")]
    Parameters {
        /// How many.
        count: usize,
    },
    /// Too much is asked at once.
    #[error("no connection was free within {waited:?}")]
    Busy {
        /// How long was waited.
        waited: Duration,
    },
    /// Production can't be connected to. The statement was not sent.
    #[error("production can't be connected to: {problem}")]
    Unavailable {
        /// Why not, without data and without secrets.
        problem: String,
    },
    /// The connection was lost while the statement was under way. It is not sent again.
    #[error("the connection to production was lost")]
    Lost,
    /// **Severe.** Something was written, or the read-only transaction was left.
    #[error("{problem}")]
    Breach {
        /// What was found.
        problem: String,
    },
    /// The audit log can't be written. Nothing was sent, or the answer was withheld.
    #[error("the audit log can't be written, so nothing is answered")]
    Audit(#[source] AuditError),
    /// The statement was cancelled by whoever asked.
    #[error("cancelled")]
    Cancelled,
    /// The service was closed.
    #[error("the service is closed")]
    Closed,
}

fn server(
    sqlstate: &str,
    condition: &str,
    place: &Option<Place>,
    message: &Option<String>,
) -> String {
    let mut text = format!("{sqlstate} {condition}");
    if let Some(Place { line, column }) = place {
        text.push_str(&format!(" at line {line}, column {column}"));
    }
    if let Some(message) = message {
        text.push_str(&format!(": {message}"));
    }
    text
}

impl QueryError {
    /// The rule by which there is no answer: a stable name. A refusal has its judge's rule.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        match self {
            Self::UnknownDatabase { .. } => "database",
            Self::Refused(refusal) => refusal.rule.name(),
            Self::Role { .. } => "role",
            Self::NotProven { .. } => "not-proven",
            Self::Server { .. } => "server",
            Self::TimedOut { .. } => "time-out",
            Self::TooManyBytes { .. } => "too-many-bytes",
            Self::Unreadable { .. } => "unreadable-type",
            Self::Parameters { .. } => "parameters",
            Self::Busy { .. } => "busy",
            Self::Unavailable { .. } => "unavailable",
            Self::Lost => "lost",
            Self::Breach { .. } => "breach",
            Self::Audit(_) => "audit",
            Self::Cancelled => "cancelled",
            Self::Closed => "closed",
        }
    }

    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownDatabase { known, .. } => {
                let names: Vec<&str> = known.iter().map(DatabaseName::as_str).collect();
                format!("ask {}", names.join(" or "))
            }
            Self::Refused(refusal) => refusal.hint.clone(),
            Self::Role { .. } => {
                "take these rights from the role, or accept each with a reason in `[production.accept]`".to_owned()
            }
            Self::NotProven { .. } => {
                "look at which server answers; connect to the server itself and not to a pooler".to_owned()
            }
            Self::Server { sqlstate, .. } => server_hint(sqlstate).to_owned(),
            Self::TimedOut { .. } => {
                "ask for less: narrow the WHERE, use an index, or look at it with EXPLAIN".to_owned()
            }
            Self::TooManyBytes { .. } => "ask for fewer columns or rows, or cut values with left(…)".to_owned(),
            Self::Unreadable { column, .. } => format!("write ({column})::text"),
            Self::Parameters { .. } => "write the values into the statement".to_owned(),
            Self::Busy { .. } => "ask less at once, or try again later".to_owned(),
            Self::Unavailable { .. } => "see whether the server runs and the profile's connection settings are right".to_owned(),
            Self::Lost => "see whether the server is well before asking the same again".to_owned(),
            Self::Breach { .. } => {
                "stop, and find out which function or rule did it before anything else is asked".to_owned()
            }
            Self::Audit(_) => "make room or give the folder back its permissions, then ask again".to_owned(),
            Self::Cancelled | Self::Closed => "ask again".to_owned(),
        }
    }

    /// What became of the statement.
    #[must_use]
    pub fn verdict(&self) -> QueryVerdict {
        match self {
            Self::UnknownDatabase { .. } | Self::Refused(_) | Self::Role { .. } => {
                QueryVerdict::Refused
            }
            Self::Breach { .. } => QueryVerdict::Breach,
            Self::Cancelled => QueryVerdict::Cancelled,
            Self::NotProven { .. }
            | Self::Server { .. }
            | Self::TimedOut { .. }
            | Self::TooManyBytes { .. }
            | Self::Unreadable { .. }
            | Self::Parameters { .. }
            | Self::Busy { .. }
            | Self::Unavailable { .. }
            | Self::Lost
            | Self::Audit(_)
            | Self::Closed => QueryVerdict::Failed,
        }
    }

    /// How a command that met it ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match (self, self.verdict()) {
            (Self::Audit(_), _) => Exit::Unexpected,
            (_, QueryVerdict::Refused) => Exit::Refused,
            (_, QueryVerdict::Breach) => Exit::Fail,
            (_, QueryVerdict::Failed | QueryVerdict::Cancelled) => Exit::Inconclusive,
            (_, QueryVerdict::Answered) => Exit::Pass,
        }
    }

    /// The server's SQLSTATE, where it reported an error.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Server { sqlstate, .. } => Some(sqlstate),
            _ => None,
        }
    }

    /// Where in the statement, counted from 1; a refusal knows only the line.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Refused(refusal) => Some(refusal.line),
            Self::Server { place, .. } => place.map(|p| p.line),
            _ => None,
        }
    }
}

impl From<ConnectError> for QueryError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Guard { .. } => Self::NotProven { problem: chain(&error) },
            ConnectError::RoleRefused { attestation } => Self::Role {
                findings: attestation
                    .refusals()
                    .map(|finding| format!("{finding} ({})", finding.remedy))
                    .collect(),
                role: attestation.role,
            },
            other => Self::Unavailable { problem: chain(&other) },
        }
    }
}

impl From<ReadError> for QueryError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::WroteSomething { .. } | ReadError::LeftTransaction => {
                Self::Breach { problem: error.to_string() }
            }
            ReadError::Refused(refusal) => Self::Refused(*refusal),
            ReadError::Guard(source) => Self::NotProven { problem: chain(&source) },
            ReadError::Unavailable(source) => source.into(),
            ReadError::Busy { waited } => Self::Busy { waited },
            ReadError::Closed => Self::Closed,
            ReadError::Server(error) => error.into(),
            ReadError::TimedOut { after, by } => Self::TimedOut { after, by },
            ReadError::TooManyBytes { cap } => Self::TooManyBytes { cap },
            ReadError::UnsupportedType { column, type_name }
            | ReadError::Malformed { column, type_name } => Self::Unreadable { column, type_name },
            ReadError::Parameters { count } => Self::Parameters { count },
            // A caller's statement is never streamed.
            ReadError::Lost(_) | ReadError::SnapshotEnded | ReadError::NotACopy(_) => Self::Lost,
        }
    }
}

/// Only what the channel shows of an error is taken over.
impl From<ServerError> for QueryError {
    fn from(error: ServerError) -> Self {
        Self::Server {
            sqlstate: error.sqlstate().to_owned(),
            condition: error.condition(),
            message: error.message().map(str::to_owned),
            place: error.place(),
        }
    }
}

/// What to do about a SQLSTATE; the class is enough for most.
fn server_hint(sqlstate: &str) -> &'static str {
    match (sqlstate, sqlstate.get(..2).unwrap_or_default()) {
        ("42P01" | "3F000", _) => "list what there is: describe the database or its schema",
        ("42703", _) => "list the relation's columns: describe it",
        ("42883", _) => "look at the function's name and the types of its arguments",
        ("42501", _) => "the role may not read this; ask whoever grants it",
        ("42601", _) => "write it as PostgreSQL's grammar has it",
        ("55P03", _) => "somebody holds a lock on it; try again later",
        ("40001", _) => "a standby cut the statement off; try again",
        ("57014", _) => "somebody cancelled the statement on the server",
        ("25006" | "25P02", _) => "the channel only reads",
        (_, "22" | "23") => {
            "a value does not fit the expression; the server's message is withheld, because it could carry data"
        }
        (_, "53") => "the server is short of something; try again later",
        (_, "57" | "08") => "the server is going away or coming up; try again later",
        _ => "the server's message is shown only where it can't carry data",
    }
}
