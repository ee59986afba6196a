//! The mark: a line in the clone's comment that says which run has it.
//!
//! The lock ends with its session; the mark stays until the run is over. A run that was killed, and one
//! that is open while people work, have no session, and the clone is theirs all the same.

use clonegate_model::{Owner, RunId};
use serde::{Deserialize, Serialize};

use crate::channel::Inner;
use crate::psql::{Action, AskError, Outside};
use crate::random::token;
use crate::statements::{self, literal};
use crate::{CloneChannel, Hold};

/// Which run has a clone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The run.
    pub run: RunId,
    /// What it has it for.
    pub held: HeldFor,
    /// Since when, by the clock of the machine that marked it; for people only, nothing is decided by it.
    pub since: String,
    /// Who marked it.
    pub owner: Owner,
    /// The folder of its evidence, on that machine.
    pub store: String,
}

/// What a run has a clone for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldFor {
    /// One command takes it from entry to exit.
    Gate,
    /// People or agents work on it until the run is closed.
    Work,
}

/// Why a clone could not be marked, or its mark not be taken away.
#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    /// Another run has it.
    #[error("the clone is marked as another run's: {0}")]
    Another(String),
    /// The role may not.
    #[error(
        "role {role} may not comment on the clone ({said}); it has to own it: ALTER DATABASE … OWNER TO {role}"
    )]
    Denied {
        /// The role.
        role: String,
        /// What the server said.
        said: String,
    },
    /// The server refused, or could not be asked.
    #[error("the clone's mark can't be written")]
    Ask(#[source] AskError),
}

/// What stands in the clone's comment. A line that can't be read is somebody's all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nobody,
    /// A run has it.
    Run(Box<Mark>),
    /// Another version wrote it.
    Unreadable(String),
}

pub(crate) fn found(line: Option<String>) -> Found {
    match line {
        None => Found::Nobody,
        Some(line) => match serde_json::from_str(&line) {
            Ok(mark) => Found::Run(Box::new(mark)),
            Err(_) => Found::Unreadable(line),
        },
    }
}

impl CloneChannel {
    /// Writes on the clone that this run has it. The lock has to be this run's.
    ///
    /// # Errors
    /// [`MarkError::Another`] where another run has it; nothing was changed then.
    pub async fn mark(&self, _lock: &Hold, mark: &Mark) -> Result<(), MarkError> {
        let line = serde_json::to_string(mark)
            .map_err(|e| MarkError::Ask(AskError::Shape(e.to_string())))?;
        self.inner.write_mark(&mark.run, Some(&line)).await
    }

    /// Takes a run's mark away, if the clone carries it. The lock has to be this process'.
    ///
    /// # Errors
    /// [`MarkError::Another`] where another run has it; nothing was changed then.
    pub async fn unmark(&self, _lock: &Hold, run: &RunId) -> Result<(), MarkError> {
        self.inner.write_mark(run, None).await
    }
}

impl Inner {
    async fn write_mark(&self, run: &RunId, mark: Option<&str>) -> Result<(), MarkError> {
        let nonce = token().map_err(|e| MarkError::Ask(AskError::Random(e)))?;
        let expected = serde_json::json!({
            "clone": self.settings.database.as_str(),
            "oid": self.identity.database_oid,
            "run": run.as_str(),
            "mark": mark,
        });
        let actions = vec![
            Action::Command("set search_path = pg_catalog, pg_temp".to_owned()),
            Action::Command(format!("set clonegate.expected = {}", literal(&expected.to_string()))),
            Action::Command(statements::body(statements::MARK).to_owned()),
        ];
        let application = self.run.application_name();
        let mut session = self.maintenance_session(&application);
        session.outside = Outside::Writes;
        let written = self.ask(session, &nonce, actions, self.limits.ending_deadline).await;
        written.map(drop).map_err(|error| match error {
            AskError::Server(d) => match d.sqlstate.as_deref() {
                Some("CG003") => MarkError::Another(d.message),
                Some("42501") => {
                    MarkError::Denied { role: self.settings.role.clone(), said: d.message }
                }
                _ => MarkError::Ask(AskError::Server(d)),
            },
            other => MarkError::Ask(other),
        })
    }
}
