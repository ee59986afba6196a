//! Scratch copies of the clone, on which a rollback is rehearsed.

use std::sync::Arc;

use clonegate_model::{CloneName, chain};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::channel::{CloneChannel, Inner, OpenError, one};
use crate::like::Like;
use crate::maintenance::Room;
use crate::program::{last_said, reaching, wrapped};
use crate::psql::{Action, AskError, Outside, Row, Session};
use crate::random::token;
use crate::shell::WRAPPER;
use crate::statements::{self, fill};
use crate::tail::Tail;
use crate::transport::{Ended, Event};

/// A copy of the clone that this run made. It has to be dropped by [`Scratch::drop_database`]; what is
/// forgotten is found by [`CloneChannel::scratches`].
#[derive(Debug)]
pub struct Scratch {
    clone: Arc<Inner>,
    channel: CloneChannel,
    copy: Copied,
    dropped: bool,
}

/// A scratch copy that stands on the server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Copied {
    /// Its name.
    pub name: String,
    /// Its `pg_database.oid`.
    pub oid: u32,
    /// Its comment, which names the run that made it. Empty where its maker was killed before it wrote one.
    pub mark: String,
}

/// Why there is no scratch copy, or it is still there.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// Its name is taken.
    #[error(
        "a database {0} exists already; choose another name for the scratch copy, or drop that one if it is a forgotten copy"
    )]
    Taken(String),
    /// The clone is not the pinned one any more.
    #[error("the clone {clone} is not the database any more that was pinned at entry")]
    OtherClone {
        /// The clone.
        clone: String,
    },
    /// Sessions on the clone keep it from being copied.
    #[error("the clone {clone} can't be copied while somebody is connected to it{}; close those sessions", said(.detail))]
    TemplateBusy {
        /// The clone.
        clone: String,
        /// How many, as the server says it.
        detail: Option<String>,
    },
    /// Sessions on the copy keep it from being dropped.
    #[error("the scratch copy {scratch} can't be dropped while somebody is connected to it{}", said(.detail))]
    Busy {
        /// The copy.
        scratch: String,
        /// How many, as the server says it.
        detail: Option<String>,
    },
    /// The role may not.
    #[error(
        "role {role} may not copy the clone ({said}); it needs CREATEDB and to own the clone, or name a maintenance role that has them"
    )]
    Denied {
        /// The role.
        role: String,
        /// What the server said.
        said: String,
    },
    /// The clone could not be dumped and restored.
    #[error("the clone can't be copied by pg_dump and pg_restore: {said}")]
    Copy {
        /// What the programs said.
        said: String,
    },
    /// What is there is not the copy that this run made, and was left alone.
    #[error("it is left alone: {0}")]
    NotOurs(String),
    /// The server refused, or could not be asked.
    #[error("the maintenance database {maintenance} can't be asked")]
    Ask {
        /// The maintenance database.
        maintenance: String,
        /// Why.
        #[source]
        source: AskError,
    },
    /// Its psql was lost on the way, and what it had made by then may be there still.
    #[error("the scratch copy {scratch} may be left behind, because it can't be dropped ({why})")]
    LeftBehind {
        /// The copy.
        scratch: String,
        /// Why it can't be dropped.
        why: String,
        /// What went wrong first.
        #[source]
        source: Box<ScratchError>,
    },
    /// The copy is there and can't be opened.
    #[error("the scratch copy can't be opened")]
    Open(#[from] OpenError),
}

fn said(detail: &Option<String>) -> String {
    detail.as_ref().map_or_else(String::new, |d| format!(" ({})", d.trim_end_matches('.')))
}

/// A setting of the session, outside any transaction.
fn set(name: &str, value: &str) -> Action {
    Action::Command(format!("set {name} = {}", statements::literal(value)))
}

const MARK: &str = "clonegate scratch copy of run ";

impl ScratchError {
    /// Whether the clone can't be a template, and may still be dumped and restored.
    #[must_use]
    pub fn asks_for_a_dump(&self) -> bool {
        matches!(self, Self::TemplateBusy { .. } | Self::Denied { .. })
    }

    /// Whether the server may have done what was asked, or may still be doing it, without having been heard.
    fn leaves_open_what_was_done(&self) -> bool {
        let unheard = |source: &AskError| match source {
            AskError::Ended { .. } | AskError::Shape(_) | AskError::Timeout(_) => true,
            AskError::Start(_)
            | AskError::NoPsql { .. }
            | AskError::TooOld
            | AskError::Server(_)
            | AskError::Random(_) => false,
        };
        matches!(self, Self::Ask { source, .. } if unheard(source))
    }
}

#[derive(Deserialize)]
struct Made {
    oid: u32,
    mark: Option<String>,
}

impl CloneChannel {
    /// Copies the clone by `CREATE DATABASE … TEMPLATE`, marks the copy as this run's, and opens a channel
    /// to it with an identity of its own.
    ///
    /// # Errors
    /// When it can't be made; what was begun is dropped again.
    #[tracing::instrument(name = "make a scratch copy", skip_all, fields(scratch = %name))]
    pub async fn create_scratch(&self, name: CloneName) -> Result<Scratch, ScratchError> {
        let clone = self.inner.settings.database.as_str();
        // A template has no session, not even one of its own.
        self.rest().await;
        let values = [("clone", clone), ("scratch", name.as_str())];
        let make = fill(statements::SCRATCH_MAKE, &values);
        let copy = self.inner.make_copy(&name, make).await?;
        self.open_copy(name, copy).await
    }

    /// Copies the clone by `pg_dump` and `pg_restore`, where it can't be a template. The copy has other OIDs,
    /// and every row of it is new.
    ///
    /// # Errors
    /// When it can't be made; what was begun is dropped again.
    #[tracing::instrument(name = "restore a scratch copy", skip_all, fields(scratch = %name))]
    pub async fn restore_scratch(&self, name: CloneName) -> Result<Scratch, ScratchError> {
        let inner = &self.inner;
        let clone = inner.settings.database.as_str();
        let like: Like =
            inner.ask_maintenance(statements::DATABASE_LIKE, &[("database", clone)]).await?;
        let clause = like.clause();
        let values = [("database", name.as_str()), ("like", clause.as_str())];
        let make = fill(statements::DATABASE_MAKE, &values);
        let copy = inner.make_copy(&name, make).await?;
        if let Err(error) = inner.fill_copy(&copy).await {
            inner.drop_copy(&copy).await?;
            return Err(error);
        }
        self.open_copy(name, copy).await
    }

    /// How large the clone is, and how much room there is for a copy of it.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn room(&self) -> Result<Room, ScratchError> {
        let inner = &self.inner;
        let room = inner.maintenance().room(inner.settings.database.as_str()).await;
        room.map_err(|e| inner.scratch_error(e))
    }

    async fn open_copy(&self, name: CloneName, copy: Copied) -> Result<Scratch, ScratchError> {
        let inner = &self.inner;
        let mut settings = inner.settings.clone();
        settings.database = name;
        let opened = CloneChannel::over(
            inner.link.clone(),
            settings,
            inner.run.clone(),
            inner.limits.clone(),
        );
        match opened.await {
            Ok(channel) => Ok(Scratch { clone: inner.clone(), channel, copy, dropped: false }),
            Err(e) => {
                inner.drop_copy(&copy).await?;
                Err(e.into())
            }
        }
    }

    /// A database of this name that belongs to this role and carries no mark: what is left where a run was
    /// killed between making a scratch copy and marking it. That its name is a scratch copy's is for the
    /// caller to know.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn unmarked(&self, name: &CloneName) -> Result<Option<Copied>, ScratchError> {
        self.inner.unmarked(name).await
    }

    /// Every scratch copy on the clone's server, of any run: what a run that was killed left behind.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn scratches(&self) -> Result<Vec<Copied>, ScratchError> {
        self.inner.marked().await
    }

    /// Drops a scratch copy that [`CloneChannel::scratches`] or [`CloneChannel::unmarked`] found, if it is
    /// still that one. Nothing is done where it is gone.
    ///
    /// # Errors
    /// When it is in use, is another one now, or the server can't be asked.
    pub async fn drop_scratch(&self, copy: &Copied) -> Result<(), ScratchError> {
        if !copy.mark.starts_with(MARK) && !copy.mark.is_empty() {
            return Err(ScratchError::NotOurs(format!("{} is no scratch copy", copy.name)));
        }
        self.inner.drop_copy(copy).await
    }
}

impl Scratch {
    /// The channel to the copy.
    #[must_use]
    pub fn channel(&self) -> &CloneChannel {
        &self.channel
    }

    /// What stands on the server.
    #[must_use]
    pub fn copy(&self) -> &Copied {
        &self.copy
    }

    /// Drops the copy, if it is still the one that was made. Never by force: a session on it is an error.
    ///
    /// # Errors
    /// When it is in use, is another database now, or the server can't be asked.
    pub async fn drop_database(mut self) -> Result<(), ScratchError> {
        self.channel.rest().await;
        self.clone.drop_copy(&self.copy).await?;
        self.dropped = true;
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.dropped {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (clone, copy) = (self.clone.clone(), self.copy.clone());
        runtime.spawn(async move {
            if let Err(error) = clone.drop_copy(&copy).await {
                tracing::warn!(scratch = copy.name, %error, "a scratch copy is left behind");
            }
        });
    }
}

impl Inner {
    fn scratch_error(&self, source: AskError) -> ScratchError {
        ScratchError::Ask { maintenance: self.settings.maintenance.to_string(), source }
    }

    fn maintenance_role(&self) -> &str {
        self.settings.maintenance_role.as_deref().unwrap_or(&self.settings.role)
    }

    async fn in_maintenance(
        &self,
        nonce: &str,
        actions: Vec<Action>,
    ) -> Result<Vec<Row>, ScratchError> {
        let application = self.run.application_name();
        let session = Session {
            database: self.settings.maintenance.as_str(),
            role: self.maintenance_role(),
            application: &application,
            statement_timeout: self.limits.scratch_timeout,
            // CREATE DATABASE runs outside a transaction.
            outside: Outside::Writes,
            settings: Vec::new(),
        };
        let deadline = self.limits.scratch_timeout + self.limits.connect_timeout;
        self.ask(session, nonce, actions, deadline).await.map_err(|e| self.scratch_error(e))
    }

    async fn ask_maintenance<T: serde::de::DeserializeOwned>(
        &self,
        statement: &str,
        values: &[(&str, &str)],
    ) -> Result<T, ScratchError> {
        let nonce = token().map_err(|e| self.scratch_error(AskError::Random(e)))?;
        let mut all = vec![("nonce", nonce.as_str())];
        all.extend_from_slice(values);
        let rows =
            self.in_maintenance(&nonce, vec![Action::Command(fill(statement, &all))]).await?;
        one(&rows).map_err(|e| self.scratch_error(e))
    }

    async fn maintain(&self, nonce: &str, actions: Vec<Action>) -> Result<Vec<Row>, ScratchError> {
        self.in_maintenance(nonce, actions).await.map_err(|error| match error {
            ScratchError::Ask { source: AskError::Server(d), maintenance } => {
                match d.sqlstate.as_deref() {
                    // object_in_use
                    Some("55006") => ScratchError::TemplateBusy {
                        clone: self.settings.database.to_string(),
                        detail: d.detail,
                    },
                    // insufficient_privilege
                    Some("42501") => ScratchError::Denied {
                        role: self.maintenance_role().to_owned(),
                        said: d.message,
                    },
                    // duplicate_database, where somebody makes one of that name in the same moment
                    Some("42P04") => ScratchError::Taken(d.message),
                    Some("CG004") => ScratchError::Taken(d.message),
                    Some("CG005") => ScratchError::OtherClone { clone: d.message },
                    Some("CG002") => ScratchError::NotOurs(d.message),
                    _ => ScratchError::Ask { source: AskError::Server(d), maintenance },
                }
            }
            other => other,
        })
    }

    /// Makes the copy's database, and marks it as this run's. Where its psql is lost on the way, the server
    /// would go on with what it was told: that is ended, and what is there by then is dropped.
    async fn make_copy(&self, name: &CloneName, make: String) -> Result<Copied, ScratchError> {
        let error = match self.make_and_mark(name, make).await {
            Err(error) if error.leaves_open_what_was_done() => error,
            heard => return heard,
        };
        match self.drop_half_made(name).await {
            Ok(()) => Err(error),
            Err(why) => Err(ScratchError::LeftBehind {
                scratch: name.to_string(),
                why: chain(&why),
                source: Box::new(error),
            }),
        }
    }

    async fn drop_half_made(&self, name: &CloneName) -> Result<(), ScratchError> {
        self.end_making(name.as_str()).await?;
        let mark = format!("{MARK}{}", self.run);
        let marked = self.marked().await?;
        let marked = marked.into_iter().find(|c| c.name == name.as_str() && c.mark == mark);
        let made = match marked {
            Some(copy) => Some(copy),
            None => self.unmarked(name).await?,
        };
        match made {
            Some(copy) => self.drop_copy(&copy).await,
            None => Ok(()),
        }
    }

    async fn end_making(&self, scratch: &str) -> Result<(), ScratchError> {
        let end = self.maintenance();
        let ended: Result<IgnoredAny, AskError> =
            end.one(statements::END_MAKING, &[("scratch", scratch)]).await;
        ended.map(drop).map_err(|e| self.scratch_error(e))
    }

    async fn unmarked(&self, name: &CloneName) -> Result<Option<Copied>, ScratchError> {
        let values = [("scratch", name.as_str())];
        let found = self.maintenance().rows(statements::UNMARKED, &values).await;
        Ok(found.map_err(|e| self.scratch_error(e))?.pop())
    }

    async fn marked(&self) -> Result<Vec<Copied>, ScratchError> {
        let found = self.maintenance().rows(statements::SCRATCHES, &[]).await;
        found.map_err(|e| self.scratch_error(e))
    }

    /// All in one session, so that what may be made is asked right before it is.
    async fn make_and_mark(&self, name: &CloneName, make: String) -> Result<Copied, ScratchError> {
        let clone = self.settings.database.as_str();
        let scratch = name.as_str();
        let mark = format!("{MARK}{}", self.run);
        let nonce = token().map_err(|e| self.scratch_error(AskError::Random(e)))?;
        let pinned = &self.identity;
        let expected = serde_json::json!({
            "clone": clone,
            "oid": pinned.database_oid,
            "system_identifier": pinned.system_identifier,
            "scratch": scratch,
        });
        let values = [("nonce", nonce.as_str()), ("scratch", scratch), ("mark", mark.as_str())];
        let actions = vec![
            Action::Command("set search_path = pg_catalog, pg_temp".to_owned()),
            set("clonegate.expected", &expected.to_string()),
            Action::Command(statements::body(statements::SCRATCH_MAY_BE_MADE).to_owned()),
            Action::Command(make),
            Action::Command(fill(statements::SCRATCH_MARK, &values)),
            Action::Command(fill(statements::SCRATCH_MADE, &values)),
        ];
        let rows = self.maintain(&nonce, actions).await?;
        let made: Made = one(&rows).map_err(|e| self.scratch_error(e))?;
        if made.mark.as_deref() != Some(&mark) {
            return Err(ScratchError::NotOurs(format!("database {scratch} lost its mark")));
        }
        Ok(Copied { name: scratch.to_owned(), oid: made.oid, mark })
    }

    /// Fills an empty copy with what `pg_dump` says of the clone; both programs run where psql does.
    async fn fill_copy(&self, copy: &Copied) -> Result<(), ScratchError> {
        let nonce = token().map_err(|e| self.scratch_error(AskError::Random(e)))?;
        let settings = &self.settings;
        let application = self.run.application_name();
        let session = Session {
            database: &copy.name,
            role: &settings.role,
            application: &application,
            statement_timeout: self.limits.scratch_timeout,
            outside: Outside::Writes,
            settings: Vec::new(),
        };
        let programs = ["pg_dump", "pg_restore"].map(|p| settings.beside_psql(p));
        let mut argv: Vec<String> =
            ["sh", "-c", include_str!("copy.sh"), "sh"].map(str::to_owned).to_vec();
        argv.extend(programs);
        argv.extend([settings.database.to_string(), copy.name.clone()]);
        argv.extend(reaching(settings, &settings.role));
        let words = wrapped(&session, settings, &self.limits, &nonce, argv);
        let said = async {
            let mut process = self.link.start(WRAPPER, &words).await.map_err(AskError::Start)?;
            process.close_input();
            let mut said = Tail::new(self.limits.message_bytes);
            loop {
                match process.event().await {
                    Event::Stdout(_) => {}
                    Event::Stderr(bytes) => said.push(&bytes),
                    Event::Ended(Ended::Code(0)) => return Ok(None),
                    Event::Ended(Ended::Code(_)) => return Ok(Some(last_said(&said.text()))),
                    Event::Ended(Ended::Lost(why)) => return Ok(Some(why)),
                }
            }
        };
        let patience = self.limits.scratch_timeout;
        let said = tokio::time::timeout(patience, said).await;
        match said.unwrap_or(Err(AskError::Timeout(patience))) {
            Ok(None) => Ok(()),
            Ok(Some(said)) => Err(ScratchError::Copy { said }),
            Err(error) => Err(self.scratch_error(error)),
        }
    }

    /// Drops the copy if it is still that one. Where the psql for it is lost on the way, it is tried once more.
    async fn drop_copy(&self, copy: &Copied) -> Result<(), ScratchError> {
        match self.try_to_drop(copy).await {
            Err(error) if error.leaves_open_what_was_done() => {
                self.end_making(&copy.name).await?;
                self.try_to_drop(copy).await
            }
            heard => heard,
        }
    }

    async fn try_to_drop(&self, copy: &Copied) -> Result<(), ScratchError> {
        let expected = serde_json::json!({
            "scratch": copy.name,
            "clone": self.settings.database.as_str(),
            "oid": copy.oid,
            // A copy whose maker was killed early carries none, and must not have got one since.
            "mark": (!copy.mark.is_empty()).then_some(&copy.mark),
        });
        let nonce = token().map_err(|e| self.scratch_error(AskError::Random(e)))?;
        let actions = vec![
            Action::Command("set search_path = pg_catalog, pg_temp".to_owned()),
            set("clonegate.expected", &expected.to_string()),
            Action::Command(statements::body(statements::SCRATCH_MAY_BE_DROPPED).to_owned()),
            Action::Command(fill(statements::SCRATCH_DROP, &[("scratch", &copy.name)])),
        ];
        let dropped = self.maintain(&nonce, actions).await;
        dropped.map(drop).map_err(|error| match error {
            ScratchError::TemplateBusy { detail, .. } => {
                ScratchError::Busy { scratch: copy.name.clone(), detail }
            }
            other => other,
        })
    }
}
