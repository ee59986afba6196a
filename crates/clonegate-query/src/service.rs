//! The service itself.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clonegate_model::{DatabaseName, Facts, Identity, Reading, RunId};
use clonegate_probe::{Answer, Bounds, ConnectError, GuardError, ProductionChannel, ReadError};
use clonegate_profile::{AuditTexts, ProductionProfile};
use clonegate_sql::{Permitted, ReadOnlyStatement};
use clonegate_store::audit::{AuditEntry, AuditError, AuditEvent, AuditLog};
use tokio::sync::{RwLock, Semaphore};
use tracing::Instrument as _;

use crate::describe::{self, Asked};
use crate::pending::{Pending, Question, Size, clean};
use crate::production::Production;
use crate::settings::{ServiceError, ServiceSettings, Texts};
use crate::{Caller, Description, QueryError, QueryVerdict, Scope};

/// Statements that are under way or wait for a connection, all databases and callers together. More
/// are turned away at once: a queue without an end is memory without an end.
const MAX_AT_ONCE: usize = 64;

/// The pauses before a channel that was open once is opened again. A server that is started anew
/// needs a moment; one that stays away is not knocked at for long.
const PAUSES: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(200),
    Duration::from_millis(600),
    Duration::from_millis(1800),
];

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
    run: RunId,
    bounds: Bounds,
    permitted: Permitted,
    audit: Arc<AuditLog>,
    texts: Texts,
    names: Vec<DatabaseName>,
    databases: Vec<Database>,
    at_once: Semaphore,
}

#[derive(Debug)]
struct Database {
    production: Production,
    /// Whoever reads holds it for reading: a channel is only closed when nobody uses it.
    channel: RwLock<Slot>,
}

#[derive(Debug)]
enum Slot {
    /// Not opened yet.
    Unopened,
    /// It was open, and the connection was lost or the server is another.
    Lost,
    Open(Box<ProductionChannel>),
    Closed,
}

impl QueryService {
    /// A service; it connects to nothing before the first question.
    ///
    /// # Errors
    /// [`ServiceError`]: no database, one that is not on the allowlist, one twice.
    pub fn new(settings: ServiceSettings) -> Result<Self, ServiceError> {
        let ServiceSettings { run, databases, bounds, permitted, audit, texts } = settings;
        let mut names: Vec<DatabaseName> = Vec::new();
        for production in &databases {
            let database = production.database().clone();
            if !production.allowlist.contains(&database) {
                let allowlist = production.allowlist.clone();
                return Err(ServiceError::NotAllowed { database, allowlist });
            }
            if names.contains(&database) {
                return Err(ServiceError::Twice { database });
            }
            names.push(database);
        }
        if names.is_empty() {
            return Err(ServiceError::NoDatabase);
        }
        let databases = databases
            .into_iter()
            .map(|production| Database { production, channel: RwLock::new(Slot::Unopened) })
            .collect();
        let inner = Inner {
            run,
            bounds,
            permitted,
            audit: Arc::new(audit),
            texts,
            names,
            databases,
            at_once: Semaphore::new(MAX_AT_ONCE),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The service that a profile describes. `store` is the folder in which the audit log is, where
    /// the profile names no other place.
    ///
    /// # Errors
    /// [`ServiceError`]; nothing was connected to.
    pub fn from_profile(
        profile: &ProductionProfile,
        run: RunId,
        store: &Path,
    ) -> Result<Self, ServiceError> {
        Self::with_spares(profile, run, store, Bounds::default().spares)
    }

    /// The same for somebody who asks once: no connection is dialled ahead for a next question.
    ///
    /// # Errors
    /// [`ServiceError`]; nothing was connected to.
    pub fn for_one_question(
        profile: &ProductionProfile,
        run: RunId,
        store: &Path,
    ) -> Result<Self, ServiceError> {
        Self::with_spares(profile, run, store, 0)
    }

    fn with_spares(
        profile: &ProductionProfile,
        run: RunId,
        store: &Path,
        spares: usize,
    ) -> Result<Self, ServiceError> {
        let query = &profile.query;
        let databases = query
            .databases
            .iter()
            .map(|database| Production::resolve(&profile.production, database))
            .collect::<Result<Vec<_>, _>>()?;
        let names = profile.permitted.clone();
        Self::new(ServiceSettings {
            run,
            databases,
            bounds: Bounds {
                rows: query.rows,
                bytes: query.bytes,
                statement_timeout: profile.limits.read_timeout,
                lock_timeout: profile.limits.lock_timeout,
                connections: query.connections,
                queue_timeout: query.queue_timeout,
                spares,
                ..Bounds::default()
            },
            permitted: Permitted::new(names.functions, names.types)?,
            audit: AuditLog::new(query.audit.clone().unwrap_or_else(|| audit_path(store))),
            texts: match query.texts {
                AuditTexts::Kept => Texts::Kept,
                AuditTexts::LeftOut => Texts::LeftOut,
            },
        })
    }

    /// The databases that may be asked; the first one is asked where none is named.
    #[must_use]
    pub fn databases(&self) -> &[DatabaseName] {
        &self.inner.names
    }

    /// The bounds of every statement.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let bounds = &self.inner.bounds;
        Limits {
            rows: bounds.rows,
            bytes: bounds.bytes,
            statement_timeout: bounds.statement_timeout,
        }
    }

    /// The run that stands in `application_name` and in the audit log.
    #[must_use]
    pub fn run(&self) -> &RunId {
        &self.inner.run
    }

    /// Which server answers for a database, where a channel to it is open. It asks nothing and waits
    /// for nobody.
    #[must_use]
    pub fn identity(&self, database: &DatabaseName) -> Option<Identity> {
        let asked = self.inner.databases.iter().find(|d| d.production.database() == database)?;
        match &*asked.channel.try_read().ok()? {
            Slot::Open(channel) => Some(channel.identity().clone()),
            Slot::Unopened | Slot::Lost | Slot::Closed => None,
        }
    }

    /// Judges a text, records that it is asked, reads, and records what became of it.
    ///
    /// If the future is dropped, the statement is cancelled on the server, and that is recorded.
    /// A statement is never sent a second time by itself: it may be what the server fell over.
    ///
    /// # Errors
    /// [`QueryError`]; [`QueryError::verdict`] tells a refusal from a missing answer and a breach.
    pub async fn query(
        &self,
        caller: &Caller,
        database: &str,
        sql: &str,
    ) -> Result<Served, QueryError> {
        let inner = &self.inner;
        let question = Question::new(&inner.run, caller, database, sql, inner.texts);
        let sha256 = question.sha256.clone();
        let span = tracing::info_span!("query", caller = %caller, database = %question.database);
        async {
            let (pending, database, answer) =
                inner.serve(question, database, (sql, Author::Caller), &Facts::none()).await?;
            let id = pending.asked();
            inner.answered(pending, &answer).await?;
            Ok(Served {
                id,
                database,
                sha256,
                reading: answer.reading,
                column_types: answer.types,
                bytes: answer.bytes,
                elapsed: answer.elapsed,
                limits: self.limits(),
            })
        }
        .instrument(span)
        .await
    }

    /// Describes what there is, as far as the role may read it: audited and bounded as a query is.
    ///
    /// # Errors
    /// As [`QueryService::query`].
    pub async fn describe(
        &self,
        caller: &Caller,
        database: &str,
        scope: &Scope,
    ) -> Result<Description, QueryError> {
        let inner = &self.inner;
        let Asked { sql, facts, text } = describe::ask(scope);
        let mut question = Question::new(&inner.run, caller, database, &text, inner.texts);
        question.note = Some("describe");
        let span = tracing::info_span!("describe", caller = %caller, database = %question.database);
        async {
            let sql = (sql, Author::Program);
            let (pending, database, answer) = inner.serve(question, database, sql, &facts).await?;
            let id = pending.asked();
            let of = describe::read(scope, &answer.reading);
            inner.answered(pending, &answer).await?;
            let truncated = answer.reading.truncated;
            Ok(Description { id, database, of, truncated, elapsed: answer.elapsed })
        }
        .instrument(span)
        .await
    }

    /// Ends every connection and waits until they have ended, statements under way included. What
    /// is asked afterwards is [`QueryError::Closed`].
    pub async fn close(&self) {
        for database in &self.inner.databases {
            let mut slot = database.channel.write().await;
            if let Slot::Open(channel) = std::mem::replace(&mut *slot, Slot::Closed) {
                channel.close().await;
            }
        }
    }
}

/// Who wrote a statement. The program's own has no names that have to be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Author {
    Caller,
    Program,
}

/// Where the audit log is when a profile names no place.
#[must_use]
pub fn audit_path(store: &Path) -> std::path::PathBuf {
    store.join("audit.jsonl")
}

impl Inner {
    /// From a text to an answer. What comes back is still to be recorded.
    async fn serve(
        &self,
        question: Question,
        database: &str,
        (sql, author): (&str, Author),
        facts: &Facts,
    ) -> Result<(Pending, DatabaseName, Answer), QueryError> {
        let Some(database) =
            self.databases.iter().find(|d| d.production.database().as_str() == database)
        else {
            let (database, known) = (clean(database), self.names.clone());
            let error = QueryError::UnknownDatabase { database, known };
            return Err(self.turn_away(question, error).await);
        };
        let Ok(_permit) = self.at_once.try_acquire() else {
            let error = QueryError::Busy { waited: Duration::ZERO };
            return Err(self.turn_away(question, error).await);
        };
        // The judge's work and the log's are no work for a thread that serves others meanwhile. What
        // they give is dropped where whoever asked has gone, and so says that it was cancelled.
        let (sql, permitted, log) = (sql.to_owned(), self.permitted.clone(), self.audit.clone());
        let asked = blocking(move || match ReadOnlyStatement::judge_with(&sql, &permitted) {
            Err(refusal) => {
                let error = QueryError::Refused(refusal);
                question.turn_away(&log, &error).map_err(QueryError::Audit)?;
                Err(error)
            }
            Ok(statement) => {
                let statement = match author {
                    Author::Caller => statement,
                    Author::Program => statement.of_the_program(),
                };
                question.ask(&log).map(|pending| (pending, statement)).map_err(QueryError::Audit)
            }
        });
        let (pending, statement) = asked.await?;
        match self.read(database, &statement, facts).await {
            Ok(answer) => Ok((pending, database.production.database().clone(), answer)),
            Err(error) => Err(self.failed(pending, error).await),
        }
    }

    /// Reads over the database's channel, which is opened first where it has to be. Only a
    /// statement that was not sent is tried again.
    async fn read(
        &self,
        database: &Database,
        statement: &ReadOnlyStatement,
        facts: &Facts,
    ) -> Result<Answer, QueryError> {
        let mut opened = 0;
        loop {
            let slot = database.channel.read().await;
            let error = match &*slot {
                Slot::Closed => return Err(QueryError::Closed),
                Slot::Unopened | Slot::Lost => {
                    drop(slot);
                    self.open(database).await?;
                    continue;
                }
                Slot::Open(channel) => match channel.read(statement, facts).await {
                    Ok(answer) => return Ok(answer),
                    Err(error) => (error, channel.identity().clone()),
                },
            };
            drop(slot);
            let (error, identity) = error;
            match fate(&error) {
                Fate::NotSent if opened < PAUSES.len() => {
                    opened += 1;
                    tracing::info!(%error, "the channel is opened again");
                    give_up(database, &identity).await;
                }
                Fate::NotSent | Fate::MayHaveRun => {
                    give_up(database, &identity).await;
                    return Err(error.into());
                }
                Fate::Told => return Err(error.into()),
            }
        }
    }

    /// Opens the channel, unless somebody else did meanwhile, and records what answered: a server
    /// that was started anew is another one.
    async fn open(&self, database: &Database) -> Result<(), QueryError> {
        let mut slot = database.channel.write().await;
        let pauses = match &*slot {
            Slot::Open(_) | Slot::Closed => return Ok(()),
            Slot::Unopened => &PAUSES[..1],
            Slot::Lost => &PAUSES[..],
        };
        let mut last = None;
        for pause in pauses {
            tokio::time::sleep(*pause).await;
            match database.production.connect(&self.run, self.bounds).await {
                Ok(channel) => {
                    if let Err(error) = self.connected(&channel).await {
                        channel.close().await;
                        return Err(QueryError::Audit(error));
                    }
                    *slot = Slot::Open(Box::new(channel));
                    return Ok(());
                }
                Err(error) if comes_back(&error) => last = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        Err(last.map_or(QueryError::Lost, QueryError::from))
    }

    async fn connected(&self, channel: &ProductionChannel) -> Result<(), AuditError> {
        let identity = channel.identity();
        let entry = AuditEntry {
            run: Some(self.run.clone()),
            database: Some(identity.database.to_string()),
            note: Some(format!(
                "{}; system {}, database oid {}, started {}, server {}",
                channel.describe(),
                identity.system_identifier,
                identity.database_oid,
                identity.postmaster_start,
                identity.server_version,
            )),
            ..AuditEntry::new(AuditEvent::Connected)
        };
        let log = self.audit.clone();
        blocking(move || log.append(&entry)).await.map(drop)
    }

    /// Records why it was not asked. Where that can't be recorded, that is the error.
    async fn turn_away(&self, question: Question, error: QueryError) -> QueryError {
        let log = self.audit.clone();
        blocking(move || match question.turn_away(&log, &error) {
            Ok(_) => error,
            Err(unrecorded) => QueryError::Audit(unrecorded),
        })
        .await
    }

    async fn failed(&self, pending: Pending, error: QueryError) -> QueryError {
        let entry = AuditEntry {
            rule: Some(error.rule().to_owned()),
            sqlstate: error.sqlstate().map(str::to_owned),
            ..AuditEntry::new(error.verdict().event())
        };
        blocking(move || match pending.failed(entry) {
            Ok(()) => error,
            // Nothing weighs more than that something was written.
            Err(_) if error.verdict() == QueryVerdict::Breach => error,
            Err(unrecorded) => QueryError::Audit(unrecorded),
        })
        .await
    }

    async fn answered(&self, pending: Pending, answer: &Answer) -> Result<(), QueryError> {
        let size = Size {
            rows: answer.reading.rows.len(),
            truncated: answer.reading.truncated,
            bytes: answer.bytes,
            elapsed: answer.elapsed,
        };
        blocking(move || pending.answered(size)).await.map_err(QueryError::Audit)
    }
}

/// Takes away a channel that is of no use any more, unless somebody else did, or put another there.
async fn give_up(database: &Database, identity: &Identity) {
    let mut slot = database.channel.write().await;
    if matches!(&*slot, Slot::Open(channel) if channel.identity() == identity)
        && let Slot::Open(channel) = std::mem::replace(&mut *slot, Slot::Lost)
    {
        channel.close().await;
    }
}

/// What an error of the channel says about the statement.
enum Fate {
    /// The statement was not sent, and a new channel may do.
    NotSent,
    /// The connection was lost on the way.
    MayHaveRun,
    /// This is the answer.
    Told,
}

fn fate(error: &ReadError) -> Fate {
    match error {
        ReadError::Unavailable(error) if comes_back(error) => Fate::NotSent,
        ReadError::Unavailable(ConnectError::Guard {
            source: GuardError::IdentityChanged { .. },
            ..
        })
        | ReadError::Guard(GuardError::IdentityChanged { .. }) => Fate::NotSent,
        ReadError::Lost(_) => Fate::MayHaveRun,
        _ => Fate::Told,
    }
}

/// Whether a server that said this may be back in a moment.
fn comes_back(error: &ConnectError) -> bool {
    match error {
        ConnectError::Unreachable { .. } | ConnectError::Broken { .. } => true,
        // Shutting down, starting up.
        ConnectError::Refused { error, .. } => error.sqlstate().starts_with("57P"),
        _ => false,
    }
}

/// Runs what blocks on a thread for such work.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Such a task can't be cancelled once it runs, and is dropped only with the runtime, in
            // which this one runs too.
            Err(_) => std::future::pending().await,
        },
    }
}
