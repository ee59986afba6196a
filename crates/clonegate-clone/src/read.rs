//! Reading: many statements in one transaction that can't write.
//!
//! The psql of a reading is kept for the next one, because starting another costs more than most readings. Every
//! reading has a transaction of its own, behind the guard with a word of its own; whatever is not as it should
//! be ends the psql, and the next reading starts another.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clonegate_model::{Footprint, Reading, Value, chain};
use clonegate_sql::ReadOnlyStatement;

use crate::channel::{CloneChannel, Inner};
use crate::csv::{Record, Records};
use crate::diagnostic::Diagnostic;
use crate::psql::{self, Action, AskError, Conversation, Plan};
use crate::random::token;
use crate::statements::{self, fill};
use crate::tail::Tail;
use crate::transport::Ended;
use clonegate_model::Facts;

/// The answers to a list of statements.
#[derive(Debug)]
pub struct Readings {
    /// One a statement, in their order.
    pub answers: Vec<Result<Reading, ReadFailure>>,
    /// What the reading did to the clone.
    pub footprint: Footprint,
}

/// Why a statement has no reading. Its Display repeats no data of the database; its Debug may.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadFailure {
    /// The server refused it.
    #[error("{}", .0.without_data())]
    Server(Box<Diagnostic>),
    /// It has more bytes than a reading may have.
    #[error("its rows have more than {0} bytes")]
    TooLarge(usize),
    /// The guard refused the transaction.
    #[error("the guard refused: {0}")]
    Guard(String),
    /// There was no answer: the session could not be opened, or was lost.
    #[error("{0}")]
    Lost(String),
    /// The server did not answer in time, though it was told to.
    #[error("there was no answer within {}", crate::script::seconds(*.0))]
    Timeout(Duration),
    /// The answer is not one of rows.
    #[error("it gave no rows; the clone channel reads SELECT, VALUES, TABLE and WITH")]
    Shape,
}

impl CloneChannel {
    /// Reads all statements in one `REPEATABLE READ READ ONLY` transaction, after the guard and with the
    /// facts published, asserts that no transaction id was assigned, and rolls back. A statement that fails
    /// leaves the others and their common snapshot as they are. Only where the session itself is lost
    /// under a statement, the ones after it are read in another transaction. Its psql is kept for the next
    /// reading, until [`CloneChannel::rest`].
    pub async fn read(&self, statements: &[ReadOnlyStatement], facts: &Facts) -> Readings {
        let texts: Vec<&str> = statements.iter().map(ReadOnlyStatement::as_sql).collect();
        read_texts(&self.inner, &texts, facts).await
    }

    /// Leaves the clone: ends the psql that was kept for the next reading. What it does not end is gone with
    /// the channel, and with this process.
    pub async fn rest(&self) {
        self.inner.rest().await;
    }
}

impl Inner {
    pub(crate) async fn rest(&self) {
        if let Some(seat) = self.kept.take() {
            seat.leave().await;
        }
    }
}

/// The psql of the last reading, as long as no other has it.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Option<Seat>>);

impl Kept {
    fn take(&self) -> Option<Seat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Gives the one back that was there already: two readings at once had one each.
    fn put(&self, seat: Seat) -> Option<Seat> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(seat)
    }
}

/// A psql between two readings: its meta-commands are locked, and it is in no transaction.
#[derive(Debug)]
struct Seat {
    conversation: Conversation,
    nonce: String,
    /// How many lines it was sent, by which it names the place of an error.
    lines: usize,
    /// The facts that were published in it: each is an empty text from then on where it is not published again,
    /// and not NULL.
    published: BTreeSet<String>,
}

/// How long a psql may take to end that has nothing to do any more.
const LEAVING: Duration = Duration::from_secs(5);

impl Seat {
    fn say(&mut self, batch: &mut Batch) {
        self.lines = batch.lines;
        self.conversation.send(std::mem::take(&mut batch.text));
    }

    /// Waits until it is gone.
    async fn leave(mut self) {
        self.conversation.close_input();
        let end = async { while self.conversation.raw().await.is_ok() {} };
        let _ = tokio::time::timeout(LEAVING, end).await;
    }
}

#[tracing::instrument(
    name = "read on the clone",
    skip_all,
    fields(clone = %inner.identity.database, statements = texts.len())
)]
pub(crate) async fn read_texts(inner: &Inner, texts: &[&str], facts: &Facts) -> Readings {
    let mut answers = Vec::with_capacity(texts.len());
    let mut footprint = Footprint::default();
    while answers.len() < texts.len() {
        let rest = &texts[answers.len()..];
        let mut sitting = Sitting::new(inner, rest.len());
        let stopped = sitting.hold(rest, facts).await;
        footprint.transactions += u64::from(sitting.opened);
        footprint.asserted_without_xid += u64::from(sitting.unwritten);
        let (mut taken, failure) = sitting.take(stopped);
        match failure {
            None => answers.append(&mut taken),
            Some((failure, again)) => {
                // The statement under which the session was lost has that failure; those after it are
                // tried in another session, or share it where there is no hope for one.
                answers.append(&mut taken);
                answers.push(Err(failure.clone()));
                if !again {
                    answers.resize_with(texts.len(), || Err(failure.clone()));
                }
            }
        }
    }
    Readings { answers, footprint }
}

/// One psql.
struct Sitting<'a> {
    inner: &'a Inner,
    opened: bool,
    unwritten: bool,
    statements: Vec<Statement>,
    messages: Vec<Diagnostic>,
}

/// What is known of a statement.
#[derive(Default)]
struct Statement {
    columns: Option<Vec<String>>,
    types: HashMap<usize, u32>,
    rows: Vec<Vec<Option<Vec<u8>>>>,
    /// How many there were, with the header.
    seen: usize,
    bytes: usize,
    too_large: bool,
    done: bool,
    /// The lines of psql's input that are its own.
    lines: Vec<std::ops::RangeInclusive<usize>>,
}

/// Something was not as it should be; what it was says the reading itself, or the next one.
struct Surprised;

enum Stopped {
    /// Nothing can be read: the guard, the login.
    Refused(ReadFailure),
    /// The session was lost.
    Lost(ReadFailure),
}

impl<'a> Sitting<'a> {
    fn new(inner: &'a Inner, statements: usize) -> Self {
        let mut all = Vec::new();
        all.resize_with(statements, Statement::default);
        Self { inner, opened: false, unwritten: false, statements: all, messages: Vec::new() }
    }

    async fn hold(&mut self, texts: &[&str], facts: &Facts) -> Result<(), Stopped> {
        let mut seat = match self.begin_again(facts).await {
            Some(seat) => seat,
            None => self.begin(facts).await?,
        };
        self.opened = true;
        let outcome = self.converse(&mut seat, texts).await;
        let heard = match &outcome {
            Ok(()) => self.conclude(&mut seat).await,
            Err(_) => Err(Surprised),
        };
        self.messages = seat.conversation.diagnostics();
        if heard.is_ok()
            && self.unwritten
            && let Some(other) = self.inner.kept.put(seat)
        {
            other.leave().await;
        }
        outcome
    }

    /// Begins in the psql of the last reading. `None` where there is none, or it does not come to the guard's
    /// word, whatever the reason: another psql will say it.
    async fn begin_again(&self, facts: &Facts) -> Option<Seat> {
        let mut seat = self.inner.kept.take()?;
        let names: BTreeSet<String> = facts.iter().map(|(name, _)| name.to_owned()).collect();
        // A reading without any facts is the gate's own, and looks at none.
        if !names.is_empty() && !seat.published.is_subset(&names) {
            seat.leave().await;
            return None;
        }
        let word = token().ok()?;
        // What was said before has been heard to its end.
        seat.conversation.messages = Tail::new(self.inner.limits.message_bytes);
        let mut batch = Batch::after(seat.lines);
        for action in self.opening(&word, facts) {
            if let Action::Command(command) = action {
                batch.add(&format!("{};", command.trim_end_matches(';')));
            }
        }
        batch.add(&fill(statements::GUARDED_READ, &[("nonce", &seat.nonce), ("token", &word)]));
        batch.mark(&seat.nonce, "asked");
        seat.say(&mut batch);
        seat.published.extend(names);
        let mut ear = self.ear(&seat);
        for expected in ["ready|{}", "asked"] {
            match ear.marker(&mut seat.conversation, |_| {}).await {
                Ok(marker) if marker == expected => {}
                surprise => {
                    tracing::debug!(?surprise, "the psql that was kept is not used");
                    seat.leave().await;
                    return None;
                }
            }
        }
        Some(seat)
    }

    /// What stands before every reading's own statements, but for the row that lets it go on.
    fn opening(&self, word: &str, facts: &Facts) -> Vec<Action> {
        let command = |text: &str| Action::Command(text.to_owned());
        let mut actions = vec![
            command("begin isolation level repeatable read read only"),
            command(statements::OWN_PATH),
            self.inner.expected("repeatable read", "on", word),
            command(statements::body(statements::GUARD)),
        ];
        for (name, value) in facts.iter() {
            actions.push(psql::set_local(&format!("clonegate.{name}"), value));
        }
        actions.push(command(statements::SESSION_PATH));
        actions
    }

    fn ear(&self, seat: &Seat) -> Ear {
        let limits = &self.inner.limits;
        Ear {
            nonce: seat.nonce.clone(),
            records: Records::new(limits.reading_bytes),
            patience: limits.read_timeout + Duration::from_secs(5),
        }
    }

    /// Begins in a psql of its own.
    async fn begin(&self, facts: &Facts) -> Result<Seat, Stopped> {
        let limits = &self.inner.limits;
        let refused = |e: AskError| Stopped::Refused(ReadFailure::Lost(chain(&e)));
        let nonce = token().map_err(|e| refused(AskError::Random(e)))?;
        let word = token().map_err(|e| refused(AskError::Random(e)))?;
        let application = self.inner.run.application_name();
        let mut session = self.inner.session(&application, limits.read_timeout);
        // Row security hides rows silently; off, it makes reading such a table an error.
        session.settings.push(("row_security", "off".to_owned()));
        let command = |text: &str| Action::Command(text.to_owned());
        let mut actions = self.opening(&word, facts);
        actions.extend([
            // From here on a statement that fails is rolled back alone. That is set before the
            // meta-commands are locked, and then shown to be locked: an older psql would echo.
            command("\\set ON_ERROR_STOP off"),
            command("\\set ON_ERROR_ROLLBACK on"),
            psql::restrict().map_err(|e| refused(AskError::Random(e)))?,
            command(&format!("\\echo {nonce}|unlocked")),
            Action::Command(fill(statements::GUARDED_READ, &[("nonce", &nonce), ("token", &word)])),
            Action::Input,
        ]);
        let plan = Plan { session, actions, script: None };
        let conversation =
            Conversation::start(&self.inner.link, &self.inner.settings, limits, &nonce, &plan);
        let conversation = conversation.await.map_err(|e| refused(e.into()))?;
        let published = facts.iter().map(|(name, _)| name.to_owned()).collect();
        let mut seat = Seat { conversation, nonce, lines: 0, published };
        let mut ear = self.ear(&seat);
        loop {
            match ear.marker(&mut seat.conversation, |_| {}).await {
                Ok(marker) if marker.starts_with("accepted|") => {}
                Ok(marker) if marker == "unlocked" => {
                    return Err(Stopped::Refused(ReadFailure::Lost(chain(&AskError::TooOld))));
                }
                Ok(marker) if marker.starts_with("ready|") => return Ok(seat),
                Ok(other) => {
                    return Err(Stopped::Refused(ReadFailure::Lost(format!(
                        "unexpected row {other:?}"
                    ))));
                }
                Err(Silence::Timeout) => {
                    return Err(Stopped::Refused(ReadFailure::Timeout(ear.patience)));
                }
                Err(Silence::Ended(ended)) => {
                    return Err(Stopped::Refused(self.refusal(&ended, &seat.conversation)));
                }
            }
        }
    }

    async fn converse(&mut self, seat: &mut Seat, texts: &[&str]) -> Result<(), Stopped> {
        let limits = &self.inner.limits;
        let mut ear = self.ear(seat);
        let nonce = seat.nonce.clone();
        let nonce = nonce.as_str();
        // 1. The columns' names, of all statements at once.
        let mut script = Batch::after(seat.lines);
        for (n, text) in texts.iter().enumerate() {
            let ask = fill(statements::READ_COLUMNS, &[("statement", text)]);
            self.statements[n].lines.push(script.add(&ask));
            script.mark(nonce, &format!("columns|{n}"));
        }
        seat.say(&mut script);
        let conversation = &mut seat.conversation;
        for n in 0..texts.len() {
            let statement = &mut self.statements[n];
            let named = ear.marker(conversation, |record| {
                statement.columns.get_or_insert_with(|| record.names());
            });
            expect(named.await, &format!("columns|{n}"), self.inner, conversation)?;
        }
        // 2. The types and the rows, of those that have columns.
        let answered: Vec<usize> =
            (0..texts.len()).filter(|n| self.statements[*n].columns.is_some()).collect();
        let limit = (limits.reading_rows + 1).to_string();
        for n in answered.iter().copied() {
            let width = self.statements[n].columns.as_ref().map_or(0, Vec::len);
            if width > 0 {
                let columns: Vec<String> = (1..=width).map(|i| format!("c{i}")).collect();
                let types =
                    columns.iter().map(|c| format!("pg_catalog.pg_typeof(q.{c})::pg_catalog.oid"));
                let types = types.collect::<Vec<_>>().join(", ");
                let aliases = columns.join(", ");
                let values = [
                    ("statement", texts[n]),
                    ("types", types.as_str()),
                    ("aliases", aliases.as_str()),
                ];
                let lines = script.add(&fill(statements::READ_TYPES, &values));
                self.statements[n].lines.push(lines);
            }
            script.mark(nonce, &format!("types|{n}"));
            let ask = fill(statements::READ_ROWS, &[("statement", texts[n]), ("limit", &limit)]);
            self.statements[n].lines.push(script.add(&ask));
            script.mark(nonce, &format!("rows|{n}"));
        }
        script.add(&fill(statements::UNWRITTEN, &[("nonce", nonce)]));
        seat.say(&mut script);
        let conversation = &mut seat.conversation;
        for n in answered {
            let statement = &mut self.statements[n];
            let typed = ear.marker(conversation, |record| {
                if let Some((position, oid)) = record.pair() {
                    statement.types.insert(position, oid);
                }
            });
            expect(typed.await, &format!("types|{n}"), self.inner, conversation)?;
            let statement = &mut self.statements[n];
            let (rows, bytes) = (limits.reading_rows, limits.reading_bytes);
            let answered =
                ear.marker(conversation, |record| statement.keep(record, rows, bytes)).await;
            expect(answered, &format!("rows|{n}"), self.inner, conversation)?;
            self.statements[n].done = true;
        }
        // 3. That nothing was written.
        let written = ear.marker(conversation, |_| {}).await;
        self.unwritten = matches!(written, Ok(marker) if marker == "unwritten|true");
        Ok(())
    }

    /// Rolls back, and hears what psql still has to say: messages come by another stream than rows.
    async fn conclude(&self, seat: &mut Seat) -> Result<(), Surprised> {
        let word = token().map_err(|_| Surprised)?;
        let before = seat.lines;
        let mut batch = Batch::after(before);
        batch.add("rollback;");
        // Nothing of the session is left for the next reading, not even what a rollback keeps.
        batch.add("discard all;");
        batch.add(&fill(statements::HEARD, &[("word", &word)]));
        seat.say(&mut batch);
        let limits = &self.inner.limits;
        let heard = seat.conversation.message(&word);
        let heard = tokio::time::timeout(limits.read_timeout, heard).await;
        let failed = |d: &Diagnostic| d.is_error() && d.line.is_some_and(|line| line > before);
        match heard {
            Ok(true) if !seat.conversation.diagnostics().iter().any(failed) => Ok(()),
            Ok(_) | Err(_) => Err(Surprised),
        }
    }

    /// The session never came to the first statement.
    fn refusal(&self, ended: &Ended, conversation: &Conversation) -> ReadFailure {
        match AskError::of_end(ended, conversation, &self.inner.settings) {
            AskError::Server(d) if d.sqlstate.as_deref() == Some("CG001") => {
                ReadFailure::Guard(d.message)
            }
            AskError::Server(d) => ReadFailure::Lost(d.without_data()),
            other => ReadFailure::Lost(chain(&other)),
        }
    }

    /// The answers as far as they came; then, if the session was lost, the failure of the next one, and
    /// whether those after it may be tried again.
    #[allow(clippy::type_complexity)]
    fn take(
        self,
        stopped: Result<(), Stopped>,
    ) -> (Vec<Result<Reading, ReadFailure>>, Option<(ReadFailure, bool)>) {
        let limits = &self.inner.limits;
        let count = self.statements.len();
        let mut answers = Vec::with_capacity(count);
        let (lost, again) = match stopped {
            Ok(()) => (None, false),
            Err(Stopped::Lost(failure)) => (Some(failure), true),
            Err(Stopped::Refused(failure)) => return (answers, Some((failure, false))),
        };
        for statement in self.statements {
            let error = self.messages.iter().rfind(|d| {
                let within = |line| statement.lines.iter().any(|lines| lines.contains(&line));
                d.is_error() && d.sqlstate.is_some() && d.line.is_some_and(within)
            });
            let ended = error.is_some_and(|d| d.severity == "FATAL" || d.severity == "PANIC");
            match (error, &lost) {
                (Some(error), _) if !ended => {
                    answers.push(Err(ReadFailure::Server(Box::new(error.clone()))));
                }
                (Some(error), _) => {
                    return (answers, Some((ReadFailure::Server(Box::new(error.clone())), true)));
                }
                (None, _) if statement.done => answers.push(statement.reading(limits)),
                (None, Some(failure)) => return (answers, Some((failure.clone(), again))),
                (None, None) => answers.push(Err(ReadFailure::Shape)),
            }
        }
        (answers, None)
    }
}

/// What is sent to psql, with its lines counted, by which it names the place of an error.
struct Batch {
    text: String,
    lines: usize,
}

impl Batch {
    /// What follows on lines that were sent before.
    fn after(lines: usize) -> Self {
        Self { text: String::new(), lines }
    }

    fn add(&mut self, statement: &str) -> std::ops::RangeInclusive<usize> {
        let begins = self.lines + 1;
        self.lines += statement.matches('\n').count() + 1;
        self.text.push_str(statement);
        self.text.push('\n');
        begins..=self.lines
    }

    fn mark(&mut self, nonce: &str, marker: &str) {
        self.add(&format!("select '{nonce}|{marker}';"));
    }
}

/// Hears records until a marker.
struct Ear {
    nonce: String,
    records: Records,
    patience: Duration,
}

#[derive(Debug)]
enum Silence {
    Timeout,
    Ended(Ended),
}

impl Ear {
    async fn marker(
        &mut self,
        conversation: &mut Conversation,
        mut record: impl FnMut(Record),
    ) -> Result<String, Silence> {
        loop {
            while let Some(next) = self.records.next() {
                match next.marker(&self.nonce) {
                    Some(marker) => return Ok(marker),
                    None => record(next),
                }
            }
            match tokio::time::timeout(self.patience, conversation.raw()).await {
                Ok(Ok(bytes)) => self.records.feed(bytes),
                Ok(Err(ended)) => return Err(Silence::Ended(ended)),
                Err(_) => return Err(Silence::Timeout),
            }
        }
    }
}

fn expect(
    heard: Result<String, Silence>,
    marker: &str,
    inner: &Inner,
    conversation: &Conversation,
) -> Result<(), Stopped> {
    match heard {
        Ok(heard) if heard == marker => Ok(()),
        Ok(other) => {
            Err(Stopped::Lost(ReadFailure::Lost(format!("row {other:?} and not {marker:?}"))))
        }
        Err(Silence::Timeout) => {
            Err(Stopped::Lost(ReadFailure::Timeout(inner.limits.read_timeout)))
        }
        Err(Silence::Ended(ended)) => {
            let why = match &ended {
                Ended::Lost(why) => why.clone(),
                Ended::Code(code) => format!("psql ended with status {code}"),
            };
            let said = conversation.diagnostics().into_iter().rfind(Diagnostic::is_error);
            let said = said.map(|d| format!(": {}", d.without_data())).unwrap_or_default();
            Err(Stopped::Lost(ReadFailure::Lost(format!("the session was lost ({why}{said})"))))
        }
    }
}

impl Statement {
    fn keep(&mut self, record: Record, rows: usize, bytes: usize) {
        self.seen += 1;
        self.bytes = self.bytes.saturating_add(record.bytes());
        self.too_large |= record.overflowed() || self.bytes > bytes;
        if self.too_large {
            self.rows.clear();
        } else if self.seen > 1 && self.rows.len() < rows {
            self.rows.push(record.into_fields());
        }
    }

    fn reading(self, limits: &crate::Limits) -> Result<Reading, ReadFailure> {
        if self.too_large {
            return Err(ReadFailure::TooLarge(limits.reading_bytes));
        }
        let columns = self.columns.unwrap_or_default();
        let width = columns.len();
        let mut rows = Vec::with_capacity(self.rows.len());
        for fields in self.rows {
            if width > 0 && fields.len() != width {
                return Err(ReadFailure::Lost(format!(
                    "a row has {} columns and not {width}",
                    fields.len()
                )));
            }
            let values = fields.into_iter().take(width).enumerate().map(|(i, field)| {
                let text = field.map(|f| String::from_utf8_lossy(&f).into_owned());
                value(self.types.get(&(i + 1)).copied(), text)
            });
            rows.push(values.collect());
        }
        let truncated = self.seen.saturating_sub(1) > limits.reading_rows;
        Ok(Reading { columns, rows, truncated })
    }
}

/// A value by its type's OID (`pg_type.dat`; these never change).
fn value(type_oid: Option<u32>, text: Option<String>) -> Value {
    let Some(text) = text else { return Value::Null };
    match type_oid {
        Some(16) if text == "t" => Value::Bool(true),
        Some(16) if text == "f" => Value::Bool(false),
        // int8, int2, int4, oid; float4, float8, numeric.
        Some(20 | 21 | 23 | 26 | 700 | 701 | 1700) => Value::decimal(&text),
        _ => Value::Text(text),
    }
}
