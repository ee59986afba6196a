//! The channel's transaction: begun read-only, guarded, asserted, rolled back. Never committed.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clonegate_model::{Footprint, Identity};
use clonegate_sql::lookups::{Judged, Lookups, MAX_FOUND};
use futures_util::TryStreamExt as _;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, IsolationLevel, SimpleQueryMessage, SimpleQueryStream, Transaction};

use crate::attestation::{Accepted, Attestation};
use crate::dial::Session;
use crate::error::{CutBy, Stage};
use crate::guard::{self, Expectation, GuardError};
use crate::meter::Meter;
use crate::names::{self, Noted};
use crate::snapshot::ExportedSnapshot;
#[cfg(test)]
use crate::tests::attacks::layers::{self, Layer};
use crate::{Facts, ReadError, ServerError};

const ASSERT: &str = include_str!("../../../sql/engine/probe/assert.sql");
const CONTROL: &str = include_str!("../../../sql/engine/probe/control.sql");
const RECYCLE: &str = include_str!("../../../sql/engine/probe/recycle.sql");
const REHEARSAL_TIMEOUT: Duration = Duration::from_secs(2);

/// Set behind the guard and rolled back to behind each statement: whatever a statement set, and
/// whatever state its error left, is undone before the channel asserts that nothing was written.
const SAVEPOINT: &str = "savepoint clonegate";
const TO_SAVEPOINT: &str = "rollback to savepoint clonegate";

/// What every transaction of a channel is held against, and what was counted.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) expectation: Expectation,
    guard: OnceLock<String>,
    pinned: OnceLock<Identity>,
    opened: AtomicU64,
    asserted: AtomicU64,
}

impl Ledger {
    pub(crate) fn new(expectation: Expectation) -> Self {
        Self {
            expectation,
            guard: OnceLock::new(),
            pinned: OnceLock::new(),
            opened: AtomicU64::new(0),
            asserted: AtomicU64::new(0),
        }
    }

    /// The identity that every later connection must have.
    pub(crate) fn pin(&self, identity: Identity) -> &Identity {
        self.pinned.get_or_init(|| identity)
    }

    pub(crate) fn pinned(&self) -> Option<&Identity> {
        self.pinned.get()
    }

    pub(crate) fn footprint(&self) -> Footprint {
        Footprint {
            transactions: self.opened.load(Ordering::Relaxed),
            asserted_without_xid: self.asserted.load(Ordering::Relaxed),
        }
    }

    fn deadline(&self) -> Duration {
        self.expectation.bounds.deadline()
    }

    /// Begins a transaction and runs the guard. Nothing else may be sent unless this succeeds.
    pub(crate) async fn open<'c>(
        &self,
        client: &'c mut Client,
        meter: &Meter,
        at: Option<&ExportedSnapshot>,
    ) -> Result<(Transaction<'c>, Identity), ReadError> {
        let opened = self.open_for(client, meter, at, &Lookups::default()).await;
        opened.map(|(transaction, identity, _)| (transaction, identity))
    }

    /// The same, and asks in the guard's message whether there is anything of a statement's names. That is still to be
    /// judged: [`Ledger::judge_names`].
    pub(crate) async fn open_for<'c>(
        &self,
        client: &'c mut Client,
        meter: &Meter,
        at: Option<&ExportedSnapshot>,
        lookups: &Lookups,
    ) -> Result<(Transaction<'c>, Identity, Vec<Noted>), ReadError> {
        meter.grant(0);
        #[cfg(test)]
        if layers::is_out(Layer::Guard) {
            let (transaction, identity) = self.open_unguarded(client).await?;
            let noted = self.ask_names(&transaction, meter, lookups).await?;
            return Ok((transaction, identity, noted));
        }
        self.in_time(async {
            let guard = match self.guard.get() {
                Some(guard) => guard,
                None => {
                    let may_ask = client.simple_query(CONTROL).await.map_err(own)?;
                    let row = guard::only_row(&may_ask).map_err(ReadError::Guard)?;
                    let may_ask = row.try_get(0).ok().flatten() == Some("t");
                    self.guard.get_or_init(|| format!("{};\n{SAVEPOINT}", guard::query(may_ask)))
                }
            };
            #[cfg(not(test))]
            let read_only = true;
            #[cfg(test)]
            let read_only = !layers::is_out(Layer::Transaction);
            let transaction = client
                .build_transaction()
                .isolation_level(IsolationLevel::RepeatableRead)
                .read_only(read_only)
                .start()
                .await
                .map_err(own)?;
            self.opened.fetch_add(1, Ordering::Relaxed);
            let mut sql = String::new();
            if let Some(snapshot) = at {
                // The id is made of hexadecimal digits and hyphens only.
                sql = format!("set transaction snapshot '{}';\n", snapshot.as_str());
            }
            sql.push_str(guard);
            if !lookups.is_empty() {
                sql.push_str(";\n");
                sql.push_str(&names::query(lookups));
            }
            let answer = transaction.simple_query(&sql).await.map_err(own)?;
            let row = guard::first_row(&answer).map_err(ReadError::Guard)?;
            let identity = self.expectation.judge(row, self.pinned()).map_err(ReadError::Guard)?;
            let noted = names::noted(&answer).map_err(ReadError::Guard)?;
            Ok((transaction, identity, noted))
        })
        .await
    }

    /// Asks whether there is anything of a statement's names, where that could not travel with the guard.
    pub(crate) async fn ask_names(
        &self,
        transaction: &Transaction<'_>,
        meter: &Meter,
        lookups: &Lookups,
    ) -> Result<Vec<Noted>, ReadError> {
        if lookups.is_empty() {
            return Ok(Vec::new());
        }
        meter.grant(0);
        self.in_time(async {
            let answer = transaction.simple_query(&names::query(lookups)).await.map_err(own)?;
            names::noted(&answer).map_err(ReadError::Guard)
        })
        .await
    }

    /// Refuses a statement whose names could mean something that nobody has judged. Where there is anything of those
    /// names the server is asked what it is, and where that depends on columns, once more.
    pub(crate) async fn judge_names(
        &self,
        transaction: &Transaction<'_>,
        meter: &Meter,
        lookups: &Lookups,
        noted: &[Noted],
    ) -> Result<(), ReadError> {
        let refused = |refusal| ReadError::Refused(Box::new(refusal));
        if noted.is_empty() {
            return Ok(());
        }
        if noted.len() > MAX_FOUND {
            return Err(refused(lookups.too_many()));
        }
        meter.grant(0);
        let found = self.in_time(async {
            let sql = names::details_query(noted);
            let answer = transaction.simple_query(&sql).await.map_err(own)?;
            names::found(&answer).map_err(ReadError::Guard)
        });
        let found = found.await?;
        let questions = match lookups.judge(&found, &BTreeMap::new()).map_err(refused)? {
            Judged::Clear => return Ok(()),
            Judged::Ask(questions) => questions,
        };
        meter.grant(0);
        let answers = self.in_time(async {
            let sql = names::columns_query(&questions);
            let answer = transaction.simple_query(&sql).await.map_err(own)?;
            names::answers(&questions, &answer).map_err(ReadError::Guard)
        });
        match lookups.judge(&found, &answers.await?).map_err(refused)? {
            Judged::Clear => Ok(()),
            Judged::Ask(_) => Err(ReadError::Guard(GuardError::Incomplete { what: "answers" })),
        }
    }

    /// How it would be without the guard.
    #[cfg(test)]
    async fn open_unguarded<'c>(
        &self,
        client: &'c mut Client,
    ) -> Result<(Transaction<'c>, Identity), ReadError> {
        let begun = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
        let transaction = begun.read_only(true).start().await.map_err(own)?;
        self.opened.fetch_add(1, Ordering::Relaxed);
        transaction.batch_execute(SAVEPOINT).await.map_err(own)?;
        Ok((transaction, layers::believed(&self.expectation)))
    }

    /// Asks what the role could do besides reading.
    pub(crate) async fn attest(
        &self,
        transaction: &Transaction<'_>,
        meter: &Meter,
        identity: &Identity,
        accepted: &Accepted,
    ) -> Result<Attestation, ReadError> {
        let version = identity.server_version_num;
        self.in_time(Attestation::ask(transaction, meter, &identity.role, version, accepted)).await
    }

    /// Publishes facts for the rest of the transaction. Values travel as parameters.
    pub(crate) async fn publish(
        &self,
        transaction: &Transaction<'_>,
        facts: &Facts,
    ) -> Result<(), ReadError> {
        if facts.is_empty() {
            return Ok(());
        }
        let mut sql = String::from("select ");
        let mut parameters: Vec<(&(dyn ToSql + Sync), Type)> = Vec::new();
        let pairs: Vec<(String, &str)> =
            facts.iter().map(|(name, value)| (format!("clonegate.{name}"), value)).collect();
        for (n, (name, value)) in pairs.iter().enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            let (first, second) = (2 * n + 1, 2 * n + 2);
            sql.push_str(&format!("{comma}pg_catalog.set_config(${first}, ${second}, true)"));
            parameters.push((name, Type::TEXT));
            parameters.push((value, Type::TEXT));
        }
        self.in_time(async {
            let set = transaction.query_typed(&sql, &parameters).await;
            set.map(|_| ()).map_err(own)
        })
        .await
    }

    /// Goes through a whole transaction without a caller's statement, in one round trip: whatever was
    /// open is ended, what the guard looks up has been looked up before somebody waits for it, and the
    /// session is seen to have kept nothing. It counts as no transaction of the channel, because nothing
    /// is read through it.
    ///
    /// `BEGIN` comes first because a bare ROLLBACK outside a transaction puts a warning into
    /// production's log.
    pub(crate) async fn rehearse(&self, session: &mut Session) -> Result<(), ReadError> {
        session.meter.grant(0);
        let guard = self.guard.get().map_or("", String::as_str);
        let sql = format!(
            "begin isolation level repeatable read read only;\n{guard};\n{};\n{ASSERT};\n{RECYCLE};\nrollback",
            names::query(&Lookups::default())
        );
        let answer = tokio::time::timeout(REHEARSAL_TIMEOUT, session.client().simple_query(&sql));
        let answer = answer
            .await
            .map_err(|_| ReadError::TimedOut { after: REHEARSAL_TIMEOUT, by: CutBy::Channel })?;
        let answer = answer.map_err(own)?;
        let row = guard::only_row(&answer).map_err(ReadError::Guard)?;
        for what in ["prepared", "cursors", "advisory_locks"] {
            if row.try_get(what).ok().flatten() != Some("0") {
                return Err(ReadError::Guard(GuardError::Incomplete { what }));
            }
        }
        Ok(())
    }

    /// Goes back behind the guard, and asserts that nothing was written and that the transaction
    /// is still the channel's own.
    pub(crate) async fn assert(
        &self,
        transaction: &Transaction<'_>,
        meter: &Meter,
    ) -> Result<(), ReadError> {
        meter.grant(0);
        self.in_time(async {
            let sql = format!("{TO_SAVEPOINT};\n{ASSERT}");
            let answer = transaction.simple_query(&sql).await.map_err(not_ours)?;
            judge_assertion(&answer)
        })
        .await
    }

    /// Sends the last assertion and the rollback, in one message, without waiting for the answer:
    /// [`Ledger::close`] takes it.
    pub(crate) async fn send_closing(
        transaction: &Transaction<'_>,
    ) -> Result<Closing, tokio_postgres::Error> {
        let sql = format!("{TO_SAVEPOINT};\n{ASSERT};\nrollback");
        transaction.client().simple_query_raw(&sql).await.map(Closing)
    }

    /// Asserts for the last time and rolls back; `closing` is given where it was sent already.
    pub(crate) async fn close(
        &self,
        transaction: Transaction<'_>,
        meter: &Meter,
        closing: Option<Closing>,
    ) -> Result<(), ReadError> {
        #[cfg(test)]
        if layers::is_out(Layer::Transaction) {
            return transaction.commit().await.map_err(own);
        }
        meter.grant(0);
        self.in_time(async {
            let Closing(answer) = match closing {
                Some(closing) => closing,
                None => Self::send_closing(&transaction).await.map_err(own)?,
            };
            let answer: Vec<_> = answer.try_collect().await.map_err(not_ours)?;
            // The transaction has ended; the driver's own ROLLBACK, sent when this is dropped, would
            // put a warning into production's log. It is a reference, and nothing leaks.
            std::mem::forget(transaction);
            judge_assertion(&answer)?;
            self.asserted.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
        .await
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, ReadError>>,
    ) -> Result<T, ReadError> {
        let after = self.deadline();
        let by = CutBy::Channel;
        tokio::time::timeout(after, work).await.map_err(|_| ReadError::TimedOut { after, by })?
    }
}

/// The last assertion and the rollback, sent and not yet answered.
pub(crate) struct Closing(SimpleQueryStream);

/// Where there is no savepoint of ours, this is not our transaction.
fn not_ours(error: tokio_postgres::Error) -> ReadError {
    let left = [SqlState::S_E_INVALID_SPECIFICATION, SqlState::NO_ACTIVE_SQL_TRANSACTION];
    match error.as_db_error() {
        Some(db) if left.contains(db.code()) => ReadError::LeftTransaction,
        _ => own(error),
    }
}

fn judge_assertion(answer: &[SimpleQueryMessage]) -> Result<(), ReadError> {
    let row = guard::only_row(answer).map_err(ReadError::Guard)?;
    let get = |what: &'static str| {
        row.try_get(what).map_err(|_| ReadError::Guard(GuardError::Incomplete { what }))
    };
    if get("transaction_read_only")? != Some("on") {
        return Err(ReadError::LeftTransaction);
    }
    match get("xid")? {
        Some(xid) => Err(ReadError::WroteSomething { xid: xid.to_owned() }),
        None => Ok(()),
    }
}

/// An error of the channel's own SQL.
pub(crate) fn own(error: tokio_postgres::Error) -> ReadError {
    match error.as_db_error() {
        Some(db) => ReadError::Server(ServerError::new(db, Stage::Own, "")),
        None => ReadError::Lost(error),
    }
}
