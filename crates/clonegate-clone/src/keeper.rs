//! What is done with clones as a whole, from the maintenance database: listing, making, marking, dropping.

use std::sync::Arc;

use clonegate_model::{CloneName, DatabaseName, Identity, RunId};
use serde::Deserialize;

use crate::channel::{CloneChannel, OpenError};
use crate::like::Like;
use crate::maintenance::{Maintenance, Room};
use crate::psql::AskError;
use crate::settings::{CloneSettings, Limits};
use crate::statements::{self, fill, literal};
use crate::transport::{Link, StartError};

/// The way to the server of clones, whether there is a clone or not. It makes, marks and drops only databases
/// whose names a clone name pattern admitted.
#[derive(Debug, Clone)]
pub struct Keeper {
    pub(crate) at: Maintenance,
    identity: Identity,
    createdb: bool,
}

/// A database as it stands on the server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Standing {
    /// Its name.
    pub name: String,
    /// Its `pg_database.oid`.
    pub oid: u32,
    /// Its owner.
    pub owner: String,
    /// Its comment.
    pub comment: Option<String>,
    /// Its size; `None` where this role may not ask.
    pub bytes: Option<u64>,
    /// Whether this role may connect to it.
    pub connectable: bool,
    /// Whether it is a template that everybody may copy.
    pub template: bool,
    /// Sessions on it, without those of this run.
    pub sessions: u64,
    /// Sessions of this run on it.
    pub own_sessions: u64,
    /// Prepared transactions in it.
    pub prepared: u64,
    /// Replication slots of it.
    pub slots: u64,
    /// Subscriptions in it.
    pub subscriptions: u64,
}

/// Jobs of pg_cron that run in a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CronJobs {
    /// So many, as far as this role sees them.
    Seen(u64),
    /// pg_cron is not on this server.
    NoCron,
    /// There are jobs that this role can't see, and why.
    Unseen(String),
}

/// Why something was not done with a clone.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The host, the container or the program.
    #[error("the clone's psql can't be reached")]
    Start(#[from] StartError),
    /// The role could do anything, production included.
    #[error(
        "role {role} is a superuser, for whom no guard holds; keep clones with an ordinary role that owns them"
    )]
    Superuser {
        /// The role.
        role: String,
    },
    /// Nothing can be made there.
    #[error("the clone's server is a standby: nothing can be made there")]
    Standby,
    /// The name is taken.
    #[error("a database {0} exists already")]
    Taken(String),
    /// The role may not.
    #[error("role {role} may not do this ({said})")]
    Denied {
        /// The role.
        role: String,
        /// What the server said.
        said: String,
    },
    /// Somebody is connected.
    #[error("database {database} is in use{}", .detail.as_ref().map_or_else(String::new, |d| format!(" ({})", d.trim_end_matches('.'))))]
    Busy {
        /// The database.
        database: String,
        /// How many, as the server says it.
        detail: Option<String>,
    },
    /// What is there is not what was looked at before, and was left alone.
    #[error("it is left alone: {0}")]
    NotPinned(String),
    /// The server refused, or could not be asked.
    #[error("the maintenance database {maintenance} can't be asked")]
    Ask {
        /// The maintenance database.
        maintenance: String,
        /// Why.
        #[source]
        source: AskError,
    },
}

#[derive(Deserialize)]
struct Who {
    superuser: bool,
    createdb: bool,
    #[serde(flatten)]
    identity: Identity,
}

#[derive(Deserialize)]
struct Cron {
    here: bool,
    readable: bool,
    elsewhere: Option<String>,
}

impl Keeper {
    /// Connects to the maintenance database, and pins which server that is.
    ///
    /// # Errors
    /// When the server can't be asked, is a standby, or the role is a superuser.
    pub async fn open(
        settings: CloneSettings,
        run: &RunId,
        limits: Limits,
    ) -> Result<Self, KeepError> {
        let container = settings.container.clone().map(|c| (settings.runtime.clone(), c));
        let link = Link::open(settings.ssh.as_ref(), container, limits.connect_timeout).await?;
        let at = Maintenance { link: Arc::new(link), settings, limits, run: run.clone() };
        let who: Who = match at.one(statements::SERVER, &[]).await {
            Ok(who) => who,
            Err(source) => {
                return Err(KeepError::Ask {
                    maintenance: at.settings.maintenance.to_string(),
                    source,
                });
            }
        };
        if who.superuser {
            return Err(KeepError::Superuser { role: who.identity.role });
        }
        if who.identity.in_recovery {
            return Err(KeepError::Standby);
        }
        Ok(Self { at, identity: who.identity, createdb: who.createdb })
    }

    /// The server, by its maintenance database.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whether the role has CREATEDB.
    #[must_use]
    pub fn may_create(&self) -> bool {
        self.createdb
    }

    /// Every database of the server.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn databases(&self) -> Result<Vec<Standing>, KeepError> {
        self.at.rows(statements::DATABASES, &[]).await.map_err(|e| self.error("", e))
    }

    /// How much room there is where the server's new databases are; the size is the maintenance database's.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn room(&self) -> Result<Room, KeepError> {
        let maintenance = self.at.settings.maintenance.as_str();
        self.at.room(maintenance).await.map_err(|e| self.error("", e))
    }

    /// With which encoding and locale a database was made.
    ///
    /// # Errors
    /// When it is not there, or the server can't be asked.
    pub async fn like(&self, database: &str) -> Result<Like, KeepError> {
        let values = [("database", database)];
        self.at.one(statements::DATABASE_LIKE, &values).await.map_err(|e| self.error(database, e))
    }

    /// Makes an empty database that only its owner may connect to, and writes on it whose it is.
    ///
    /// # Errors
    /// When it can't be made. Killed in between, it stands there without a comment.
    #[tracing::instrument(name = "make a clone", skip_all, fields(clone = %name))]
    pub async fn create(
        &self,
        name: &CloneName,
        like: &Like,
        comment: &str,
    ) -> Result<Standing, KeepError> {
        let clause = like.clause();
        let values = [("database", name.as_str()), ("like", &clause), ("mark", comment)];
        let statements =
            [statements::DATABASE_MAKE, statements::DATABASE_MARK, statements::DATABASE_CLOSE];
        let statements = statements.map(|s| fill(s, &values)).into();
        self.at.act(statements).await.map_err(|e| self.error(name.as_str(), e))?;
        let made = self.databases().await?.into_iter().find(|d| d.name == name.as_str());
        let not = || KeepError::NotPinned(format!("database {name} is not there"));
        let made = made.ok_or_else(not)?;
        if made.comment.as_deref() != Some(comment) {
            return Err(KeepError::NotPinned(format!("database {name} lost its comment")));
        }
        Ok(made)
    }

    /// Writes another comment on a clone, if it is still the one that was looked at.
    ///
    /// # Errors
    /// When it is another one now, or may not be written on.
    pub async fn mark(
        &self,
        name: &CloneName,
        standing: &Standing,
        comment: &str,
    ) -> Result<(), KeepError> {
        let values = [("database", name.as_str()), ("mark", comment)];
        let mark = fill(statements::DATABASE_MARK, &values);
        self.guarded(name, standing, mark).await
    }

    /// Drops a clone, if it is still the one that was looked at: name, OID, owner, comment and server.
    /// Never by force: a session on it is an error.
    ///
    /// # Errors
    /// When it is another one now, or in use.
    #[tracing::instrument(name = "drop a clone", skip_all, fields(clone = %name))]
    pub async fn drop_clone(&self, name: &CloneName, standing: &Standing) -> Result<(), KeepError> {
        let drop = fill(statements::DATABASE_DROP, &[("database", name.as_str())]);
        self.guarded(name, standing, drop).await
    }

    async fn guarded(
        &self,
        name: &CloneName,
        standing: &Standing,
        statement: String,
    ) -> Result<(), KeepError> {
        if standing.name != name.as_str() {
            let other = format!("{} was looked at, and not {name}", standing.name);
            return Err(KeepError::NotPinned(other));
        }
        let expected = serde_json::json!({
            "name": standing.name,
            "oid": standing.oid,
            "owner": standing.owner,
            "comment": standing.comment,
            "system_identifier": self.identity.system_identifier,
        });
        let statements = vec![
            "set search_path = pg_catalog, pg_temp".to_owned(),
            format!("set clonegate.expected = {}", literal(&expected.to_string())),
            statements::body(statements::DATABASE_PINNED).to_owned(),
            statement,
        ];
        self.at.act(statements).await.map_err(|e| self.error(name.as_str(), e))
    }

    /// A channel to a clone of this server, over the same way.
    ///
    /// # Errors
    /// As [`CloneChannel::open`].
    pub async fn open_clone(&self, name: CloneName) -> Result<CloneChannel, OpenError> {
        let settings = CloneSettings { database: name, ..self.at.settings.clone() };
        let Maintenance { link, limits, run, .. } = self.at.clone();
        CloneChannel::over(link, settings, run, limits).await
    }

    /// The same, if nobody has that clone.
    ///
    /// # Errors
    /// As [`CloneChannel::open_free`].
    pub async fn open_free_clone(&self, name: CloneName) -> Result<CloneChannel, OpenError> {
        let settings = CloneSettings { database: name, ..self.at.settings.clone() };
        let Maintenance { link, limits, run, .. } = self.at.clone();
        CloneChannel::over_free(link, settings, run, limits).await
    }

    /// The foreign servers of a database that connect to another one.
    ///
    /// # Errors
    /// When that database can't be asked.
    pub async fn foreign_servers(
        &self,
        within: &DatabaseName,
        to: &str,
    ) -> Result<Vec<String>, KeepError> {
        let values = [("database", to)];
        let found = self.at.rows_in(within.as_str(), statements::FOREIGN_SERVERS, &values).await;
        found.map_err(|e| self.error(within.as_str(), e))
    }

    /// The jobs of pg_cron that run in a database.
    ///
    /// # Errors
    /// When the maintenance database can't be asked.
    pub async fn cron_jobs(&self, database: &str) -> Result<CronJobs, KeepError> {
        let error = |e| self.error("", e);
        let cron: Cron = self.at.one(statements::CRON, &[]).await.map_err(error)?;
        let maintenance = &self.at.settings.maintenance;
        match cron {
            Cron { here: true, readable: true, .. } => {
                let values = [("database", database)];
                let jobs = self.at.one(statements::CRON_JOBS, &values).await.map_err(error)?;
                Ok(CronJobs::Seen(jobs))
            }
            Cron { here: true, .. } => {
                Ok(CronJobs::Unseen("this role may not read cron.job".to_owned()))
            }
            Cron { elsewhere: Some(other), .. } if other != maintenance.as_str() => {
                Ok(CronJobs::Unseen(format!("pg_cron keeps its jobs in database {other}")))
            }
            Cron { .. } => Ok(CronJobs::NoCron),
        }
    }

    fn error(&self, database: &str, source: AskError) -> KeepError {
        let AskError::Server(said) = &source else {
            return KeepError::Ask {
                maintenance: self.at.settings.maintenance.to_string(),
                source,
            };
        };
        match said.sqlstate.as_deref() {
            // object_in_use
            Some("55006") => {
                KeepError::Busy { database: database.to_owned(), detail: said.detail.clone() }
            }
            // insufficient_privilege
            Some("42501") => {
                KeepError::Denied { role: self.at.role().to_owned(), said: said.message.clone() }
            }
            // duplicate_database
            Some("42P04") => KeepError::Taken(database.to_owned()),
            Some("CG002") => KeepError::NotPinned(said.message.clone()),
            _ => KeepError::Ask { maintenance: self.at.settings.maintenance.to_string(), source },
        }
    }
}
