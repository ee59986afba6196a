//! The service itself.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clonegate_model::{DatabaseName, Reading, RunId};
use clonegate_profile::ProductionProfile;

use crate::settings::{ServiceError, ServiceSettings};
use crate::{Caller, Description, QueryError, Scope};

/// An answer, and what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// The sequence number of its `asked` line in the audit log.
    pub id: u64,
    /// The database that answered.
    pub database: DatabaseName,
    /// SHA-256 of the text as it was asked, in hexadecimal.
    pub sha256: String,
    /// The rows.
    pub reading: Reading,
    /// The columns' types, one a column, as the catalog names them (`int4`, `_text`).
    pub column_types: Vec<String>,
    /// The rows' bytes on the wire.
    pub bytes: u64,
    /// From sending the statement to its last row.
    pub elapsed: Duration,
    /// The bounds that held.
    pub limits: Limits,
}

/// What one statement may bring and take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows.
    pub rows: usize,
    /// Bytes of the rows.
    pub bytes: u64,
    /// Time.
    pub statement_timeout: Duration,
}

/// The gate of a caller's statements. Cloning it gives another handle on the same service.
#[derive(Debug, Clone)]
pub struct QueryService {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: ServiceSettings,
    databases: Vec<DatabaseName>,
}

impl QueryService {
    /// A service; it connects to nothing before the first question.
    ///
    /// # Errors
    /// [`ServiceError`]: no database, one that is not on the allowlist, one twice.
    pub fn new(settings: ServiceSettings) -> Result<Self, ServiceError> {
        let databases = settings.databases.iter().map(|d| d.database().clone()).collect();
        Ok(Self { inner: Arc::new(Inner { settings, databases }) })
    }

    /// The service that a profile describes. `store` is the folder in which the audit log is, where
    /// the profile names no other place.
    ///
    /// # Errors
    /// [`ServiceError`]; nothing was connected to.
    pub fn from_profile(
        _profile: &ProductionProfile,
        _run: RunId,
        _store: &Path,
    ) -> Result<Self, ServiceError> {
        unimplemented!("the next commit's")
    }

    /// The databases that may be asked; the first one is asked where none is named.
    #[must_use]
    pub fn databases(&self) -> &[DatabaseName] {
        &self.inner.databases
    }

    /// The bounds of every statement.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let bounds = &self.inner.settings.bounds;
        Limits {
            rows: bounds.rows,
            bytes: bounds.bytes,
            statement_timeout: bounds.statement_timeout,
        }
    }

    /// The run that stands in `application_name` and in the audit log.
    #[must_use]
    pub fn run(&self) -> &RunId {
        &self.inner.settings.run
    }

    /// Judges a text, records that it is asked, reads, and records what became of it.
    ///
    /// If the future is dropped, the statement is cancelled on the server, and that is recorded.
    ///
    /// # Errors
    /// [`QueryError`]; [`QueryError::verdict`] tells a refusal from a missing answer and a breach.
    pub async fn query(
        &self,
        _caller: &Caller,
        _database: &str,
        _sql: &str,
    ) -> Result<Served, QueryError> {
        unimplemented!("the next commit's")
    }

    /// Describes what there is, as far as the role may read it: audited and bounded as a query is.
    ///
    /// # Errors
    /// As [`QueryService::query`].
    pub async fn describe(
        &self,
        _caller: &Caller,
        _database: &str,
        _scope: &Scope,
    ) -> Result<Description, QueryError> {
        unimplemented!("the next commit's")
    }

    /// Ends every connection and waits until they have ended, statements under way included. What
    /// is asked afterwards is [`QueryError::Closed`].
    pub async fn close(&self) {
        unimplemented!("the next commit's")
    }
}
