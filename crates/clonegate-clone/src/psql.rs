//! One psql: its arguments, its environment, and the rows by which it is heard.

use std::time::Duration;

use crate::diagnostic::{self, Diagnostic};
use crate::random::{hex, token};
use crate::settings::{CloneSettings, Limits};
use crate::shell::{WRAPPER, status};
use crate::statements::literal;
use crate::tail::Tail;
use crate::transport::{Ended, Event, Link, Process, StartError};
use sha2::{Digest as _, Sha256};

/// The script's own descriptor: it is no part of the stream that COMMIT comes by, so a script whose
/// quotes or COPY data are open can't swallow what follows it.
const SCRIPT: &str = "/dev/fd/3";

/// What psql is to do, in order.
pub(crate) enum Action {
    /// A statement, or one meta-command, of the executor.
    Command(String),
    /// The script.
    Script,
    /// What the executor sends later, on standard input.
    Input,
}

/// Whether statements outside an explicit transaction may write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outside {
    /// They fail: what a script does after it ended the executor's transaction by itself, too.
    ReadOnly,
    /// They may: CREATE DATABASE runs outside transactions.
    Writes,
}

/// What kind of session it is.
pub(crate) struct Session<'a> {
    pub(crate) database: &'a str,
    pub(crate) role: &'a str,
    pub(crate) application: &'a str,
    pub(crate) statement_timeout: Duration,
    pub(crate) outside: Outside,
    /// Further settings, as the server knows them.
    pub(crate) settings: Vec<(&'static str, String)>,
}

/// What is run.
pub(crate) struct Plan<'a> {
    pub(crate) session: Session<'a>,
    pub(crate) actions: Vec<Action>,
    pub(crate) script: Option<Script<'a>>,
}

/// A script on its way.
pub(crate) struct Script<'a> {
    pub(crate) text: &'a str,
    /// What psql reads after it, on the same descriptor.
    pub(crate) sentinel: String,
}

impl Plan<'_> {
    fn arguments(&self, settings: &CloneSettings, limits: &Limits, nonce: &str) -> Vec<String> {
        let mut words = match &self.script {
            Some(script) => {
                let digest = hex(&Sha256::digest(script.text.as_bytes()));
                vec![
                    script.text.len().to_string(),
                    digest,
                    nonce.to_owned(),
                    script.sentinel.clone(),
                ]
            }
            None => vec!["-".to_owned(), String::new(), nonce.to_owned(), String::new()],
        };
        words.push(self.session.application.to_owned());
        words.push(self.session.options(limits));
        words.push(limits.connect_timeout.as_secs().max(2).to_string());
        words.push(settings.passfile.as_ref().map(|p| p.display().to_string()).unwrap_or_default());
        words.push(settings.psql.clone());
        words.extend(["-X", "-q", "-A", "-t", "-w"].map(str::to_owned));
        for variable in ["ON_ERROR_STOP=1", "VERBOSITY=verbose"] {
            words.extend(["-v".to_owned(), variable.to_owned()]);
        }
        words.extend(connection(settings, self.session.role, self.session.database));
        for action in &self.actions {
            words.extend(match action {
                Action::Command(text) => ["-c".to_owned(), text.clone()],
                Action::Script => ["-f".to_owned(), SCRIPT.to_owned()],
                Action::Input => ["-f".to_owned(), "-".to_owned()],
            });
        }
        words
    }
}

/// Everything that says where to connect. Always all of it, so that no environment and no service file
/// fills a gap.
pub(crate) fn connection(settings: &CloneSettings, role: &str, database: &str) -> Vec<String> {
    let mut words = Vec::new();
    if let Some(host) = &settings.host {
        words.extend(["-h".to_owned(), host.clone()]);
    }
    if let Some(port) = settings.port {
        words.extend(["-p".to_owned(), port.to_string()]);
    }
    words.extend(["-U".to_owned(), role.to_owned(), "-d".to_owned(), database.to_owned()]);
    words
}

impl Session<'_> {
    /// PGOPTIONS. A role's or database's own settings can't override these.
    pub(crate) fn options(&self, limits: &Limits) -> String {
        let milliseconds = |d: Duration| d.as_millis().max(1).to_string();
        let fixed = [
            ("TimeZone", "UTC"),
            ("DateStyle", "ISO"),
            ("IntervalStyle", "postgres"),
            ("bytea_output", "hex"),
            ("extra_float_digits", "1"),
            ("jit", "off"),
            ("client_min_messages", "notice"),
            ("standard_conforming_strings", "on"),
            ("xmlbinary", "base64"),
            // A commit that the journal calls one survives the server's crash.
            ("synchronous_commit", "local"),
            (
                "default_transaction_read_only",
                match self.outside {
                    Outside::ReadOnly => "on",
                    Outside::Writes => "off",
                },
            ),
        ];
        let timeouts = [
            ("statement_timeout", milliseconds(self.statement_timeout)),
            ("lock_timeout", milliseconds(limits.lock_timeout)),
            ("idle_in_transaction_session_timeout", milliseconds(limits.idle_timeout)),
        ];
        let fixed = fixed.map(|(name, value)| (name, value.to_owned()));
        let all = fixed.into_iter().chain(timeouts).chain(self.settings.iter().cloned());
        all.map(|(name, value)| format!("-c {name}={value}")).collect::<Vec<_>>().join(" ")
    }
}

/// A row of the executor's own statements: the nonce, what it is, and JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) kind: String,
    pub(crate) json: String,
}

/// Something was heard.
#[derive(Debug)]
pub(crate) enum Heard {
    Row(Row),
    Ended(Ended),
}

/// A running psql and what it said so far.
#[derive(Debug)]
pub(crate) struct Conversation {
    process: Process,
    nonce: String,
    lines: Lines,
    pub(crate) output: Tail,
    pub(crate) messages: Tail,
}

/// Longer lines are output, never rows of the executor.
const LONGEST_ROW: usize = 64 * 1024;

/// Cuts a stream into lines and picks out the rows that carry the nonce.
#[derive(Debug)]
struct Lines {
    pending: Vec<u8>,
    rows: std::collections::VecDeque<Row>,
}

impl Lines {
    fn feed(&mut self, nonce: &str, bytes: &[u8], output: &mut Tail) {
        for line in bytes.split_inclusive(|b| *b == b'\n') {
            let room = LONGEST_ROW.saturating_sub(self.pending.len());
            if room < line.len() {
                // No row of ours: it goes to the output as it comes.
                output.push(&self.pending);
                output.push(line);
                self.pending.clear();
                continue;
            }
            self.pending.extend_from_slice(line);
            if line.ends_with(b"\n") {
                match row(nonce, &self.pending) {
                    Some(row) => self.rows.push_back(row),
                    None => output.push(&self.pending),
                }
                self.pending.clear();
            }
        }
    }
}

fn row(nonce: &str, line: &[u8]) -> Option<Row> {
    let text = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (kind, json) = text.strip_prefix(nonce)?.strip_prefix('|')?.split_once('|')?;
    Some(Row { kind: kind.to_owned(), json: json.to_owned() })
}

impl Conversation {
    /// Starts psql. The script, if there is one, is on its way at once.
    pub(crate) async fn start(
        link: &Link,
        settings: &CloneSettings,
        limits: &Limits,
        nonce: &str,
        plan: &Plan<'_>,
    ) -> Result<Self, StartError> {
        link.count_session(plan.session.database);
        tracing::debug!(database = plan.session.database, "psql is started");
        let process = link.start(WRAPPER, &plan.arguments(settings, limits, nonce)).await?;
        if let Some(script) = &plan.script {
            process.send(script.text.as_bytes());
        }
        Ok(Self {
            process,
            nonce: nonce.to_owned(),
            lines: Lines { pending: Vec::new(), rows: std::collections::VecDeque::new() },
            output: Tail::new(limits.output_bytes),
            messages: Tail::new(limits.message_bytes),
        })
    }

    pub(crate) fn send(&self, text: impl Into<String>) {
        self.process.send(text.into());
    }

    pub(crate) fn close_input(&self) {
        self.process.close_input();
    }

    /// The next row of the executor, or the end. Safe to be cancelled.
    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            if let Some(row) = self.lines.rows.pop_front() {
                return Heard::Row(row);
            }
            match self.process.event().await {
                Event::Stdout(bytes) => self.lines.feed(&self.nonce, &bytes, &mut self.output),
                Event::Stderr(bytes) => self.messages.push(&bytes),
                Event::Ended(ended) => return Heard::Ended(ended),
            }
        }
    }

    /// What comes on standard output as it is; messages are kept aside.
    pub(crate) async fn raw(&mut self) -> Result<Vec<u8>, Ended> {
        loop {
            match self.process.event().await {
                Event::Stdout(bytes) => return Ok(bytes),
                Event::Stderr(bytes) => self.messages.push(&bytes),
                Event::Ended(ended) => return Err(ended),
            }
        }
    }

    /// Whether a message with this word comes, with nothing on standard output before it.
    pub(crate) async fn message(&mut self, word: &str) -> bool {
        while !self.messages.text().contains(word) {
            match self.process.event().await {
                Event::Stderr(bytes) => self.messages.push(&bytes),
                Event::Stdout(_) | Event::Ended(_) => return false,
            }
        }
        true
    }

    pub(crate) fn diagnostics(&self) -> Vec<Diagnostic> {
        diagnostic::parse(&self.messages.text())
    }
}

/// Why a psql of the executor's own gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It could not be started.
    #[error("psql could not be started")]
    Start(#[from] StartError),
    /// psql is not where it was looked for.
    #[error(
        "there is no {psql} where the clone is; install PostgreSQL's client programs there or name their path"
    )]
    NoPsql {
        /// The program that was looked for.
        psql: String,
    },
    /// psql is too old to lock its meta-commands.
    #[error(
        "psql there is too old: it has no \\restrict, without which a script could leave the clone; update it to 13.22, 14.19, 15.14, 16.10, 17.6, 18 or later"
    )]
    TooOld,
    /// The server refused, or an assertion of the executor failed.
    #[error("{0}")]
    Server(Box<Diagnostic>),
    /// It ended without an answer.
    #[error("psql ended without an answer ({ended}){}", said(.messages))]
    Ended {
        /// How it ended.
        ended: String,
        /// The end of what it said.
        messages: String,
    },
    /// It gave an answer that is none.
    #[error("psql gave an answer that can't be read: {0}")]
    Shape(String),
    /// It took too long.
    #[error("psql gave no answer within {}", crate::script::seconds(*.0))]
    Timeout(Duration),
    /// This machine has no random numbers.
    #[error("this machine gives no random numbers")]
    Random(#[source] std::io::Error),
}

fn said(messages: &str) -> String {
    let messages = messages.trim();
    if messages.is_empty() { String::new() } else { format!(": {messages}") }
}

impl AskError {
    /// Why a psql that ended did.
    pub(crate) fn of_end(
        ended: &Ended,
        conversation: &Conversation,
        settings: &CloneSettings,
    ) -> Self {
        let messages = conversation.messages.text();
        let error = conversation.diagnostics().into_iter().rfind(Diagnostic::is_error);
        match (ended, error) {
            (Ended::Code(status::NO_PSQL), _) => Self::NoPsql { psql: settings.psql.clone() },
            _ if messages.contains("invalid command \\restrict") => Self::TooOld,
            (_, Some(error)) => Self::Server(Box::new(error)),
            (Ended::Code(code), None) => Self::Ended { ended: format!("status {code}"), messages },
            (Ended::Lost(why), None) => Self::Ended { ended: why.clone(), messages },
        }
    }
}

/// Locks psql's meta-commands for the rest of its life.
pub(crate) fn restrict() -> Result<Action, std::io::Error> {
    Ok(Action::Command(format!("\\restrict {}", token()?)))
}

/// `set local NAME = VALUE`.
pub(crate) fn set_local(name: &str, value: &str) -> Action {
    Action::Command(format!("set local {name} = {}", literal(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lines_with_the_nonce_are_rows() {
        let mut lines = Lines { pending: Vec::new(), rows: std::collections::VecDeque::new() };
        let mut output = Tail::new(1024);
        for piece in ["x\nab", "c|opened|{\"a\":", "1}\nabcd|no|1\n abc|no|1\nabc|half", "|2"] {
            lines.feed("abc", piece.as_bytes(), &mut output);
        }
        assert_eq!(lines.rows, [Row { kind: "opened".to_owned(), json: "{\"a\":1}".to_owned() }]);
        assert_eq!(output.text(), "x\nabcd|no|1\n abc|no|1\n");
    }

    #[test]
    fn an_endless_line_does_not_grow() {
        let mut lines = Lines { pending: Vec::new(), rows: std::collections::VecDeque::new() };
        let mut output = Tail::new(1024);
        for _ in 0..100 {
            lines.feed("abc", &[b'x'; 10_000], &mut output);
            assert!(lines.pending.len() <= LONGEST_ROW);
        }
        lines.feed("abc", b"\nabc|row|1\n", &mut output);
        assert_eq!(lines.rows.len(), 1);
    }
}
