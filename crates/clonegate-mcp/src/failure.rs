//! Why a tool has no answer, so that an agent can act on it.

use clonegate_probe::Place;
use clonegate_query::QueryError;
use rmcp::model::{CallToolResult, ContentBlock};
use rmcp::schemars;
use schemars::JsonSchema;
use serde::Serialize;

use crate::neutral;

/// No message or hint is longer, in characters.
const LONGEST: usize = 2000;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Failure {
    /// The rule by which there is none: a stable name.
    rule: String,
    /// What happened. It carries no data of the database.
    message: String,
    /// The line in the statement, counted from 1.
    line: Option<usize>,
    /// The character in that line, counted from 1.
    column: Option<usize>,
    /// PostgreSQL's SQLSTATE, where the server reported an error.
    sqlstate: Option<String>,
    /// What to do next.
    hint: String,
    /// Whether the same call may succeed later.
    retryable: bool,
}

/// What a tool's structured result is in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Failed {
    /// Why there is no answer.
    error: Failure,
}

impl Failure {
    pub(crate) fn new(rule: &str, message: impl AsRef<str>, hint: impl AsRef<str>) -> Self {
        Self {
            rule: rule.to_owned(),
            message: neutral::line(message.as_ref(), LONGEST),
            line: None,
            column: None,
            sqlstate: None,
            hint: neutral::line(hint.as_ref(), LONGEST),
            retryable: false,
        }
    }

    pub(crate) fn retryable(self) -> Self {
        Self { retryable: true, ..self }
    }

    pub(crate) fn cancelled() -> Self {
        Self::new("cancelled", "the call was cancelled", "ask again if the answer is still wanted")
            .retryable()
    }

    pub(crate) fn too_many_calls(most: usize) -> Self {
        Self::new(
            "busy",
            format!("{most} calls are under way, and no more are taken at once"),
            "wait for an answer before the next call",
        )
        .retryable()
    }

    pub(crate) fn internal(message: impl AsRef<str>) -> Self {
        Self::new("internal", message, "tell whoever runs this server")
    }

    /// The tool's result: the text is for a model, the structure for a program.
    pub(crate) fn result(self) -> CallToolResult {
        let mut text = format!("error [{}]: {}", self.rule, self.message);
        if let (Some(line), false) = (self.line, self.message.contains("line ")) {
            text.push_str(&format!(" (line {line})"));
        }
        text.push_str(&format!("\nhint: {}", self.hint));
        text.push_str(if self.retryable {
            "\nThe same call may succeed later."
        } else {
            "\nThe same call will fail again."
        });
        let structured = serde_json::to_value(Failed { error: self }).unwrap_or_default();
        let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
        result.structured_content = Some(structured);
        result
    }
}

impl From<QueryError> for Box<Failure> {
    fn from(error: QueryError) -> Self {
        let message = match &error {
            QueryError::Refused(refusal) => format!("line {}: {}", refusal.line, refusal.problem),
            other => other.to_string(),
        };
        let hint = match &error {
            QueryError::UnknownDatabase { .. } => {
                format!("{}; list_databases says which there are", error.hint())
            }
            other => other.hint(),
        };
        let column = match &error {
            QueryError::Server { place: Some(Place { column, .. }), .. } => Some(*column),
            _ => None,
        };
        Box::new(Failure {
            line: error.line(),
            column,
            sqlstate: error.sqlstate().map(str::to_owned),
            retryable: is_retryable(&error),
            ..Failure::new(error.rule(), message, hint)
        })
    }
}

/// Whether the same statement may be answered later, with nothing else changed than the server.
fn is_retryable(error: &QueryError) -> bool {
    match error {
        QueryError::Busy { .. }
        | QueryError::Unavailable { .. }
        | QueryError::Lost
        | QueryError::Cancelled
        | QueryError::Closed => true,
        QueryError::Server { sqlstate, .. } => {
            // Somebody's cancel, a lock, a standby, and the classes that say the server is not well.
            matches!(sqlstate.as_str(), "57014" | "55P03" | "40001" | "40P01")
                || ["08", "53", "57P"].iter().any(|class| sqlstate.starts_with(class))
        }
        QueryError::UnknownDatabase { .. }
        | QueryError::Refused(_)
        | QueryError::Role { .. }
        | QueryError::NotProven { .. }
        | QueryError::TimedOut { .. }
        | QueryError::TooManyBytes { .. }
        | QueryError::Unreadable { .. }
        | QueryError::Parameters { .. }
        | QueryError::Breach { .. }
        | QueryError::Audit(_) => false,
    }
}
