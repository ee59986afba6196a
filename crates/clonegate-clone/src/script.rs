//! Running a script: one transaction, guarded at both ends, whose COMMIT is sent last.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clonegate_model::chain;
use clonegate_sql::GuardedScript;
use serde::Deserialize;

use crate::channel::{CloneChannel, Inner, XactStatus};
use crate::diagnostic::Diagnostic;
use crate::psql::{self, Action, AskError, Conversation, Heard, Plan, Row, Script};
use crate::random::token;
use crate::shell::status;
use crate::statements::{self, fill};
use crate::transport::Ended;

/// How a script's transaction is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// It is kept, as in a persistent run.
    Commit,
    /// It is rolled back, as in a prototype run.
    RollBack,
}

/// A transaction: its id, and the backend that runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub struct Transaction {
    /// The full 64-bit id, for `pg_xact_status`.
    #[serde(deserialize_with = "number")]
    pub xid: u64,
    /// The backend's process id.
    pub pid: i64,
}

fn number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

/// How far a script has come. The observer is told before the next step is taken, so that it can be
/// written down first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The script arrived whole and unaltered; psql begins.
    Accepted,
    /// The guard passed in this transaction; the script begins.
    Opened(Transaction),
    /// The script ran to its end, deferred constraints are checked and the guard passed again, in the same
    /// transaction.
    Closed(Transaction),
    /// COMMIT or ROLLBACK is sent next. From here on the outcome is the server's to say.
    Ending(Transaction, Ending),
}

/// What became of a script, as the server says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server never saw a statement of it.
    NotRun,
    /// Its effects are there.
    Committed,
    /// It left nothing.
    RolledBack,
    /// Its transaction is still running and could not be ended.
    InProgress,
    /// It could not be established, and why.
    Unknown(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::NotRun => f.write_str("nothing of it was run"),
            Outcome::Committed => f.write_str("it is committed"),
            Outcome::RolledBack => f.write_str("nothing of it is committed"),
            Outcome::InProgress => f.write_str("its transaction is still in progress"),
            Outcome::Unknown(why) => write!(f, "what became of it is not known: {why}"),
        }
    }
}

/// A script that ended as it was to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptRun {
    /// [`Outcome::Committed`] or [`Outcome::RolledBack`], by `pg_xact_status`.
    pub outcome: Outcome,
    /// Its transaction.
    pub transaction: Transaction,
    /// From its sending to the server's confirmation.
    pub elapsed: Duration,
    /// The end of what its queries printed.
    pub output: Output,
    /// What the server noticed, the latest of it.
    pub notices: Vec<Diagnostic>,
    /// Whether the answer to COMMIT or ROLLBACK was lost and the server was asked anew.
    pub asked_anew: bool,
}

/// The end of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// Its end, as much as [`crate::Limits::output_bytes`] lets.
    pub tail: String,
    /// How long it was.
    pub bytes: u64,
}

/// A script that did not end as it was to end.
#[derive(Debug, thiserror::Error)]
#[error("{script}: {failure}; {outcome}")]
pub struct ScriptError {
    /// The script's name.
    pub script: String,
    /// Why.
    pub failure: ScriptFailure,
    /// What became of it. This is what counts; a failure alone says nothing about it.
    pub outcome: Outcome,
    /// Its transaction, if it came to have one.
    pub transaction: Option<Transaction>,
    /// From its sending to the end of asking.
    pub elapsed: Duration,
    /// The end of what its queries printed.
    pub output: Output,
    /// What the server noticed, the latest of it.
    pub notices: Vec<Diagnostic>,
}

/// Why a script did not end as it was to end.
#[derive(Debug, thiserror::Error)]
pub enum ScriptFailure {
    /// The far end counted other bytes than were sent, and psql was not started.
    #[error("it did not arrive as it was sent ({0})")]
    Altered(String),
    /// Nothing on the far end computes SHA-256.
    #[error(
        "where psql runs there is none of sha256sum, shasum and openssl, so that a script's arrival can't be checked; install one"
    )]
    NoDigest,
    /// The session never came to the script: the way there, the login, psql.
    #[error("the session was not opened: {0}")]
    Session(#[source] AskError),
    /// The guard refused, before the script or after it.
    #[error("the guard refused: {0}")]
    Guard(String),
    /// A statement of the script failed.
    #[error("{}{diagnostic}", at(*.line))]
    Sql {
        /// The line of the script on which the statement ends; `None` for constraints that were deferred to
        /// its end.
        line: Option<usize>,
        /// What the server, or psql, said.
        diagnostic: Box<Diagnostic>,
    },
    /// The script's end was read as COPY data.
    #[error("it ends inside COPY data; close them with a line that is only \\.")]
    OpenCopy,
    /// The script ended its transaction itself. What it did before may be committed.
    #[error("it ended its transaction {opened} by itself{}; leave transaction control to the executor", now(*.closed))]
    OwnTransactionControl {
        /// The executor's transaction.
        opened: u64,
        /// The one in which the script ended, if it wrote in any.
        closed: Option<u64>,
    },
    /// It took too long.
    #[error("it was not done within {}", seconds(*.0))]
    Deadline(Duration),
    /// COMMIT or ROLLBACK took too long.
    #[error("its end was sent and not confirmed within {}", seconds(*.0))]
    EndingDeadline(Duration),
    /// It was cancelled.
    #[error("it was cancelled")]
    Cancelled,
    /// The observer failed, for instance because the journal could not be written.
    #[error("{0}")]
    Observer(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The connection was lost, or psql ended, in the middle.
    #[error("the connection was lost ({0})")]
    Lost(String),
    /// The server answered its end with another status.
    #[error("its end was answered with transaction status {0:?}")]
    Contradicted(String),
}

impl ScriptFailure {
    /// Whether it says nothing of the script: the session was not there, or was ended under it. A server that ends a
    /// session says `57P01` to `57P03`, and FATAL; what a script raises itself is an ERROR, whatever its SQLSTATE.
    #[must_use]
    pub fn is_of_the_connection(&self) -> bool {
        match self {
            Self::Lost(_) | Self::Session(_) => true,
            Self::Sql { diagnostic, .. } => {
                matches!(diagnostic.severity.as_str(), "FATAL" | "PANIC")
                    && matches!(diagnostic.sqlstate.as_deref(), Some("57P01" | "57P02" | "57P03"))
            }
            _ => false,
        }
    }
}

fn at(line: Option<usize>) -> String {
    line.map_or_else(String::new, |n| format!("line {n}: "))
}

fn now(xid: Option<u64>) -> String {
    xid.map_or_else(String::new, |xid| format!(" and was in {xid} at its end"))
}

/// A duration for people.
pub(crate) fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

/// What an observer fails with.
pub type ObserverError = Box<dyn std::error::Error + Send + Sync>;

impl CloneChannel {
    /// Runs a script in one guarded transaction and ends it as said. Steps are told to the observer; an
    /// error of its own stops the script, and nothing is committed then.
    ///
    /// Dropping the future ends the script's backend too, in the background; [`CloneChannel::run_until`]
    /// says what became of it.
    ///
    /// # Errors
    /// When it did not end as it was to end; [`ScriptError::outcome`] says what became of it.
    pub async fn run(
        &self,
        script: &GuardedScript,
        ending: Ending,
        observer: impl FnMut(Step) -> Result<(), ObserverError>,
    ) -> Result<ScriptRun, Box<ScriptError>> {
        self.run_until(script, ending, observer, std::future::pending()).await
    }

    /// Like [`CloneChannel::run`], and stops the script when `cancel` is ready. Once the script's end is
    /// sent, `cancel` is no longer heard: the answer is waited for.
    ///
    /// # Errors
    /// As [`CloneChannel::run`]; [`ScriptFailure::Cancelled`] when it was cancelled.
    pub async fn run_until(
        &self,
        script: &GuardedScript,
        ending: Ending,
        observer: impl FnMut(Step) -> Result<(), ObserverError>,
        cancel: impl Future<Output = ()>,
    ) -> Result<ScriptRun, Box<ScriptError>> {
        run_text(&self.inner, script.name(), script.text(), ending, observer, cancel).await
    }
}

/// Only a [`GuardedScript`]'s text comes here, and in this crate's own tests what a judge would refuse.
#[tracing::instrument(
    name = "run a script on the clone",
    skip_all,
    fields(script = name, clone = %inner.identity.database)
)]
pub(crate) async fn run_text(
    inner: &Arc<Inner>,
    name: &str,
    text: &str,
    ending: Ending,
    observer: impl FnMut(Step) -> Result<(), ObserverError>,
    cancel: impl Future<Output = ()>,
) -> Result<ScriptRun, Box<ScriptError>> {
    let script = (name, text);
    Ok(run_text_with(inner, script, ending, None, observer, cancel).await?.0)
}

/// What the executor does besides in a script's transaction: right before the script and right after it.
pub(crate) struct Extra {
    /// The nonce by which the row "looked" is heard.
    pub(crate) nonce: String,
    pub(crate) before: Vec<Action>,
    pub(crate) after: Vec<Action>,
}

/// The script, by its name and its text, and the row that the extra part gave.
pub(crate) async fn run_text_with(
    inner: &Arc<Inner>,
    (name, text): (&str, &str),
    ending: Ending,
    extra: Option<Extra>,
    observer: impl FnMut(Step) -> Result<(), ObserverError>,
    cancel: impl Future<Output = ()>,
) -> Result<(ScriptRun, Option<String>), Box<ScriptError>> {
    let begun = Instant::now();
    let mut looked = None;
    let started = Running::start(inner, text, ending, extra).await;
    let (stopped, progress, output, notices) = match started {
        Ok(mut running) => {
            let stopped = running.drive(observer, cancel).await;
            looked = running.looked.take();
            let (output, notices) = running.said();
            // psql is ended before anybody asks what became of its transaction.
            let Running { conversation, progress, mut abandon, .. } = running;
            drop(conversation);
            let stopped = match stopped {
                Ok(()) => Ok(()),
                Err(failure) => {
                    let outcome = outcome_of(inner, &failure, &progress).await;
                    Err((failure, outcome))
                }
            };
            abandon.armed = false;
            (stopped, progress, output, notices)
        }
        Err(failure) => {
            let stopped = Err((ScriptFailure::Session(failure), Outcome::NotRun));
            (stopped, Progress::default(), Output::default(), Vec::new())
        }
    };
    let wanted = match ending {
        Ending::Commit => Outcome::Committed,
        Ending::RollBack => Outcome::RolledBack,
    };
    let answer_lost = |failure: &ScriptFailure| {
        progress.ending_sent
            && matches!(failure, ScriptFailure::Lost(_) | ScriptFailure::EndingDeadline(_))
    };
    let asked_anew = match &stopped {
        Ok(()) => Some(false),
        Err((failure, outcome)) if answer_lost(failure) && *outcome == wanted => Some(true),
        Err(_) => None,
    };
    let elapsed = begun.elapsed();
    match (stopped, asked_anew, progress.opened) {
        (_, Some(asked_anew), Some(transaction)) => {
            let run =
                ScriptRun { outcome: wanted, transaction, elapsed, output, notices, asked_anew };
            Ok((run, looked))
        }
        (Err((failure, outcome)), ..) => Err(Box::new(ScriptError {
            script: name.to_owned(),
            failure,
            outcome,
            transaction: progress.opened,
            elapsed,
            output,
            notices,
        })),
        (Ok(()), ..) => unreachable!("a script is only done in a transaction that was opened"),
    }
}

/// How far a script has come.
#[derive(Default, Clone, Copy)]
struct Progress {
    accepted: bool,
    opened: Option<Transaction>,
    script_end: bool,
    ending_sent: bool,
}

/// A script on its way.
struct Running<'a> {
    inner: &'a Arc<Inner>,
    conversation: Conversation,
    nonce: String,
    ending: Ending,
    progress: Progress,
    abandon: Abandon,
    looked: Option<String>,
}

/// Ends the script's backend if the future that runs it is dropped.
struct Abandon {
    inner: Arc<Inner>,
    transaction: Option<Transaction>,
    armed: bool,
}

impl Drop for Abandon {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (inner, transaction) = (self.inner.clone(), self.transaction);
        runtime.spawn(async move {
            let outcome = settle(&inner, transaction, Duration::ZERO).await;
            tracing::warn!(?transaction, %outcome, "a script's run was dropped in the middle");
        });
    }
}

impl<'a> Running<'a> {
    async fn start(
        inner: &'a Arc<Inner>,
        text: &str,
        ending: Ending,
        extra: Option<Extra>,
    ) -> Result<Self, AskError> {
        let [nonce, before, after] = {
            let word = || token().map_err(AskError::Random);
            [word()?, word()?, word()?]
        };
        let (nonce, first, last) = match extra {
            Some(extra) => (extra.nonce, extra.before, extra.after),
            None => (nonce, Vec::new(), Vec::new()),
        };
        let guarded = |kind: &str, token: &str| {
            let values = [("nonce", nonce.as_str()), ("kind", kind), ("token", token)];
            Action::Command(fill(statements::GUARDED, &values))
        };
        let command = |text: &str| Action::Command(text.to_owned());
        let guard = || command(statements::body(statements::GUARD));
        let application = inner.run.application_name();
        let limits = &inner.limits;
        let mut session = inner.session(&application, limits.statement_timeout);
        if inner.identity.server_version_num >= 170_000 {
            // A little longer than the client's own deadline, for the day on which the client is gone.
            let timeout = limits.script_deadline + limits.ending_deadline;
            session.settings.push(("transaction_timeout", timeout.as_millis().to_string()));
        }
        let sentinel = fill(statements::SCRIPT_END, &[("nonce", &nonce)]);
        let mut actions = vec![
            psql::restrict().map_err(AskError::Random)?,
            command("begin isolation level read committed read write"),
            command(statements::OWN_PATH),
            inner.expected("read committed", "off", &before),
            guard(),
            guarded("opened", &before),
        ];
        actions.extend(first);
        actions.extend([
            command(statements::SESSION_PATH),
            Action::Script,
            // Deferred triggers are the clone's: they run with the session's own path.
            command("set constraints all immediate"),
            command(statements::OWN_PATH),
        ]);
        actions.extend(last);
        actions.extend([
            inner.expected("read committed", "off", &after),
            guard(),
            guarded("closed", &after),
            Action::Input,
        ]);
        let plan = Plan {
            session,
            actions,
            script: Some(Script { text, sentinel: format!("\n;{sentinel}\n") }),
        };
        let conversation =
            Conversation::start(&inner.link, &inner.settings, limits, &nonce, &plan).await?;
        let abandon = Abandon { inner: inner.clone(), transaction: None, armed: true };
        let progress = Progress::default();
        Ok(Self { inner, conversation, nonce, ending, progress, abandon, looked: None })
    }

    /// Takes the script to its confirmed end.
    async fn drive(
        &mut self,
        mut observer: impl FnMut(Step) -> Result<(), ObserverError>,
        cancel: impl Future<Output = ()>,
    ) -> Result<(), ScriptFailure> {
        let limits = &self.inner.limits;
        let deadline = tokio::time::sleep(limits.script_deadline);
        tokio::pin!(deadline, cancel);
        loop {
            let heard = tokio::select! {
                heard = self.conversation.hear() => heard,
                () = &mut deadline => return Err(match self.progress.ending_sent {
                    false => ScriptFailure::Deadline(limits.script_deadline),
                    true => ScriptFailure::EndingDeadline(limits.ending_deadline),
                }),
                () = &mut cancel, if !self.progress.ending_sent => {
                    return Err(ScriptFailure::Cancelled);
                }
            };
            let row = match heard {
                Heard::Row(row) => row,
                Heard::Ended(ended) => return Err(self.why_it_ended(&ended)),
            };
            let mut tell = |step| observer(step).map_err(ScriptFailure::Observer);
            match (row.kind.as_str(), self.progress.opened) {
                ("accepted", None) => {
                    self.progress.accepted = true;
                    tell(Step::Accepted)?;
                }
                ("opened", None) => {
                    let transaction: Transaction = read(&row)?;
                    self.progress.opened = Some(transaction);
                    self.abandon.transaction = Some(transaction);
                    tell(Step::Opened(transaction))?;
                }
                ("script-end", Some(opened)) => {
                    self.progress.script_end = true;
                    let xid: Option<String> = read(&row)?;
                    let closed = xid.and_then(|xid| xid.parse().ok());
                    if closed != Some(opened.xid) {
                        let opened = opened.xid;
                        return Err(ScriptFailure::OwnTransactionControl { opened, closed });
                    }
                }
                ("looked", Some(_)) if self.progress.script_end => self.looked = Some(row.json),
                ("closed", Some(_)) if !self.progress.script_end => {
                    return Err(ScriptFailure::OpenCopy);
                }
                ("closed", Some(opened)) => {
                    let closed: Transaction = read(&row)?;
                    if closed != opened {
                        return Err(ScriptFailure::OwnTransactionControl {
                            opened: opened.xid,
                            closed: Some(closed.xid),
                        });
                    }
                    tell(Step::Closed(closed))?;
                    tell(Step::Ending(closed, self.ending))?;
                    self.progress.ending_sent = true;
                    self.send_ending(closed);
                    deadline.as_mut().reset(tokio::time::Instant::now() + limits.ending_deadline);
                }
                ("ended", Some(_)) if self.progress.ending_sent => {
                    let status: Option<String> = read(&row)?;
                    let wanted = match self.ending {
                        Ending::Commit => "committed",
                        Ending::RollBack => "aborted",
                    };
                    if status.as_deref() != Some(wanted) {
                        return Err(ScriptFailure::Contradicted(status.unwrap_or_default()));
                    }
                    // What psql still has to say is its last messages.
                    let rest =
                        async { while let Heard::Row(_) = self.conversation.hear().await {} };
                    let _ = tokio::time::timeout(Duration::from_secs(2), rest).await;
                    return Ok(());
                }
                (other, _) => {
                    return Err(ScriptFailure::Lost(format!("an unexpected row {other:?} came")));
                }
            }
        }
    }

    fn send_ending(&self, transaction: Transaction) {
        let word = match self.ending {
            Ending::Commit => "commit",
            Ending::RollBack => "rollback",
        };
        let xid = transaction.xid.to_string();
        let ended = fill(statements::ENDED, &[("nonce", &self.nonce), ("xid", &xid)]);
        self.conversation.send(format!("{word};\n{ended}\n"));
        self.conversation.close_input();
    }

    fn said(&self) -> (Output, Vec<Diagnostic>) {
        let output = Output {
            tail: self.conversation.output.text(),
            bytes: self.conversation.output.total(),
        };
        let notices = self.conversation.diagnostics().into_iter().filter(|d| !d.is_error());
        (output, notices.collect())
    }

    /// psql ended before it was to end.
    fn why_it_ended(&self, ended: &Ended) -> ScriptFailure {
        let messages = || self.conversation.messages.text().trim().to_owned();
        match ended {
            Ended::Code(status::ALTERED) => return ScriptFailure::Altered(messages()),
            Ended::Code(status::NO_DIGEST) => return ScriptFailure::NoDigest,
            _ => {}
        }
        let session = || AskError::of_end(ended, &self.conversation, &self.inner.settings);
        if !self.progress.accepted {
            return ScriptFailure::Session(session());
        }
        let error = self.conversation.diagnostics().into_iter().rfind(Diagnostic::is_error);
        let of_script = |d: &Diagnostic| d.source.is_some();
        match error {
            // The guard speaks from a statement of the executor, which has no place in a file.
            Some(d) if d.sqlstate.as_deref() == Some("CG001") && !of_script(&d) => {
                ScriptFailure::Guard(d.message)
            }
            _ if self.progress.opened.is_none() => match ended {
                // psql itself says why; it stops at the first statement that fails.
                Ended::Code(1..=3) => ScriptFailure::Session(session()),
                _ => ScriptFailure::Lost(self.lost(ended)),
            },
            // psql's status for a connection that went bad, whatever its last message was.
            _ if *ended == Ended::Code(2) => ScriptFailure::Lost(self.lost(ended)),
            Some(d) if !self.progress.ending_sent || d.sqlstate.is_some() => {
                let line = d.line.filter(|_| !self.progress.script_end);
                ScriptFailure::Sql { line, diagnostic: Box::new(d) }
            }
            _ => ScriptFailure::Lost(self.lost(ended)),
        }
    }

    fn lost(&self, ended: &Ended) -> String {
        let how = match ended {
            Ended::Code(code) => format!("psql ended with status {code}"),
            Ended::Lost(why) => why.clone(),
        };
        let messages = self.conversation.messages.text();
        let last = messages.lines().rfind(|l| !l.trim().is_empty());
        last.map_or(how.clone(), |last| format!("{how}: {last}"))
    }
}

fn read<T: serde::de::DeserializeOwned>(row: &Row) -> Result<T, ScriptFailure> {
    serde_json::from_str(&row.json)
        .map_err(|e| ScriptFailure::Lost(format!("row {:?} can't be read: {e}", row.kind)))
}

/// What became of a script that stopped.
async fn outcome_of(inner: &Arc<Inner>, failure: &ScriptFailure, progress: &Progress) -> Outcome {
    let never_began = match failure {
        ScriptFailure::Altered(_) | ScriptFailure::NoDigest | ScriptFailure::Session(_) => true,
        ScriptFailure::Guard(_) => progress.opened.is_none(),
        _ => false,
    };
    if never_began {
        return Outcome::NotRun;
    }
    // An end that is on its way is given time to arrive before its session is ended.
    let grace = if progress.ending_sent { Duration::from_secs(2) } else { Duration::ZERO };
    let outcome = settle(inner, progress.opened, grace).await;
    match failure {
        ScriptFailure::OwnTransactionControl { opened, .. } => {
            let first = match outcome {
                Outcome::Committed => "is committed".to_owned(),
                Outcome::RolledBack => "is rolled back".to_owned(),
                other => format!("is unclear ({other})"),
            };
            Outcome::Unknown(format!(
                "transaction {opened} {first}, and others may have followed it"
            ))
        }
        _ => outcome,
    }
}

/// Asks until the answer is final, and ends the transaction's backend where it is still there after
/// `grace`. Without a transaction, ends whatever sessions of this run are left on the clone: COMMIT was
/// never sent to them.
async fn settle(inner: &Arc<Inner>, transaction: Option<Transaction>, grace: Duration) -> Outcome {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(50);
    loop {
        let answer = match transaction {
            Some(Transaction { xid, pid }) => {
                let end = (begun.elapsed() >= grace).then_some(pid);
                match inner.status(xid, end).await {
                    Ok(XactStatus::Committed) => return Outcome::Committed,
                    Ok(XactStatus::Aborted) => return Outcome::RolledBack,
                    Ok(XactStatus::Forgotten) => {
                        return Outcome::Unknown(format!(
                            "the server no longer knows transaction {xid}"
                        ));
                    }
                    Ok(XactStatus::InProgress) => Outcome::InProgress,
                    Err(e) => Outcome::Unknown(chain(&e)),
                }
            }
            None => match inner.sweep().await {
                Ok(0) => return Outcome::RolledBack,
                Ok(_) => Outcome::InProgress,
                Err(e) => Outcome::Unknown(format!(
                    "it was never told to commit, and whether its session is gone can't be asked: {}",
                    chain(&e)
                )),
            },
        };
        if begun.elapsed() + pause >= inner.limits.ending_deadline {
            return answer;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}
