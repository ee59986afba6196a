//! Negative controls: what has to be refused, tried against the guards themselves.
//!
//! Nothing here can do harm where a guard does not hold: the texts are fixed, write nothing that outlives
//! a ROLLBACK, and are rolled back.

use std::sync::Arc;

use clonegate_model::{DatabaseName, Facts, Identity, chain};

use crate::channel::{CloneChannel, Inner, Who, hear_all};
use crate::psql::{self, Action, AskError, Outside, Plan, Session};
use crate::random::token;
use crate::read::{Kept, read_texts};
use crate::script::run_text;
use crate::statements::{self, fill};
use crate::transport::Ended;
use crate::{Ending, Outcome, ReadFailure, ScriptFailure};

/// Where the clone's role knocks: a database, on the clone's own server or on another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The database.
    pub database: DatabaseName,
    /// Host and port as psql takes them, where it is another server than the clone's.
    pub server: Option<(String, u16)>,
}

/// What came of knocking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Knock {
    /// The role was let in, and asked who answers.
    LetIn(Box<Identity>),
    /// A server said no.
    Refused {
        /// Why.
        why: NotLetIn,
        /// What it said.
        said: String,
    },
    /// No server answered there.
    NoAnswer(String),
    /// It could not be tried.
    NotTried(String),
}

/// Why a server let nobody in. psql passes on a text and no SQLSTATE, so a server that speaks another
/// language than English is [`NotLetIn::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotLetIn {
    /// The role has no CONNECT on the database.
    NoConnect,
    /// `pg_hba.conf` has no entry for it, or rejects it.
    NoEntry,
    /// The role is not there.
    NoRole,
    /// The role could not prove itself: a missing or another password.
    NotProven,
    /// The database is not there.
    NoDatabase,
    /// Something else, or in another language.
    Other,
}

impl NotLetIn {
    fn of(said: &str) -> Option<Self> {
        let has = |text: &str| said.contains(text);
        if has("permission denied for database") {
            Some(Self::NoConnect)
        } else if has("no pg_hba.conf entry") || has("pg_hba.conf rejects") {
            Some(Self::NoEntry)
        } else if has("FATAL") && has("role \"") && has("does not exist") {
            Some(Self::NoRole)
        } else if has("authentication failed") || has("no password supplied") {
            Some(Self::NotProven)
        } else if has("FATAL") && has("database \"") && has("does not exist") {
            Some(Self::NoDatabase)
        } else if has("FATAL") {
            Some(Self::Other)
        } else {
            None
        }
    }
}

/// What came of a control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// It was refused as it has to be; the guard's words.
    Refused(String),
    /// It was not. Nothing of it was kept.
    NotRefused(String),
    /// It could not be tried to its end.
    NotTried(String),
}

impl CloneChannel {
    /// Knocks as the clone's role, over the channel's own transport and with its psql. Where it is let in
    /// it asks who answers, in a READ ONLY transaction, and leaves.
    pub async fn knock(&self, door: &Door) -> Knock {
        let inner = &self.inner;
        let mut settings = inner.settings.clone();
        if let Some((host, port)) = &door.server {
            settings.host = Some(host.clone());
            settings.port = Some(*port);
        }
        let plan = |nonce: &str| -> Result<Vec<Action>, AskError> {
            Ok(vec![
                psql::restrict().map_err(AskError::Random)?,
                Action::Command("begin read only".to_owned()),
                Action::Command(statements::OWN_PATH.to_owned()),
                Action::Command(fill(statements::IDENTITY, &[("nonce", nonce)])),
                Action::Command("rollback".to_owned()),
            ])
        };
        let application = inner.run.application_name();
        let asked = async {
            let nonce = token().map_err(AskError::Random)?;
            let session = Session {
                database: door.database.as_str(),
                role: &settings.role,
                application: &application,
                statement_timeout: inner.limits.read_timeout,
                outside: Outside::ReadOnly,
                settings: Vec::new(),
            };
            let plan = Plan { session, actions: plan(&nonce)?, script: None };
            let patience = inner.limits.read_timeout + inner.limits.connect_timeout;
            hear_all(&inner.link, &settings, &inner.limits, &nonce, &plan, patience).await
        };
        let (rows, ended, conversation) = match asked.await {
            Ok(heard) => heard,
            Err(AskError::Timeout(after)) => {
                return Knock::NoAnswer(chain(&AskError::Timeout(after)));
            }
            Err(error) => return Knock::NotTried(chain(&error)),
        };
        if let Some(row) = rows.iter().find(|row| row.kind == "identity") {
            return match serde_json::from_str::<Who>(&row.json) {
                Ok(who) => Knock::LetIn(Box::new(who.identity)),
                Err(error) => Knock::NotTried(format!("the answer can't be read: {error}")),
            };
        }
        let messages = conversation.messages.text();
        let said = messages.split_whitespace().collect::<Vec<_>>().join(" ");
        // psql's own status for a connection that did not come about.
        match (ended, NotLetIn::of(&said)) {
            (Ended::Code(2), Some(why)) => Knock::Refused { why, said: server_said(&said) },
            (Ended::Code(2), None) => Knock::NoAnswer(said),
            (Ended::Code(code), _) => Knock::NotTried(format!("psql ended with {code}: {said}")),
            (Ended::Lost(why), _) => Knock::NotTried(format!("psql was lost ({why}): {said}")),
        }
    }

    /// Sends a script that is meant for another database: the guard, which stands in the script's own
    /// transaction, has to refuse it.
    pub async fn control_other_database(&self, other: &Identity) -> Control {
        let inner = &self.inner;
        let meant = Inner {
            link: inner.link.clone(),
            settings: inner.settings.clone(),
            limits: inner.limits.clone(),
            run: inner.run.clone(),
            // Only the place differs, so that it is the place that is refused.
            identity: Identity {
                role: inner.identity.role.clone(),
                server_version_num: inner.identity.server_version_num,
                ..other.clone()
            },
            looks_after_client: inner.looks_after_client,
            kept: Kept::default(),
        };
        match run_control(&Arc::new(meant), "select 1;").await {
            Ok(()) => Control::NotRefused(format!("a script for {} was run", other.database)),
            Err((ScriptFailure::Guard(why), Outcome::NotRun)) => Control::Refused(why),
            Err((failure, outcome)) => Control::NotTried(format!("{}; {outcome}", chain(&failure))),
        }
    }

    /// Sends a `\connect` to psql, the judge left out: psql has to refuse it, because its meta-commands are
    /// locked. It would lead to the clone itself.
    pub async fn control_connect(&self) -> Control {
        match run_control(&self.inner, "\\connect -\n").await {
            Ok(()) => Control::NotRefused("psql connected anew".to_owned()),
            Err((ScriptFailure::Sql { diagnostic, .. }, Outcome::RolledBack))
                if diagnostic.sqlstate.is_none() && diagnostic.message.contains("restricted") =>
            {
                Control::Refused(diagnostic.message.clone())
            }
            Err((ScriptFailure::Session(error), _)) => Control::NotTried(chain(&error)),
            Err((failure, outcome)) => {
                Control::NotRefused(format!("psql took it: {}; {outcome}", chain(&failure)))
            }
        }
    }

    /// Locks a row in a reading, the judge left out: the transaction has to refuse it, because it is READ
    /// ONLY. The role may not lock that row in any transaction.
    pub async fn control_read(&self) -> Control {
        let answers =
            read_texts(&self.inner, &[statements::body(statements::ROW_LOCK)], &Facts::none())
                .await
                .answers;
        match answers.into_iter().next() {
            Some(Err(ReadFailure::Server(said))) if said.sqlstate.as_deref() == Some("25006") => {
                Control::Refused(said.without_data())
            }
            Some(Err(ReadFailure::Server(said))) => {
                Control::NotRefused(format!("READ ONLY did not refuse it: {}", said.without_data()))
            }
            Some(Err(failure)) => Control::NotTried(chain(&failure)),
            Some(Ok(_)) => Control::NotRefused("a row was locked in a reading".to_owned()),
            None => Control::NotTried("there is no answer".to_owned()),
        }
    }
}

async fn run_control(inner: &Arc<Inner>, text: &str) -> Result<(), (ScriptFailure, Outcome)> {
    let never = std::future::pending();
    match run_text(inner, "control", text, Ending::RollBack, |_| Ok(()), never).await {
        Ok(_) => Ok(()),
        Err(error) => Err((error.failure, error.outcome)),
    }
}

/// The server's words, without psql's.
fn server_said(said: &str) -> String {
    let at = said.find("FATAL:").map_or(0, |at| at + "FATAL:".len());
    said[at..].trim().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_at_the_door_is_told_apart() {
        let psql = |said: &str| {
            format!("psql: error: connection to server at \"h\" (::1), port 1 failed: {said}")
        };
        for (said, why) in [
            (
                "FATAL:  permission denied for database \"p\" DETAIL:  User does not have CONNECT privilege.",
                Some(NotLetIn::NoConnect),
            ),
            (
                "FATAL:  no pg_hba.conf entry for host \"::1\", user \"c\", database \"p\", no encryption",
                Some(NotLetIn::NoEntry),
            ),
            ("FATAL:  role \"c\" does not exist", Some(NotLetIn::NoRole)),
            ("FATAL:  password authentication failed for user \"c\"", Some(NotLetIn::NotProven)),
            ("fe_sendauth: no password supplied", Some(NotLetIn::NotProven)),
            ("FATAL:  database \"p\" does not exist", Some(NotLetIn::NoDatabase)),
            ("FATAL:  sorry, too many clients already", Some(NotLetIn::Other)),
            ("FATAL:  keine Berechtigung für Datenbank »p«", Some(NotLetIn::Other)),
            ("Connection refused Is the server running on that host?", None),
            ("timeout expired", None),
        ] {
            assert_eq!(NotLetIn::of(&psql(said)), why, "{said}");
        }
        assert_eq!(
            server_said(&psql("FATAL:  role \"c\" does not exist.")),
            "role \"c\" does not exist"
        );
    }
}
