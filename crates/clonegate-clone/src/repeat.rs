//! Running a script once more, to see what that changes, and taking it back.

use std::collections::BTreeMap;

use clonegate_sql::GuardedScript;
use serde::Deserialize;

use crate::channel::CloneChannel;
use crate::psql::{self, Action, AskError};
use crate::random::token;
use crate::script::{Extra, ScriptError, run_text_with};
use crate::statements::{self, fill};
use crate::{Ending, ScriptFailure};

/// What a script may change when it is run again: relations by their quoted name (`public.orders`), and of
/// each the columns whose values may. A sequence is declared by its name alone.
pub type Declared = BTreeMap<String, Vec<String>>;

/// What running a script again changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Repeated {
    /// How many relations were looked at before and after: tables, materialized views, sequences, and the
    /// server's catalogs.
    pub relations: u64,
    /// How many of them differ in what was not declared.
    pub changed: u64,
    /// At most 20 of those, with what was seen before and after.
    pub shown: Vec<String>,
}

/// Why it is not known what running a script again changes.
#[derive(Debug, thiserror::Error)]
pub enum RepeatError {
    /// The script did not run to its end.
    #[error("it was not run to its end")]
    Script(#[from] Box<ScriptError>),
    /// It could not be begun.
    #[error("it could not be begun")]
    Ask(#[from] AskError),
    /// It ran, and what was seen can't be read.
    #[error("what was seen can't be read: {0}")]
    Shape(String),
}

impl RepeatError {
    /// Whether it was the script itself that failed when it was run again.
    #[must_use]
    pub fn is_the_scripts(&self) -> bool {
        match self {
            RepeatError::Script(error) => {
                matches!(&error.failure, ScriptFailure::Sql { line: Some(_), .. })
                    && !error.failure.is_of_the_connection()
            }
            RepeatError::Ask(_) | RepeatError::Shape(_) => false,
        }
    }
}

impl CloneChannel {
    /// Runs a script in a guarded transaction, compares what the clone holds before and after it in that
    /// same transaction, and rolls it back. Sequences that the script advances stay advanced: no ROLLBACK
    /// takes that back, and it is seen here.
    ///
    /// # Errors
    /// When the script fails, or the comparison; nothing is kept either way.
    pub async fn repeat(
        &self,
        script: &GuardedScript,
        declared: &Declared,
        cancel: impl Future<Output = ()>,
    ) -> Result<Repeated, RepeatError> {
        let [nonce, word] =
            [token().map_err(AskError::Random)?, token().map_err(AskError::Random)?];
        // Names that the script can't know, so that it can't put anything there.
        let name = |when: &str| format!("clonegate.{when}_{word}");
        let look = |when: &str| {
            let asked = serde_json::json!({ "into": name(when), "declared": declared });
            vec![
                // Row security hides rows silently; off, it makes reading such a table an error.
                Action::Command("set local row_security = off".to_owned()),
                psql::set_local("clonegate.look", &asked.to_string()),
                Action::Command(statements::body(statements::LOOK).to_owned()),
                Action::Command("set local row_security to default".to_owned()),
            ]
        };
        let (before, after) = (name("before"), name("after"));
        let values = [("nonce", nonce.as_str()), ("before", &before), ("after", &after)];
        let mut behind = look("after");
        behind.push(Action::Command(fill(statements::LOOKED, &values)));
        let extra = Extra { nonce, before: look("before"), after: behind };
        let ran = run_text_with(
            &self.inner,
            (script.name(), script.text()),
            Ending::RollBack,
            Some(extra),
            |_| Ok(()),
            cancel,
        );
        let (_, looked) = ran.await?;
        let looked = looked.ok_or_else(|| RepeatError::Shape("there is none".to_owned()))?;
        serde_json::from_str(&looked).map_err(|e| RepeatError::Shape(e.to_string()))
    }
}
