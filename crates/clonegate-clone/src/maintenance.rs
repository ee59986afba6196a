//! Sessions in the maintenance database: what is made, marked and dropped beside the clone.

use std::sync::Arc;
use std::time::Duration;

use clonegate_model::RunId;

use crate::channel::{Inner, hear_all, one};
use crate::psql::{self, Action, AskError, Conversation, Heard, Outside, Plan, Row, Session};
use crate::random::token;
use crate::settings::{CloneSettings, Limits};
use crate::statements::{self, fill};
use crate::transport::{Ended, Event, Link};

/// Runs what is asked of the server and not of one clone.
#[derive(Debug, Clone)]
pub(crate) struct Maintenance {
    pub(crate) link: Arc<Link>,
    pub(crate) settings: CloneSettings,
    pub(crate) limits: Limits,
    pub(crate) run: RunId,
}

/// The folder and the words by which a server is found where psql runs.
#[derive(serde::Deserialize)]
struct Place {
    pid: i64,
    bytes: Option<u64>,
    tablespace: Option<String>,
    folder: Option<String>,
}

/// How much room there is for a copy of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// The database's size; `None` where it is not there, or this role may not ask.
    pub database: Option<u64>,
    /// Free bytes of the file system that has it, or why they can't be seen.
    pub free: Result<u64, String>,
}

impl Inner {
    pub(crate) fn maintenance(&self) -> Maintenance {
        Maintenance {
            link: self.link.clone(),
            settings: self.settings.clone(),
            limits: self.limits.clone(),
            run: self.run.clone(),
        }
    }
}

impl Maintenance {
    pub(crate) fn role(&self) -> &str {
        self.settings.maintenance_role.as_deref().unwrap_or(&self.settings.role)
    }

    fn session<'a>(
        &'a self,
        database: &'a str,
        application: &'a str,
        outside: Outside,
    ) -> Session<'a> {
        Session {
            database,
            role: self.role(),
            application,
            statement_timeout: self.limits.scratch_timeout,
            outside,
            settings: Vec::new(),
        }
    }

    fn deadline(&self) -> Duration {
        self.limits.scratch_timeout + self.limits.connect_timeout
    }

    /// Runs statements in a database of the server, and gives their rows. All must succeed.
    pub(crate) async fn run_in(
        &self,
        database: &str,
        outside: Outside,
        nonce: &str,
        statements: Vec<Action>,
    ) -> Result<Vec<Row>, AskError> {
        let application = self.run.application_name();
        let mut actions = vec![psql::restrict().map_err(AskError::Random)?];
        actions.extend(statements);
        let session = self.session(database, &application, outside);
        let plan = Plan { session, actions, script: None };
        let heard =
            hear_all(&self.link, &self.settings, &self.limits, nonce, &plan, self.deadline());
        let (rows, ended, conversation) = heard.await?;
        match ended {
            Ended::Code(0) => Ok(rows),
            ended => Err(AskError::of_end(&ended, &conversation, &self.settings)),
        }
    }

    /// The rows of one question to the maintenance database.
    pub(crate) async fn rows<T: serde::de::DeserializeOwned>(
        &self,
        statement: &str,
        values: &[(&str, &str)],
    ) -> Result<Vec<T>, AskError> {
        let database = self.settings.maintenance.as_str();
        self.rows_in(database, statement, values).await
    }

    pub(crate) async fn rows_in<T: serde::de::DeserializeOwned>(
        &self,
        database: &str,
        statement: &str,
        values: &[(&str, &str)],
    ) -> Result<Vec<T>, AskError> {
        let nonce = token().map_err(AskError::Random)?;
        let mut all = vec![("nonce", nonce.as_str())];
        all.extend_from_slice(values);
        let ask = vec![Action::Command(fill(statement, &all))];
        let rows = self.run_in(database, Outside::ReadOnly, &nonce, ask).await?;
        let rows = rows.iter().filter(|row| row.kind != "accepted");
        rows.map(|row| serde_json::from_str(&row.json))
            .collect::<Result<_, _>>()
            .map_err(|e| AskError::Shape(e.to_string()))
    }

    /// The only row of one question to the maintenance database.
    pub(crate) async fn one<T: serde::de::DeserializeOwned>(
        &self,
        statement: &str,
        values: &[(&str, &str)],
    ) -> Result<T, AskError> {
        let nonce = token().map_err(AskError::Random)?;
        let mut all = vec![("nonce", nonce.as_str())];
        all.extend_from_slice(values);
        let ask = vec![Action::Command(fill(statement, &all))];
        let database = self.settings.maintenance.as_str();
        one(&self.run_in(database, Outside::ReadOnly, &nonce, ask).await?)
    }

    /// Makes, marks or drops.
    pub(crate) async fn act(&self, statements: Vec<String>) -> Result<(), AskError> {
        let nonce = token().map_err(AskError::Random)?;
        let actions = statements.into_iter().map(Action::Command).collect();
        let database = self.settings.maintenance.as_str();
        self.run_in(database, Outside::Writes, &nonce, actions).await.map(drop)
    }

    /// How large a database is, and how much room its file system has.
    pub(crate) async fn room(&self, database: &str) -> Result<Room, AskError> {
        let nonce = token().map_err(AskError::Random)?;
        let ask = fill(statements::ROOM, &[("nonce", &nonce), ("database", database)]);
        let application = self.run.application_name();
        let maintenance = self.settings.maintenance.as_str();
        let plan = Plan {
            session: self.session(maintenance, &application, Outside::ReadOnly),
            actions: vec![
                psql::restrict().map_err(AskError::Random)?,
                Action::Command(ask),
                // The session stays until its process was looked for.
                Action::Input,
            ],
            script: None,
        };
        let look = async {
            let mut conversation =
                Conversation::start(&self.link, &self.settings, &self.limits, &nonce, &plan)
                    .await?;
            let place: Place = loop {
                match conversation.hear().await {
                    Heard::Row(row) if row.kind == "room" => {
                        break serde_json::from_str(&row.json)
                            .map_err(|e| AskError::Shape(e.to_string()))?;
                    }
                    Heard::Row(_) => {}
                    Heard::Ended(ended) => {
                        return Err(AskError::of_end(&ended, &conversation, &self.settings));
                    }
                }
            };
            let free = self.free(&nonce, &place, maintenance).await?;
            conversation.close_input();
            while let Heard::Row(_) = conversation.hear().await {}
            Ok(Room { database: place.bytes, free })
        };
        let patience = self.limits.read_timeout + self.limits.connect_timeout;
        tokio::time::timeout(patience, look).await.unwrap_or(Err(AskError::Timeout(patience)))
    }

    async fn free(
        &self,
        nonce: &str,
        place: &Place,
        maintenance: &str,
    ) -> Result<Result<u64, String>, AskError> {
        #[derive(serde::Deserialize)]
        struct Free {
            kib: u64,
        }
        let folder = place.tablespace.as_ref().or(place.folder.as_ref());
        let arguments = [
            nonce.to_owned(),
            place.pid.to_string(),
            format!("{} {maintenance} ", self.role()),
            folder.cloned().unwrap_or_default(),
            if self.settings.container.is_some() { "container" } else { "" }.to_owned(),
        ];
        let mut process = self.link.start(include_str!("room.sh"), &arguments).await?;
        process.close_input();
        let (mut out, mut said) = (Vec::new(), Vec::new());
        loop {
            match process.event().await {
                Event::Stdout(bytes) if out.len() < 64 * 1024 => out.extend(bytes),
                Event::Stderr(bytes) if said.len() < 64 * 1024 => said.extend(bytes),
                Event::Stdout(_) | Event::Stderr(_) => {}
                Event::Ended(_) => break,
            }
        }
        let out = String::from_utf8_lossy(&out);
        let row = out.lines().find_map(|l| l.strip_prefix(nonce)?.strip_prefix("|free|"));
        let free = row.and_then(|json| serde_json::from_str::<Free>(json).ok());
        Ok(free.map(|f| f.kib.saturating_mul(1024)).ok_or_else(|| {
            let said = String::from_utf8_lossy(&said);
            let why = said.lines().find_map(|l| l.strip_prefix("clonegate: "));
            why.unwrap_or("there is no way to look where psql runs").to_owned()
        }))
    }
}
