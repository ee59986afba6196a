//! A statement between its `asked` line and its outcome.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clonegate_model::RunId;
use clonegate_store::audit::{AuditEntry, AuditError, AuditEvent, AuditLog};
use sha2::{Digest, Sha256};

use crate::caller::is_of_a_name;
use crate::{Caller, QueryError, Texts};

/// Names of databases are not longer than this.
const MAX_NAME_CHARS: usize = 63;

/// What somebody asks, as the audit log has it.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) run: RunId,
    pub(crate) caller: Caller,
    /// In the caller's spelling, cleaned and cut.
    pub(crate) database: String,
    pub(crate) sha256: String,
    pub(crate) text: Option<String>,
    pub(crate) note: Option<&'static str>,
}

impl Question {
    pub(crate) fn new(
        run: &RunId,
        caller: &Caller,
        database: &str,
        text: &str,
        texts: Texts,
    ) -> Self {
        // A text that is longer than the judge reads is refused by its length; the log has its
        // digest.
        let fits = text.len() <= clonegate_sql::MAX_STATEMENT_BYTES;
        Self {
            run: run.clone(),
            caller: caller.clone(),
            database: clean(database),
            sha256: Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect(),
            text: (texts == Texts::Kept && fits).then(|| text.to_owned()),
            note: None,
        }
    }

    fn entry(&self, event: AuditEvent) -> AuditEntry {
        AuditEntry {
            run: Some(self.run.clone()),
            caller: Some(self.caller.to_string()),
            database: Some(self.database.clone()),
            sha256: Some(self.sha256.clone()),
            ..AuditEntry::new(event)
        }
    }

    /// Records what was not even asked, and why.
    pub(crate) fn turn_away(self, log: &AuditLog, error: &QueryError) -> Result<u64, AuditError> {
        log.append(&AuditEntry {
            text: self.text.clone(),
            rule: Some(error.rule().to_owned()),
            note: self.note.map(str::to_owned),
            ..self.entry(error.verdict().event())
        })
    }

    /// Records that it is about to be asked.
    pub(crate) fn ask(self, log: &Arc<AuditLog>) -> Result<Pending, AuditError> {
        let asked = log.append(&AuditEntry {
            text: self.text.clone(),
            note: self.note.map(str::to_owned),
            ..self.entry(AuditEvent::Asked)
        })?;
        let question = Self { text: None, ..self };
        Ok(Pending { question, log: log.clone(), asked, begun: Instant::now(), open: true })
    }
}

/// A database's name as somebody spelt it, so that it can stand in a message and in the log.
pub(crate) fn clean(database: &str) -> String {
    database.chars().take(MAX_NAME_CHARS).map(|c| if is_of_a_name(c) { c } else { '_' }).collect()
}

/// Rows and bytes of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) rows: usize,
    pub(crate) truncated: bool,
    pub(crate) bytes: u64,
    pub(crate) elapsed: Duration,
}

/// A statement that the log says is asked. Whatever happens, an outcome follows: where whoever asked
/// drops the future, dropping this records that it was cancelled. It writes on the thread that
/// drops it, because nothing may come between; only the end of the process can.
#[derive(Debug)]
pub(crate) struct Pending {
    question: Question,
    log: Arc<AuditLog>,
    asked: u64,
    begun: Instant,
    open: bool,
}

impl Pending {
    pub(crate) fn asked(&self) -> u64 {
        self.asked
    }

    fn outcome(&self, event: AuditEvent) -> AuditEntry {
        AuditEntry {
            asked: Some(self.asked),
            elapsed_ms: Some(milliseconds(self.begun.elapsed())),
            ..self.question.entry(event)
        }
    }

    pub(crate) fn answered(mut self, size: Size) -> Result<(), AuditError> {
        self.open = false;
        self.log
            .append(&AuditEntry {
                rows: Some(size.rows as u64),
                truncated: Some(size.truncated),
                bytes: Some(size.bytes),
                elapsed_ms: Some(milliseconds(size.elapsed)),
                ..self.outcome(AuditEvent::Answered)
            })
            .map(drop)
    }

    pub(crate) fn failed(mut self, failure: AuditEntry) -> Result<(), AuditError> {
        self.open = false;
        let AuditEntry { event, rule, sqlstate, .. } = failure;
        self.log.append(&AuditEntry { rule, sqlstate, ..self.outcome(event) }).map(drop)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        let rule = Some(QueryError::Cancelled.rule().to_owned());
        let entry = AuditEntry { rule, ..self.outcome(AuditEvent::Cancelled) };
        if let Err(error) = self.log.append(&entry) {
            tracing::error!(%error, asked = self.asked, "a cancelled statement has no outcome in the audit log");
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
