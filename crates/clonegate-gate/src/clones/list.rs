//! The clones of a server.

use clonegate_model::{CloneMark, RunId};
use clonegate_store::Event;
use jiff::Timestamp;
use serde::Serialize;

use super::{cant, mark_of};
use crate::GateError;
use crate::run::{Gate, new_run_id};

/// What a database with a clone's name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloneKind {
    /// A clone that `clonegate clone create` made.
    Clone,
    /// A scratch copy: a run is at work on it, or was killed.
    Scratch,
    /// Made by somebody else: nothing stands on it.
    Unmarked,
}

/// A clone as it stands on its server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedClone {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: CloneKind,
    /// Its owner.
    pub owner: String,
    /// Its size; `None` where this role may not ask.
    pub bytes: Option<u64>,
    /// Sessions on it.
    pub sessions: u64,
    /// What stands on it.
    pub mark: Option<CloneMark>,
    /// Whether it has lasted long enough; `None` where nothing says how long it should.
    pub expired: Option<bool>,
    /// The latest run of the gate on it that this store knows.
    pub last_run: Option<RunId>,
}

impl Gate<'_> {
    /// Every database of the clone's server whose name the pattern admits.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn list_clones(&self) -> Result<Vec<ListedClone>, GateError> {
        let target = &self.profile.clone;
        let run = new_run_id()?;
        let keeper = self.keeper(&target.database, &run).await?;
        let databases =
            keeper.databases().await.map_err(|e| cant("list the server's databases", e))?;
        let runs = self.store.runs()?;
        let last_run = |name: &str| {
            let of_clone = |event: &Event| matches!(event, Event::RunBegun { clone, .. } if clone.as_str() == name);
            let run = runs.iter().rfind(|r| r.journal.iter().any(|e| of_clone(&e.event)));
            run.map(|r| r.run.clone())
        };
        let now = Timestamp::now();
        let clones = databases.into_iter().filter(|d| target.name_pattern.admit(&d.name).is_ok());
        Ok(clones
            .map(|d| {
                let mark = mark_of(d.comment.as_ref());
                let scratch =
                    d.comment.as_ref().is_some_and(|c| c.starts_with("clonegate scratch"));
                ListedClone {
                    kind: match (&mark, scratch) {
                        (Some(_), _) => CloneKind::Clone,
                        (None, true) => CloneKind::Scratch,
                        (None, false) => CloneKind::Unmarked,
                    },
                    last_run: last_run(&d.name),
                    expired: mark.as_ref().map(|m| m.has_expired(now)),
                    name: d.name,
                    owner: d.owner,
                    bytes: d.bytes,
                    sessions: d.sessions,
                    mark,
                }
            })
            .collect())
    }
}
