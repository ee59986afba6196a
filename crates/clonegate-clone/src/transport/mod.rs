//! A program with its three streams, here or on the other end of ssh.

mod local;
mod ssh;
mod ssh_config;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

pub(crate) use ssh::Connection;
pub use ssh::SshError;

use crate::settings::{ContainerName, SshSettings};
use crate::shell;

/// What comes from a running program.
#[derive(Debug)]
pub(crate) enum Event {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
    Ended(Ended),
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    Code(i32),
    /// By a signal, or without a word: the connection to it was lost.
    Lost(String),
}

enum Input {
    Bytes(Vec<u8>),
    Close,
}

/// A running program. What is sent is queued, so that sending never waits for reading; dropping it ends
/// the program, or, on the other end of ssh, closes its streams.
#[derive(Debug)]
pub(crate) struct Process {
    input: mpsc::UnboundedSender<Input>,
    events: mpsc::Receiver<Event>,
    _alive: oneshot::Sender<()>,
}

impl Process {
    pub(crate) fn send(&self, bytes: impl Into<Vec<u8>>) {
        // A program that is gone says so by its events.
        let _ = self.input.send(Input::Bytes(bytes.into()));
    }

    pub(crate) fn close_input(&self) {
        let _ = self.input.send(Input::Close);
    }

    pub(crate) async fn event(&mut self) -> Event {
        self.events.recv().await.unwrap_or_else(|| {
            Event::Ended(Ended::Lost("the program's streams are gone".to_owned()))
        })
    }
}

/// Why a program could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The program is not on this machine, or may not be run.
    #[error("can't run {program} on this machine")]
    Spawn {
        /// The program.
        program: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The connection to the host.
    #[error("can't reach the host of the clone")]
    Ssh(#[from] SshError),
}

/// How a container is called.
#[derive(Clone, Copy)]
enum Called {
    ByItsId,
    ByItsName,
}

/// The way to where psql is.
#[derive(Debug)]
pub(crate) struct Link {
    ssh: Option<Connection>,
    container: Option<(String, ContainerName)>,
    /// The container's own id, once it was asked: a name may be given to another one.
    pinned: Option<String>,
    /// Sessions that were opened over it, by database.
    sessions: Mutex<BTreeMap<String, u64>>,
}

impl Link {
    pub(crate) async fn open(
        ssh: Option<&SshSettings>,
        container: Option<(String, ContainerName)>,
        timeout: Duration,
    ) -> Result<Self, StartError> {
        let ssh = match ssh {
            Some(settings) => Some(Connection::open(settings, timeout).await?),
            None => None,
        };
        let mut link = Self { ssh, container, pinned: None, sessions: Mutex::default() };
        link.pinned = tokio::time::timeout(timeout, link.container_id()).await.ok().flatten();
        Ok(link)
    }

    /// Asks the container engine which container has that name. `None` where there is none, or the engine does
    /// not say: then the name is what every call goes by.
    async fn container_id(&self) -> Option<String> {
        let (runtime, name) = self.container.as_ref()?;
        let words = [runtime.as_str(), "inspect", "--type", "container", "--format", "{{.Id}}"];
        let mut argv: Vec<String> = words.map(str::to_owned).to_vec();
        argv.push(name.to_string());
        let mut process = match &self.ssh {
            Some(connection) => connection.start(&shell::join(&argv)).await.ok()?,
            None => local::start(&argv).ok()?,
        };
        process.close_input();
        let mut said = Vec::new();
        loop {
            match process.event().await {
                Event::Stdout(bytes) if said.len() < 1024 => said.extend(bytes),
                Event::Stdout(_) | Event::Stderr(_) => {}
                Event::Ended(Ended::Code(0)) => break,
                Event::Ended(_) => return None,
            }
        }
        let id = String::from_utf8(said).ok()?.trim().to_owned();
        let is_one = id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit());
        is_one.then_some(id)
    }

    /// The container's own id, by which every call after the first goes.
    pub(crate) fn container(&self) -> Option<&str> {
        self.pinned.as_deref()
    }

    /// Counts a session that is about to be opened.
    pub(crate) fn count_session(&self, database: &str) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        *sessions.entry(database.to_owned()).or_default() += 1;
    }

    /// How many sessions were opened on a database.
    pub(crate) fn sessions_on(&self, database: &str) -> u64 {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(database).copied().unwrap_or_default()
    }

    /// Starts `sh -c SCRIPT sh ARGUMENTS…` there.
    pub(crate) async fn start(
        &self,
        script: &str,
        arguments: &[String],
    ) -> Result<Process, StartError> {
        let mut argv = self.prefix(Called::ByItsId);
        argv.extend(["sh", "-c", script, "sh"].map(str::to_owned));
        argv.extend_from_slice(arguments);
        match &self.ssh {
            Some(connection) => Ok(connection.start(&shell::join(&argv)).await?),
            None => local::start(&argv),
        }
    }

    /// What stands before the program.
    fn prefix(&self, called: Called) -> Vec<String> {
        match &self.container {
            Some((runtime, name)) => {
                let container = match (called, &self.pinned) {
                    (Called::ByItsId, Some(id)) => id.clone(),
                    (Called::ByItsId, None) | (Called::ByItsName, _) => name.to_string(),
                };
                vec![runtime.clone(), "exec".to_owned(), "-i".to_owned(), container]
            }
            None => Vec::new(),
        }
    }

    /// For people: what stands before psql.
    pub(crate) fn describe(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(connection) = &self.ssh {
            words.push("ssh".to_owned());
            words.extend_from_slice(connection.typed());
        }
        words.extend(self.prefix(Called::ByItsName));
        words
    }
}
