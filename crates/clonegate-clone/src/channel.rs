//! The channel itself: opened once a run, its identity pinned.

use std::sync::Arc;
use std::time::Duration;

use clonegate_model::{CloneName, DatabaseName, Identity, Owner, RunId};
use serde::Deserialize;

use crate::hold::{Hold, HoldError, Holder, hold_over, holder_over};
use crate::psql::{self, Action, AskError, Conversation, Heard, Outside, Plan, Row, Session};
use crate::random::token;
use crate::read::Kept;
use crate::settings::{CloneSettings, Limits};
use crate::shell;
use crate::statements::{self, fill};
use crate::transport::{Ended, Link, StartError};

/// The way to one clone. Runs scripts, reads, and nothing else; cheap to clone.
#[derive(Debug, Clone)]
pub struct CloneChannel {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) link: Arc<Link>,
    pub(crate) settings: CloneSettings,
    pub(crate) limits: Limits,
    pub(crate) run: RunId,
    pub(crate) identity: Identity,
    /// Whether the server looks after its client while it runs a statement (PostgreSQL 14, Linux).
    pub(crate) looks_after_client: bool,
    /// The psql that reads.
    pub(crate) kept: Kept,
}

/// Why the channel can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The host, the container or the program.
    #[error("the clone's psql can't be reached")]
    Start(#[from] StartError),
    /// psql, the login or the first question.
    #[error("the clone {database} can't be asked who it is")]
    Ask {
        /// The clone.
        database: CloneName,
        /// Why.
        #[source]
        source: AskError,
    },
    /// The login ended in another database.
    #[error("asked for the clone {expected}, got database {found}")]
    OtherDatabase {
        /// The clone.
        expected: CloneName,
        /// What `current_catalog` says.
        found: DatabaseName,
    },
    /// The role could do anything, production included.
    #[error(
        "role {role} is a superuser, for whom no guard holds; work on the clone with an ordinary role that owns it"
    )]
    Superuser {
        /// The role.
        role: String,
    },
    /// Another run has the clone.
    #[error("another run holds the clone: {}, backend {}", .0.by, .0.pid)]
    Held(Box<Holder>),
    /// Nothing can be written there.
    #[error("the clone's server is a standby: nothing can be built there")]
    Standby,
}

/// What became of a transaction, by `pg_xact_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum XactStatus {
    /// Its effects are there.
    Committed,
    /// It left nothing.
    Aborted,
    /// It is still running.
    InProgress,
    /// So long ago that the server forgot it.
    Forgotten,
}

/// Why it is not known what became of a transaction.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// The server could not be asked.
    #[error("the clone's server can't be asked")]
    Ask(#[from] AskError),
    /// Another server answers: its transaction ids mean nothing here.
    #[error("{found} answers, and not {pinned}, where the transaction ran")]
    OtherServer {
        /// Database OID and system identifier of the one that answers.
        found: String,
        /// Those that were pinned.
        pinned: String,
    },
}

#[derive(Deserialize)]
pub(crate) struct Who {
    superuser: bool,
    #[serde(flatten)]
    pub(crate) identity: Identity,
}

#[derive(Deserialize)]
pub(crate) struct Settled {
    status: Option<String>,
    database_oid: Option<u32>,
    system_identifier: String,
}

impl CloneChannel {
    /// Connects, checks that psql is there and locks its meta-commands, and pins the clone's identity.
    ///
    /// # Errors
    /// When any of these fails; nothing was changed.
    #[tracing::instrument(name = "open the clone channel", skip_all, fields(clone = %settings.database))]
    pub async fn open(
        settings: CloneSettings,
        run: &RunId,
        limits: Limits,
    ) -> Result<Self, OpenError> {
        let container = settings.container.clone().map(|c| (settings.runtime.clone(), c));
        let link = Link::open(settings.ssh.as_ref(), container, limits.connect_timeout).await?;
        Self::over(Arc::new(link), settings, run.clone(), limits).await
    }

    /// Opens the channel if nobody has the clone. Whoever has it has it alone: no session is opened on it
    /// then, because the run that has it would see a foreign one. Where this can't be asked, it is
    /// opened all the same: who is about to take the lock hears why then, and who only reads needs none.
    ///
    /// # Errors
    /// [`OpenError::Held`], and what [`Self::open`] has.
    pub async fn open_free(
        settings: CloneSettings,
        run: &RunId,
        limits: Limits,
    ) -> Result<Self, OpenError> {
        let container = settings.container.clone().map(|c| (settings.runtime.clone(), c));
        let link = Link::open(settings.ssh.as_ref(), container, limits.connect_timeout).await?;
        Self::over_free(Arc::new(link), settings, run.clone(), limits).await
    }

    /// The same over a link that is there.
    pub(crate) async fn over_free(
        link: Arc<Link>,
        settings: CloneSettings,
        run: RunId,
        limits: Limits,
    ) -> Result<Self, OpenError> {
        if let Ok(Some(holder)) = holder_over(&link, &settings, &run, &limits).await {
            return Err(OpenError::Held(Box::new(holder)));
        }
        Self::over(link, settings, run, limits).await
    }

    /// Takes the clone's lock, and then opens the channel. Where somebody else has the clone, no session is
    /// opened on it, as by [`Self::open_free`]; where the lock can't be asked for, that is said beside the channel.
    ///
    /// # Errors
    /// [`OpenError::Held`], and what [`Self::open`] has.
    pub async fn open_held(
        settings: CloneSettings,
        run: &RunId,
        limits: Limits,
        owner: &Owner,
    ) -> Result<(Self, Result<Hold, HoldError>), OpenError> {
        let container = settings.container.clone().map(|c| (settings.runtime.clone(), c));
        let link = Link::open(settings.ssh.as_ref(), container, limits.connect_timeout).await?;
        let held = match hold_over(&link, &settings, run, &limits, owner).await {
            Err(HoldError::Held(holder)) => return Err(OpenError::Held(Box::new(holder))),
            held => held,
        };
        let channel = Self::over(Arc::new(link), settings, run.clone(), limits).await?;
        Ok((channel, held))
    }

    /// Opens a channel to another database over a link that is there.
    pub(crate) async fn over(
        link: Arc<Link>,
        settings: CloneSettings,
        run: RunId,
        limits: Limits,
    ) -> Result<Self, OpenError> {
        let database = settings.database.clone();
        let ask = |source| OpenError::Ask { database: database.clone(), source };
        let nonce = token().map_err(|e| ask(AskError::Random(e)))?;
        let application = run.application_name();
        let plan = Plan {
            session: Session {
                database: settings.database.as_str(),
                role: &settings.role,
                application: &application,
                statement_timeout: limits.read_timeout,
                outside: Outside::ReadOnly,
                settings: Vec::new(),
            },
            actions: vec![
                psql::restrict().map_err(|e| ask(AskError::Random(e)))?,
                Action::Command("begin read only".to_owned()),
                Action::Command(statements::OWN_PATH.to_owned()),
                Action::Command(fill(statements::IDENTITY, &[("nonce", &nonce)])),
                Action::Command("rollback".to_owned()),
                // Not every platform has it; where it fails, the identity is there already.
                Action::Command(
                    "select pg_catalog.set_config('client_connection_check_interval', '2s', false)"
                        .to_owned(),
                ),
            ],
            script: None,
        };
        let (rows, ended, conversation) = hear_all(
            &link,
            &settings,
            &limits,
            &nonce,
            &plan,
            limits.read_timeout + limits.connect_timeout,
        )
        .await
        .map_err(ask)?;
        let Some(row) = rows.iter().find(|row| row.kind == "identity") else {
            return Err(ask(AskError::of_end(&ended, &conversation, &settings)));
        };
        let who: Who =
            serde_json::from_str(&row.json).map_err(|e| ask(AskError::Shape(e.to_string())))?;
        let identity = who.identity;
        if &identity.database != settings.database.as_database() {
            let expected = settings.database;
            return Err(OpenError::OtherDatabase { expected, found: identity.database });
        }
        if who.superuser {
            return Err(OpenError::Superuser { role: identity.role });
        }
        if identity.in_recovery {
            return Err(OpenError::Standby);
        }
        let looks_after_client = ended == Ended::Code(0);
        tracing::debug!(?identity, looks_after_client, "the clone's identity is pinned");
        let kept = Kept::default();
        let inner = Inner { link, settings, limits, run, identity, looks_after_client, kept };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The clone's identity as it was when the channel was opened. Every script and every reading is
    /// guarded by it.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.inner.identity
    }

    /// The container's own id, where there is a container and its engine said it. Every script, reading and
    /// question goes to that container, whoever has its name by then.
    #[must_use]
    pub fn container(&self) -> Option<&str> {
        self.inner.link.container()
    }

    /// For people: the command line by which scripts go. Has no secrets.
    #[must_use]
    pub fn route(&self) -> String {
        let settings = &self.inner.settings;
        let mut words = self.inner.link.describe();
        words.push(settings.psql.clone());
        words.extend(["-X", "-v", "ON_ERROR_STOP=1"].map(str::to_owned));
        words.extend(psql::connection(settings, &settings.role, settings.database.as_str()));
        words.extend(["-f", "-"].map(str::to_owned));
        shell::join(&words)
    }

    /// Asks what became of a transaction of this clone's server.
    ///
    /// # Errors
    /// When the server can't be asked, or it is another one than that of the channel's opening. A restart
    /// in between is no error.
    pub async fn transaction_status(&self, xid: u64) -> Result<XactStatus, StatusError> {
        self.inner.status(xid, None).await
    }

    /// Ends every other session of this run on the clone, and says how many there were.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn terminate(&self) -> Result<u64, AskError> {
        self.inner.sweep().await
    }

    /// Ends the sessions that another run left on this server, and says how many there were: a run that
    /// was killed may have left a script at work. They belong to the same role.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn end_sessions_of(&self, run: &RunId) -> Result<u64, AskError> {
        #[derive(Deserialize)]
        struct EndedSessions {
            sessions: u64,
        }
        self.rest().await;
        let application = run.application_name();
        let ended: EndedSessions = self
            .inner
            .ask_clone(statements::END_SESSIONS, &[("application", &application)])
            .await?;
        Ok(ended.sessions)
    }
}

impl Inner {
    /// A session on the clone.
    pub(crate) fn session<'a>(
        &'a self,
        application: &'a str,
        statement_timeout: Duration,
    ) -> Session<'a> {
        let mut settings = Vec::new();
        if self.looks_after_client {
            settings.push(("client_connection_check_interval", "2000".to_owned()));
        }
        Session {
            database: self.settings.database.as_str(),
            role: &self.settings.role,
            application,
            statement_timeout,
            outside: Outside::ReadOnly,
            settings,
        }
    }

    /// What the guard is to find, with the word that it leaves behind.
    pub(crate) fn expected(&self, isolation: &str, read_only: &str, token: &str) -> Action {
        let identity = &self.identity;
        let expected = serde_json::json!({
            "database": identity.database.as_str(),
            "database_oid": identity.database_oid,
            "system_identifier": identity.system_identifier,
            "postmaster_start": identity.postmaster_start,
            "role": identity.role,
            "isolation": isolation,
            "read_only": read_only,
            "token": token,
        });
        psql::set_local("clonegate.expected", &expected.to_string())
    }

    /// Runs statements of the executor's own and gives their rows. All must succeed.
    pub(crate) async fn ask(
        &self,
        session: Session<'_>,
        nonce: &str,
        statements: Vec<Action>,
        deadline: Duration,
    ) -> Result<Vec<Row>, AskError> {
        let mut actions = vec![psql::restrict().map_err(AskError::Random)?];
        actions.extend(statements);
        let plan = Plan { session, actions, script: None };
        let (rows, ended, conversation) =
            hear_all(&self.link, &self.settings, &self.limits, nonce, &plan, deadline).await?;
        if ended == Ended::Code(0) {
            Ok(rows)
        } else {
            Err(AskError::of_end(&ended, &conversation, &self.settings))
        }
    }

    async fn ask_clone<T: serde::de::DeserializeOwned>(
        &self,
        statement: &str,
        values: &[(&str, &str)],
    ) -> Result<T, AskError> {
        let nonce = token().map_err(AskError::Random)?;
        let mut all = vec![("nonce", nonce.as_str())];
        all.extend_from_slice(values);
        let application = self.run.application_name();
        let session = self.session(&application, self.limits.read_timeout);
        let statements = vec![Action::Command(fill(statement, &all))];
        let rows = self.ask(session, &nonce, statements, self.limits.ending_deadline).await?;
        one(&rows)
    }

    /// What became of a transaction; `end` ends the named backend if it is still in it.
    pub(crate) async fn status(
        &self,
        xid: u64,
        end: Option<i64>,
    ) -> Result<XactStatus, StatusError> {
        let (terminate, pid) = match end {
            Some(pid) => ("yes", pid.to_string()),
            None => ("no", "0".to_owned()),
        };
        let xid = xid.to_string();
        let values = [("xid", xid.as_str()), ("pid", &pid), ("terminate", terminate)];
        let settled: Settled = self.ask_clone(statements::SETTLE, &values).await?;
        let pinned = (Some(self.identity.database_oid), self.identity.system_identifier.as_str());
        if (settled.database_oid, settled.system_identifier.as_str()) != pinned {
            let name = |oid: Option<u32>, system: &str| {
                format!("database {} of system {system}", oid.unwrap_or_default())
            };
            return Err(StatusError::OtherServer {
                found: name(settled.database_oid, &settled.system_identifier),
                pinned: name(pinned.0, pinned.1),
            });
        }
        match settled.status.as_deref() {
            Some("committed") => Ok(XactStatus::Committed),
            Some("aborted") => Ok(XactStatus::Aborted),
            Some("in progress") => Ok(XactStatus::InProgress),
            None => Ok(XactStatus::Forgotten),
            Some(other) => Err(AskError::Shape(format!("transaction status {other:?}")).into()),
        }
    }

    pub(crate) async fn sweep(&self) -> Result<u64, AskError> {
        #[derive(Deserialize)]
        struct Swept {
            sessions: u64,
        }
        // It would be one of those that are ended.
        self.rest().await;
        let swept: Swept = self.ask_clone(statements::SWEEP, &[]).await?;
        Ok(swept.sessions)
    }
}

/// The only row, read.
pub(crate) fn one<T: serde::de::DeserializeOwned>(rows: &[Row]) -> Result<T, AskError> {
    match rows.iter().filter(|row| row.kind != "accepted").collect::<Vec<_>>().as_slice() {
        [row] => serde_json::from_str(&row.json).map_err(|e| AskError::Shape(e.to_string())),
        rows => Err(AskError::Shape(format!("{} rows instead of one", rows.len()))),
    }
}

/// Runs a plan to its end within a deadline.
pub(crate) async fn hear_all(
    link: &Link,
    settings: &CloneSettings,
    limits: &Limits,
    nonce: &str,
    plan: &Plan<'_>,
    deadline: Duration,
) -> Result<(Vec<Row>, Ended, Conversation), AskError> {
    let heard = async {
        let mut conversation = Conversation::start(link, settings, limits, nonce, plan).await?;
        conversation.close_input();
        let mut rows = Vec::new();
        loop {
            match conversation.hear().await {
                Heard::Row(row) => rows.push(row),
                Heard::Ended(ended) => return Ok((rows, ended, conversation)),
            }
        }
    };
    tokio::time::timeout(deadline, heard).await.unwrap_or(Err(AskError::Timeout(deadline)))
}
