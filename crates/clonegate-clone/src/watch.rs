//! Who else is on the clone, from one moment to another.
//!
//! A session of the channel's own rests in the maintenance database, so that it is none on the clone, and
//! asks again and again who is there. What comes and goes between two samples is found by the server's own
//! count of sessions: its difference, less those that this channel opened.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clonegate_model::chain;
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::channel::{CloneChannel, Inner};
use crate::psql::{self, Action, AskError, Conversation, Heard, Plan};
use crate::random::token;
use crate::statements::{self, fill};

/// From one sample to the next.
const INTERVAL: Duration = Duration::from_millis(250);

/// How long the channel's own sessions may take to end, once their psql did.
const ENDING: Duration = Duration::from_secs(20);

/// How long the counts may take to agree after that: before PostgreSQL 15 a session that ended is counted a
/// moment later.
const SETTLING: Duration = Duration::from_secs(3);

/// Foreign sessions that are kept by name.
const KEPT: usize = 50;

/// Watches the clone until it is ended; dropping it ends it too.
#[derive(Debug)]
pub struct Watch {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Watched>,
}

/// Somebody else's session on the clone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Foreign {
    /// The backend's process id.
    pub pid: i64,
    /// The role.
    pub role: String,
    /// `application_name`.
    pub application: String,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// How often it was looked.
    pub samples: u64,
    /// The longest time between two looks.
    pub longest: Duration,
    /// Other sessions that were seen, each once.
    pub foreign: Vec<Foreign>,
    /// How many sessions the server counted on the clone meanwhile.
    pub counted: Option<i64>,
    /// How many the channel opened meanwhile.
    pub own: i64,
    /// Why it is not known who was there all the time.
    pub failure: Option<String>,
}

impl Watched {
    fn failed(why: String) -> Self {
        Self {
            samples: 0,
            longest: Duration::ZERO,
            foreign: Vec::new(),
            counted: None,
            own: 0,
            failure: Some(why),
        }
    }

    /// Sessions that the server counted, and that were neither seen nor the channel's own; negative where it
    /// counted too few. `None` where it can't be said.
    #[must_use]
    pub fn unseen(&self) -> Option<i64> {
        let foreign = i64::try_from(self.foreign.len()).unwrap_or(i64::MAX);
        Some(self.counted? - self.own - foreign)
    }
}

#[derive(Debug, Deserialize)]
struct Sample {
    sessions: Option<i64>,
    reset: Option<String>,
    own: i64,
    foreign: Vec<Foreign>,
}

impl CloneChannel {
    /// Begins to watch. It is over when [`Watch::end`] says what was seen.
    pub async fn watch(&self) -> Watch {
        // The server counts a session when it ended, and what it counts from now on began from now on.
        self.rest().await;
        let inner = self.inner.clone();
        let (stop, stopped) = oneshot::channel();
        let (begun, begins) = oneshot::channel();
        let task = tokio::spawn(async move {
            match Watcher::open(&inner).await {
                Ok(watcher) => watcher.run(begun, stopped).await,
                Err(error) => Watched::failed(chain(&error)),
            }
        });
        // Whatever is done next is done under its eyes; where it could not begin, it says so at its end.
        let _ = begins.await;
        Watch { stop: Some(stop), task }
    }
}

impl Watch {
    /// Ends it, when everything that the channel does on the clone has ended.
    pub async fn end(mut self) -> Watched {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        match (&mut self.task).await {
            Ok(watched) => watched,
            Err(error) => Watched::failed(format!("the watch ended: {error}")),
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Watcher<'a> {
    inner: &'a Inner,
    conversation: Conversation,
    ask: String,
    patience: Duration,
}

impl<'a> Watcher<'a> {
    async fn open(inner: &'a Inner) -> Result<Self, AskError> {
        let nonce = token().map_err(AskError::Random)?;
        let application = inner.run.application_name();
        let plan = Plan {
            session: inner.maintenance_session(&application),
            actions: vec![psql::restrict().map_err(AskError::Random)?, Action::Input],
            script: None,
        };
        let conversation =
            Conversation::start(&inner.link, &inner.settings, &inner.limits, &nonce, &plan).await?;
        let clone = inner.settings.database.as_str();
        let ask = fill(statements::WATCH, &[("nonce", &nonce), ("clone", clone)]);
        let patience = inner.limits.connect_timeout + inner.limits.read_timeout;
        Ok(Self { inner, conversation, ask: format!("{ask}\n"), patience })
    }

    async fn sample(&mut self) -> Result<Sample, AskError> {
        self.conversation.send(self.ask.clone());
        let answer = async {
            loop {
                match self.conversation.hear().await {
                    Heard::Row(row) if row.kind == "watch" => return Ok(row.json),
                    Heard::Row(_) => {}
                    Heard::Ended(ended) => {
                        let settings = &self.inner.settings;
                        return Err(AskError::of_end(&ended, &self.conversation, settings));
                    }
                }
            }
        };
        let json = tokio::time::timeout(self.patience, answer).await;
        let json = json.unwrap_or(Err(AskError::Timeout(self.patience)))?;
        serde_json::from_str(&json).map_err(|e| AskError::Shape(e.to_string()))
    }

    /// How many sessions this channel opened on the clone so far.
    fn opened(&self) -> i64 {
        let count = self.inner.link.sessions_on(self.inner.settings.database.as_str());
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    /// A sample when no session of the channel's own is on the clone: then all of them are counted.
    async fn settled(&mut self, enough: impl Fn(&Sample) -> bool) -> Result<Sample, AskError> {
        let begun = Instant::now();
        let mut alone: Option<Instant> = None;
        loop {
            let sample = self.sample().await?;
            let patience = match sample.own {
                0 => alone.get_or_insert_with(Instant::now).elapsed() > SETTLING,
                _ => begun.elapsed() > ENDING,
            };
            if (sample.own == 0 && enough(&sample)) || patience {
                return Ok(sample);
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    async fn run(
        mut self,
        begun: oneshot::Sender<()>,
        mut stopped: oneshot::Receiver<()>,
    ) -> Watched {
        let mut seen = BTreeMap::new();
        let mut watched = Watched::failed(String::new());
        watched.failure = None;
        let entry = self.settled(|_| true).await;
        let opened = self.opened();
        let _ = begun.send(());
        let done: Result<(), AskError> = async {
            let entry = entry?;
            // Who is there already is not counted among those who come.
            let before: Vec<i64> = entry.foreign.iter().map(|f| f.pid).collect();
            let mut last = Instant::now();
            let mut fold = |sample: &Sample, watched: &mut Watched| {
                watched.samples += 1;
                watched.longest = watched.longest.max(last.elapsed());
                last = Instant::now();
                for foreign in sample.foreign.iter().take(KEPT) {
                    if seen.len() < KEPT {
                        seen.entry(foreign.pid).or_insert_with(|| foreign.clone());
                    }
                }
            };
            fold(&entry, &mut watched);
            loop {
                tokio::select! {
                    _ = &mut stopped => break,
                    () = tokio::time::sleep(INTERVAL) => {}
                }
                let sample = self.sample().await?;
                fold(&sample, &mut watched);
            }
            self.inner.rest().await;
            let own = self.opened() - opened;
            let expected = entry.sessions.map(|sessions| sessions + own);
            let exit = self.settled(|s| s.sessions == expected).await?;
            fold(&exit, &mut watched);
            watched.own = own;
            watched.counted = match (entry.sessions, exit.sessions) {
                (Some(from), Some(to)) if entry.reset == exit.reset => {
                    // So that each of the foreign ones that were seen is among those that were counted.
                    Some(to - from + i64::try_from(before.len()).unwrap_or(0))
                }
                _ => None,
            };
            Ok(())
        }
        .await;
        watched.foreign = seen.into_values().collect();
        watched.failure = done.err().map(|e| chain(&e));
        watched
    }
}
