//! Several statements on one snapshot of the database.

use std::sync::Arc;

use clonegate_sql::lookups::Lookups;
use clonegate_sql::{RangeCopy, ReadOnlyStatement};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::Transaction;

use crate::ReadError;
use crate::copy::{self, AnySink, Copied, CopySink, Returning};
use crate::dial::Dialer;
use crate::meter::Meter;
use crate::pool::Lease;
use crate::statement::{self, Answer, Behind, InFlight, Limits};
use crate::transaction::{Ledger, own};

/// The id of an exported snapshot: another transaction can read the database as of the same
/// moment, for as long as the exporting one is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedSnapshot(String);

impl ExportedSnapshot {
    fn new(id: &str) -> Option<Self> {
        let fits = !id.is_empty() && id.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
        fits.then(|| Self(id.to_owned()))
    }

    /// For instance `00000003-0000001B-1`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

enum Request {
    Read {
        sql: String,
        lookups: Box<Lookups>,
        reply: oneshot::Sender<Result<Answer, ReadError>>,
    },
    Copy {
        copy: RangeCopy,
        sink: Box<dyn AnySink>,
        reply: oneshot::Sender<Result<Copied, ReadError>>,
    },
    Export {
        reply: oneshot::Sender<Result<ExportedSnapshot, ReadError>>,
    },
    Finish {
        reply: oneshot::Sender<Result<(), ReadError>>,
    },
}

/// Reads several statements in one transaction (`REPEATABLE READ READ ONLY`), so that all of them
/// see the database as of one moment.
///
/// It is for the statements of the program itself: they may bring more rows and bytes than a
/// caller's ([`Bounds::engine_rows`](crate::Bounds::engine_rows),
/// [`Bounds::engine_bytes`](crate::Bounds::engine_bytes)), and the connection may be used again. A
/// statement that fails leaves the others unharmed; one that is cut by the channel's deadline or
/// byte cap ends the snapshot. Whatever a statement set is undone before the next one.
///
/// Dropping it rolls back; [`SnapshotReader::finish`] also asserts that nothing was written.
#[derive(Debug)]
pub struct SnapshotReader {
    requests: mpsc::Sender<Request>,
}

impl SnapshotReader {
    /// Opens the transaction. A task owns it: the driver's transaction borrows its connection, and
    /// a caller who drops a future must not leave a statement running.
    pub(crate) async fn open(
        lease: Lease,
        ledger: Arc<Ledger>,
        dialer: Arc<Dialer>,
        limits: Limits,
        at: Option<ExportedSnapshot>,
    ) -> Result<Self, ReadError> {
        let (requests, inbox) = mpsc::channel(1);
        let (ready, opened) = oneshot::channel();
        let serving = Serving { ledger, dialer, limits };
        tokio::spawn(serving.serve(lease, at, inbox, ready));
        opened.await.map_err(|_| ReadError::SnapshotEnded)??;
        Ok(Self { requests })
    }

    /// Reads one statement. Its names are looked up first, which costs a round trip; the program's own statements
    /// have none to look up ([`ReadOnlyStatement::of_the_program`]).
    ///
    /// # Errors
    /// See [`ReadError`]. The snapshot goes on after an error of the statement alone.
    pub async fn read(&mut self, statement: &ReadOnlyStatement) -> Result<Answer, ReadError> {
        let sql = statement.as_sql().to_owned();
        let lookups = Box::new(statement.lookups().clone());
        self.ask(|reply| Request::Read { sql, lookups, reply }).await
    }

    #[cfg(test)]
    pub(crate) async fn read_sql(&mut self, sql: &str) -> Result<Answer, ReadError> {
        let (sql, lookups) = (sql.to_owned(), Box::default());
        self.ask(|reply| Request::Read { sql, lookups, reply }).await
    }

    /// Streams a range of one relation into a sink, and gives the sink back. The server is never further
    /// ahead of it than a few megabytes, however large a row is.
    ///
    /// # Errors
    /// See [`ReadError`]. The snapshot goes on after an error of the statement alone; what the sink had taken by
    /// then is of no use.
    pub async fn copy_out<S: CopySink>(
        &mut self,
        copy: RangeCopy,
        sink: S,
    ) -> Result<(S, Copied), ReadError> {
        let (back, returned) = oneshot::channel();
        let sink = Box::new(Returning { sink, back });
        let copied = self.ask(|reply| Request::Copy { copy, sink, reply }).await?;
        let sink = returned.await.map_err(|_| ReadError::SnapshotEnded)?;
        Ok((sink, copied))
    }

    /// Exports the snapshot for [`ProductionChannel::snapshot_at`](crate::ProductionChannel::snapshot_at).
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn export(&mut self) -> Result<ExportedSnapshot, ReadError> {
        self.ask(|reply| Request::Export { reply }).await
    }

    /// Asserts that nothing was written, and rolls back.
    ///
    /// # Errors
    /// [`ReadError::WroteSomething`] above all.
    pub async fn finish(self) -> Result<(), ReadError> {
        self.ask(|reply| Request::Finish { reply }).await
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, ReadError>>) -> Request,
    ) -> Result<T, ReadError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.requests.send(request(reply)).await;
        sent.map_err(|_| ReadError::SnapshotEnded)?;
        answer.await.map_err(|_| ReadError::SnapshotEnded)?
    }
}

struct Serving {
    ledger: Arc<Ledger>,
    dialer: Arc<Dialer>,
    limits: Limits,
}

impl Serving {
    async fn serve(
        self,
        mut lease: Lease,
        at: Option<ExportedSnapshot>,
        inbox: mpsc::Receiver<Request>,
        ready: oneshot::Sender<Result<(), ReadError>>,
    ) {
        // Until it has been rolled back in good order, nobody else may have the connection.
        lease.spent = true;
        match self.converse(&mut lease, at, inbox, ready).await {
            End::BrokenOff => {}
            End::Closed { outcome, reply } => {
                lease.spent = outcome.is_err();
                drop(lease);
                match (reply, outcome) {
                    (Some(reply), outcome) => drop(reply.send(outcome)),
                    (None, Ok(())) => {}
                    (None, Err(error)) => {
                        tracing::error!(%error, "a snapshot was dropped, and closing it failed");
                    }
                }
            }
        }
    }

    async fn converse(
        &self,
        lease: &mut Lease,
        at: Option<ExportedSnapshot>,
        mut inbox: mpsc::Receiver<Request>,
        ready: oneshot::Sender<Result<(), ReadError>>,
    ) -> End {
        let meter = lease.meter.clone();
        let route = lease.route.clone();
        let token = lease.client().cancel_token();
        let opened = self.ledger.open(lease.client(), &meter, at.as_ref()).await;
        let transaction = match opened {
            Ok((transaction, _)) => transaction,
            Err(error) => {
                let _ = ready.send(Err(error));
                return End::BrokenOff;
            }
        };
        if ready.send(Ok(())).is_ok() {
            while let Some(request) = inbox.recv().await {
                match request {
                    Request::Read { sql, lookups, mut reply } => {
                        let in_flight =
                            InFlight::new(token.clone(), self.dialer.clone(), route.clone());
                        // Whoever asked may have gone; the statement is then cancelled as it is
                        // dropped.
                        let (answer, goes) = tokio::select! {
                            done = self.read(&transaction, in_flight, &meter, &sql, &lookups) => done,
                            () = reply.closed() => return End::BrokenOff,
                        };
                        let _ = reply.send(answer);
                        if goes == Goes::NoFurther {
                            return End::BrokenOff;
                        }
                    }
                    Request::Copy { copy, mut sink, mut reply } => {
                        let in_flight =
                            InFlight::new(token.clone(), self.dialer.clone(), route.clone());
                        let work = copy::run(
                            &transaction,
                            in_flight,
                            &meter,
                            &copy,
                            &mut *sink,
                            self.limits,
                        );
                        let copied = tokio::select! {
                            done = work => done,
                            () = reply.closed() => return End::BrokenOff,
                        };
                        let (copied, goes) = self.settle(&transaction, &meter, copied).await;
                        sink.give_back();
                        let _ = reply.send(copied);
                        if goes == Goes::NoFurther {
                            return End::BrokenOff;
                        }
                    }
                    Request::Export { reply } => {
                        let exported = export(&transaction).await;
                        let failed = exported.is_err();
                        let _ = reply.send(exported);
                        if failed {
                            return End::BrokenOff;
                        }
                    }
                    Request::Finish { reply } => {
                        let outcome = self.ledger.close(transaction, &meter, None).await;
                        let reply = Some(reply);
                        return End::Closed { outcome, reply };
                    }
                }
            }
        }
        let outcome = self.ledger.close(transaction, &meter, None).await;
        End::Closed { outcome, reply: None }
    }

    async fn read(
        &self,
        transaction: &Transaction<'_>,
        in_flight: InFlight,
        meter: &Meter,
        sql: &str,
        lookups: &Lookups,
    ) -> (Result<Answer, ReadError>, Goes) {
        let judged = match self.ledger.ask_names(transaction, meter, lookups).await {
            Ok(noted) => self.ledger.judge_names(transaction, meter, lookups, &noted).await,
            Err(error) => Err(error),
        };
        if let Err(error) = judged {
            in_flight.done();
            let refused = matches!(error, ReadError::Refused(_));
            return (Err(error), if refused { Goes::On } else { Goes::NoFurther });
        }
        let (answer, _) =
            statement::run(transaction, in_flight, meter, sql, self.limits, Behind::GoOn).await;
        self.settle(transaction, meter, answer).await
    }

    /// Asserts behind a statement that nothing was written, if the transaction can go on.
    async fn settle<T>(
        &self,
        transaction: &Transaction<'_>,
        meter: &Meter,
        answer: Result<T, ReadError>,
    ) -> (Result<T, ReadError>, Goes) {
        match &answer {
            Err(error) if !error.leaves_the_connection_whole() => (answer, Goes::NoFurther),
            _ => match self.ledger.assert(transaction, meter).await {
                Ok(()) => (answer, Goes::On),
                Err(error) => (Err(error), Goes::NoFurther),
            },
        }
    }
}

/// How a snapshot's task ends.
enum End {
    /// Without the last assertion; the connection is of no use any more.
    BrokenOff,
    /// With it, and rolled back.
    Closed { outcome: Result<(), ReadError>, reply: Option<oneshot::Sender<Result<(), ReadError>>> },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Goes {
    On,
    NoFurther,
}

/// PostgreSQL exports no snapshot from below a savepoint, so the channel's own is released for it.
async fn export(transaction: &Transaction<'_>) -> Result<ExportedSnapshot, ReadError> {
    let sql = "release savepoint clonegate;
               select pg_catalog.pg_export_snapshot() as id;
               savepoint clonegate";
    let answer = transaction.simple_query(sql).await.map_err(own)?;
    let row = crate::guard::only_row(&answer).map_err(ReadError::Guard)?;
    row.try_get("id")
        .ok()
        .flatten()
        .and_then(ExportedSnapshot::new)
        .ok_or(ReadError::Guard(crate::GuardError::Incomplete { what: "id" }))
}
