//! One gate a clone: a lock on the server that ends with the session that has it.

use std::fmt;
use std::time::Duration;

use clonegate_model::{CloneName, Owner, RunId, chain};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::channel::{CloneChannel, Inner, hear_all};
use crate::mark::{self, Found};
use crate::psql::{self, Action, AskError, Conversation, Heard, Outside, Plan, Session};
use crate::random::token;
use crate::settings::{CloneSettings, Limits};
use crate::statements::{self, fill};
use crate::transport::{Ended, Link};

/// The clone is this run's as long as this is kept. Dropping it, and the end of this process however it
/// ends, closes the psql that has the lock and so frees it.
#[derive(Debug)]
pub struct Hold {
    conversation: Conversation,
    nonce: String,
    key: String,
    owner: String,
    clone: String,
    /// By whose `application_name` the lock was taken.
    run: String,
    pid: i64,
    found: Found,
    patience: Duration,
}

/// Who has a clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its `application_name`, which names the run.
    pub by: String,
    /// Its backend's process id.
    pub pid: i64,
    /// When its session began; `None` where this role may not see it.
    pub since: Option<String>,
    /// The process that opened it; `None` where this role may not see it.
    pub owner: Option<Owner>,
}

/// Why a clone is not held.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// Somebody else has it.
    #[error("the clone is held by {0}")]
    Held(Holder),
    /// The lock can't be asked for.
    #[error(
        "the clone's lock can't be taken in database {maintenance}; its role needs to be able to connect there"
    )]
    Ask {
        /// The maintenance database.
        maintenance: String,
        /// Why.
        #[source]
        source: AskError,
    },
    /// The lock was this run's and its session is gone.
    #[error("the session that held the clone is gone: {0}")]
    Lost(String),
}

/// The run, the backend, since when and by whom.
impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (backend {}{}", name(&self.by), self.pid, since(&self.since))?;
        match &self.owner {
            Some(owner) => write!(f, ", {owner})"),
            None => f.write_str(")"),
        }
    }
}

fn name(by: &str) -> &str {
    if by.is_empty() { "a session without a name" } else { by }
}

fn since(since: &Option<String>) -> String {
    since.as_ref().map_or_else(String::new, |t| format!(", since {t}"))
}

/// The advisory lock's key: the same for every gate on whatever machine.
fn key(clone: &CloneName) -> i64 {
    let digest = Sha256::digest(format!("clonegate clone {clone}").as_bytes());
    let mut first = [0_u8; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}

#[derive(Deserialize)]
struct Asked {
    held: bool,
    pid: i64,
    mark: Option<String>,
}

#[derive(Deserialize)]
struct Still {
    held: bool,
    mark: Option<String>,
}

#[derive(Deserialize)]
struct HolderRow {
    by: Option<String>,
    pid: i64,
    since: Option<String>,
    owner: Option<String>,
}

#[derive(Deserialize)]
struct EndedSessions {
    sessions: u64,
}

impl CloneChannel {
    /// Takes the clone for this run: an advisory lock in the maintenance database, held by a psql that
    /// stays open.
    ///
    /// # Errors
    /// [`HoldError::Held`] when somebody else has it.
    #[tracing::instrument(name = "hold the clone", skip_all, fields(clone = %self.inner.identity.database))]
    pub async fn hold(&self, owner: &Owner) -> Result<Hold, HoldError> {
        let inner = &self.inner;
        hold_over(&inner.link, &inner.settings, &inner.run, &inner.limits, owner).await
    }

    /// Who has a clone, if anybody does. No session is opened on the clone for it: the run that has it would see
    /// a foreign one.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn holder_of(
        settings: &CloneSettings,
        run: &RunId,
        limits: &Limits,
    ) -> Result<Option<Holder>, AskError> {
        let container = settings.container.clone().map(|c| (settings.runtime.clone(), c));
        let link = Link::open(settings.ssh.as_ref(), container, limits.connect_timeout).await?;
        holder_over(&link, settings, run, limits).await
    }

    /// Who has the clone, if anybody does.
    ///
    /// # Errors
    /// When the server can't be asked.
    pub async fn holder(&self) -> Result<Option<Holder>, HoldError> {
        self.inner.holder().await.map_err(|e| self.inner.hold_error(e))
    }

    /// Ends the session that has a clone, if it is still the one that was shown; before it, where `of` names its run,
    /// every session of that run, which must not go on without the lock. Says whether any session was ended. None is
    /// opened on the clone for it, as by [`Self::holder_of`].
    ///
    /// # Errors
    /// When the server can't be asked, or the session is another role's.
    pub async fn end_holder_of(
        settings: &CloneSettings,
        run: &RunId,
        limits: &Limits,
        holder: &Holder,
        of: Option<&RunId>,
    ) -> Result<bool, AskError> {
        let container = settings.container.clone().map(|c| (settings.runtime.clone(), c));
        let link = Link::open(settings.ssh.as_ref(), container, limits.connect_timeout).await?;
        let nonce = token().map_err(AskError::Random)?;
        let mut actions = vec![psql::restrict().map_err(AskError::Random)?];
        if let Some(of) = of {
            let application = of.application_name();
            let values = [("nonce", nonce.as_str()), ("application", &application)];
            actions.push(Action::Command(fill(statements::END_SESSIONS, &values)));
        }
        let key = key(&settings.database).to_string();
        let (pid, since) = (holder.pid.to_string(), holder.since.clone().unwrap_or_default());
        let values =
            [("nonce", nonce.as_str()), ("key", &key), ("pid", &pid), ("since", since.as_str())];
        actions.push(Action::Command(fill(statements::END_HOLDER, &values)));
        let application = run.application_name();
        let session = maintenance_session(settings, limits, &application);
        let plan = Plan { session, actions, script: None };
        let heard =
            hear_all(&link, settings, limits, &nonce, &plan, limits.ending_deadline).await?;
        let (rows, ended, conversation) = heard;
        if ended != Ended::Code(0) {
            return Err(AskError::of_end(&ended, &conversation, settings));
        }
        let mut sessions = 0;
        for row in rows.iter().filter(|row| row.kind.starts_with("ended-")) {
            let ended: EndedSessions =
                serde_json::from_str(&row.json).map_err(|e| AskError::Shape(e.to_string()))?;
            sessions += ended.sessions;
        }
        Ok(sessions > 0)
    }
}

impl Inner {
    fn hold_error(&self, source: AskError) -> HoldError {
        hold_error(&self.settings, source)
    }

    pub(crate) fn maintenance_session<'a>(&'a self, application: &'a str) -> Session<'a> {
        maintenance_session(&self.settings, &self.limits, application)
    }

    async fn holder(&self) -> Result<Option<Holder>, AskError> {
        holder_over(&self.link, &self.settings, &self.run, &self.limits).await
    }
}

fn hold_error(settings: &CloneSettings, source: AskError) -> HoldError {
    HoldError::Ask { maintenance: settings.maintenance.to_string(), source }
}

/// Takes the lock over a link, before any session is opened on the clone itself.
pub(crate) async fn hold_over(
    link: &Link,
    settings: &CloneSettings,
    run: &RunId,
    limits: &Limits,
    owner: &Owner,
) -> Result<Hold, HoldError> {
    let error = |source| hold_error(settings, source);
    let owner = serde_json::to_string(owner).unwrap_or_default();
    // Whoever had it may be gone before it is asked who it was: then it is tried again.
    for _ in 0..3 {
        let held = try_hold_over(link, settings, run, limits, &owner).await;
        if let Some(hold) = held.map_err(error)? {
            return Ok(hold);
        }
        if let Some(holder) = holder_over(link, settings, run, limits).await.map_err(error)? {
            return Err(HoldError::Held(holder));
        }
    }
    let nobody = Holder { by: String::new(), pid: 0, since: None, owner: None };
    Err(HoldError::Held(nobody))
}

async fn try_hold_over(
    link: &Link,
    settings: &CloneSettings,
    run: &RunId,
    limits: &Limits,
    owner: &str,
) -> Result<Option<Hold>, AskError> {
    let nonce = token().map_err(AskError::Random)?;
    let key = key(&settings.database).to_string();
    let application = run.application_name();
    let clone = settings.database.as_str();
    let values = [("nonce", nonce.as_str()), ("key", &key), ("owner", owner), ("clone", clone)];
    let ask = fill(statements::HOLD, &values);
    let plan = Plan {
        session: maintenance_session(settings, limits, &application),
        actions: vec![
            psql::restrict().map_err(AskError::Random)?,
            Action::Command(ask),
            Action::Input,
        ],
        script: None,
    };
    let mut conversation = Conversation::start(link, settings, limits, &nonce, &plan).await?;
    let patience = limits.connect_timeout + limits.read_timeout;
    let answer = async {
        loop {
            match conversation.hear().await {
                Heard::Row(row) if row.kind == "hold" => return Ok(row.json),
                Heard::Row(_) => {}
                Heard::Ended(ended) => {
                    return Err(AskError::of_end(&ended, &conversation, settings));
                }
            }
        }
    };
    let json =
        tokio::time::timeout(patience, answer).await.unwrap_or(Err(AskError::Timeout(patience)))?;
    let asked: Asked = serde_json::from_str(&json).map_err(|e| AskError::Shape(e.to_string()))?;
    Ok(asked.held.then(|| Hold {
        conversation,
        nonce,
        key,
        owner: owner.to_owned(),
        clone: clone.to_owned(),
        run: run.to_string(),
        pid: asked.pid,
        found: mark::found(asked.mark),
        patience,
    }))
}

fn maintenance_session<'a>(
    settings: &'a CloneSettings,
    limits: &Limits,
    application: &'a str,
) -> Session<'a> {
    Session {
        database: settings.maintenance.as_str(),
        role: &settings.role,
        application,
        statement_timeout: limits.read_timeout,
        outside: Outside::ReadOnly,
        // The lock's session rests between two questions for as long as the run takes.
        settings: vec![("idle_session_timeout", "0".to_owned())],
    }
}

/// Asks in the maintenance database who has the clone; no session is opened on the clone itself.
pub(crate) async fn holder_over(
    link: &Link,
    settings: &CloneSettings,
    run: &RunId,
    limits: &Limits,
) -> Result<Option<Holder>, AskError> {
    let nonce = token().map_err(AskError::Random)?;
    let key = key(&settings.database).to_string();
    let application = run.application_name();
    let ask = fill(statements::HOLDER, &[("nonce", &nonce), ("key", &key)]);
    let plan = Plan {
        session: maintenance_session(settings, limits, &application),
        actions: vec![psql::restrict().map_err(AskError::Random)?, Action::Command(ask)],
        script: None,
    };
    let heard = hear_all(link, settings, limits, &nonce, &plan, limits.ending_deadline).await?;
    let (rows, ended, conversation) = heard;
    if ended != Ended::Code(0) {
        return Err(AskError::of_end(&ended, &conversation, settings));
    }
    let found = rows.iter().find(|row| row.kind == "holder").map(|row| {
        serde_json::from_str::<HolderRow>(&row.json).map_err(|e| AskError::Shape(e.to_string()))
    });
    Ok(found.transpose()?.map(|f| Holder {
        by: f.by.unwrap_or_default(),
        pid: f.pid,
        since: f.since,
        owner: f.owner.and_then(|owner| serde_json::from_str(&owner).ok()),
    }))
}

impl Hold {
    /// The backend that has the lock.
    #[must_use]
    pub fn pid(&self) -> i64 {
        self.pid
    }

    /// The mark that the clone carried when the lock was taken.
    #[must_use]
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// Asks the session itself whether it still has the lock, and the clone whether it still carries this
    /// run's mark.
    ///
    /// # Errors
    /// [`HoldError::Lost`] when either is gone: another gate may have the clone by now, or had it.
    pub async fn still_held(&mut self) -> Result<(), HoldError> {
        match self.mark_now().await? {
            Found::Run(mark) if mark.run.as_str() == self.run => Ok(()),
            Found::Run(mark) => {
                Err(HoldError::Lost(format!("the clone is marked as the run {}'s", mark.run)))
            }
            Found::Nobody => {
                Err(HoldError::Lost("the clone does not carry this run's mark".to_owned()))
            }
            Found::Unreadable(line) => {
                Err(HoldError::Lost(format!("the clone's mark can't be read: {line}")))
            }
        }
    }

    /// Asks the session itself whether it still has the lock, and gives the mark that the clone carries.
    ///
    /// # Errors
    /// [`HoldError::Lost`] when the lock is gone.
    pub async fn mark_now(&mut self) -> Result<Found, HoldError> {
        let values = [
            ("nonce", self.nonce.as_str()),
            ("key", &self.key),
            ("owner", &self.owner),
            ("clone", &self.clone),
        ];
        let ask = fill(statements::STILL_HELD, &values);
        self.conversation.send(format!("{ask}\n"));
        let answer = async {
            loop {
                match self.conversation.hear().await {
                    Heard::Row(row) if row.kind == "still" => return Ok(row.json),
                    Heard::Row(_) => {}
                    Heard::Ended(ended) => {
                        let said = self.conversation.messages.text();
                        let said = said.lines().find(|l| !l.trim().is_empty()).map(str::to_owned);
                        return Err(HoldError::Lost(said.unwrap_or_else(|| format!("{ended:?}"))));
                    }
                }
            }
        };
        let json = match tokio::time::timeout(self.patience, answer).await {
            Ok(json) => json?,
            Err(_) => return Err(HoldError::Lost("it does not answer".to_owned())),
        };
        match serde_json::from_str::<Still>(&json) {
            Ok(Still { held: true, mark }) => Ok(mark::found(mark)),
            Ok(_) => Err(HoldError::Lost("it no longer has the lock".to_owned())),
            Err(e) => Err(HoldError::Lost(chain(&e))),
        }
    }

    /// Frees the clone, and waits until the session is gone.
    pub async fn release(mut self) {
        self.conversation.close_input();
        let end = async { while let Heard::Row(_) = self.conversation.hear().await {} };
        let _ = tokio::time::timeout(self.patience, end).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clonegate_model::CloneNamePattern;

    #[test]
    fn the_key_is_the_same_on_every_machine() {
        let clone = CloneNamePattern::new("^c_[0-9]+$").unwrap().admit("c_1").unwrap();
        assert_eq!(key(&clone), key(&clone.clone()));
        assert_eq!(key(&clone), KEY_OF_C_1);
    }

    /// Two versions of the gate must ask for one lock: this number never changes.
    const KEY_OF_C_1: i64 = -1595778259917737440;
}
