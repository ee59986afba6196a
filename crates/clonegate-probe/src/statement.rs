//! One statement by the extended protocol, within its bounds.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clonegate_model::Reading;
use futures_util::TryStreamExt as _;
use tokio_postgres::error::SqlState;
use tokio_postgres::{CancelToken, Transaction};

use crate::dial::{Dialer, Route};
use crate::error::{CutBy, Stage};
use crate::meter::Meter;
use crate::output::{self, Raw};
use crate::transaction::{Closing, Ledger};
use crate::{ReadError, ServerError};

/// What one statement may bring.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) rows: usize,
    pub(crate) bytes: u64,
    /// The server's bound, which is in force already.
    pub(crate) statement_timeout: Duration,
    /// The channel's own, a little later.
    pub(crate) deadline: Duration,
}

/// An answer and what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The rows.
    pub reading: Reading,
    /// The columns' types as the catalog names them, for instance `int4` or `_text`.
    pub types: Vec<String>,
    /// The bytes of the rows as they came over the wire, in PostgreSQL's binary form.
    pub bytes: u64,
    /// From sending the statement to its last row.
    pub elapsed: Duration,
}

/// Cancels what a session does if it is dropped while armed: dropping a future stops the client,
/// not the server.
pub(crate) struct InFlight {
    token: Option<(CancelToken, Arc<Dialer>, Route)>,
}

impl InFlight {
    pub(crate) fn new(token: CancelToken, dialer: Arc<Dialer>, route: Route) -> Self {
        Self { token: Some((token, dialer, route)) }
    }

    pub(crate) fn done(mut self) {
        self.token = None;
    }

    pub(crate) async fn cancel(mut self) {
        if let Some((token, dialer, route)) = self.token.take() {
            dialer.cancel(token, &route).await;
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let Some((token, dialer, route)) = self.token.take() else {
            return;
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { dialer.cancel(token, &route).await });
        }
    }
}

/// What is done with the transaction behind a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behind {
    /// It goes on.
    GoOn,
    /// It is asserted and rolled back; that is sent right behind the statement, to save waiting.
    Close,
}

/// Sends a statement and reads its answer. Ends in time, and never leaves the statement running.
/// [`Closing`] is what was sent behind the statement, if that was reached.
pub(crate) async fn run(
    transaction: &Transaction<'_>,
    in_flight: InFlight,
    meter: &Meter,
    sql: &str,
    limits: Limits,
    behind: Behind,
) -> (Result<Answer, ReadError>, Option<Closing>) {
    let begun = Instant::now();
    meter.grant(limits.bytes);
    let mut closing = None;
    let work = ask(transaction, meter, sql, limits, begun, behind, &mut closing);
    let answer = match tokio::time::timeout(limits.deadline, work).await {
        Err(_) => {
            in_flight.cancel().await;
            Err(ReadError::TimedOut { after: begun.elapsed(), by: CutBy::Channel })
        }
        Ok(Err(error @ (ReadError::TooManyBytes { .. } | ReadError::Malformed { .. }))) => {
            in_flight.cancel().await;
            Err(error)
        }
        Ok(done) => {
            in_flight.done();
            done
        }
    };
    (answer, closing)
}

async fn ask(
    transaction: &Transaction<'_>,
    meter: &Meter,
    sql: &str,
    limits: Limits,
    begun: Instant,
    behind: Behind,
    closing: &mut Option<Closing>,
) -> Result<Answer, ReadError> {
    let failed = |error, stage| failure(error, stage, sql, meter, limits, begun);
    let statement = transaction.prepare(sql).await.map_err(|error| failed(error, Stage::Parse))?;
    if !statement.params().is_empty() {
        let count = statement.params().len();
        return Err(ReadError::Parameters { count });
    }
    for column in statement.columns() {
        if !output::can_read(column.type_()) {
            return Err(ReadError::UnsupportedType {
                column: column.name().to_owned(),
                type_name: column.type_().to_string(),
            });
        }
    }
    let mut reading = Reading {
        columns: statement.columns().iter().map(|column| column.name().to_owned()).collect(),
        ..Reading::default()
    };
    let types = statement.columns().iter().map(|column| column.type_().to_string()).collect();
    let portal =
        transaction.bind(&statement, &[]).await.map_err(|error| failed(error, Stage::Run))?;
    // One row more than is let through tells whether there were more, exactly. There is one
    // Execute a statement: a second one on the same portal would run under whatever time-out the
    // statement had set.
    let most = i32::try_from(limits.rows.saturating_add(1)).unwrap_or(i32::MAX);
    let rows = transaction
        .query_portal_raw(&portal, most)
        .await
        .map_err(|error| failed(error, Stage::Run))?;
    if behind == Behind::Close {
        let sent = Ledger::send_closing(transaction).await;
        *closing = Some(sent.map_err(|error| failed(error, Stage::Run))?);
    }
    let mut rows = pin!(rows);
    let mut bytes = 0_u64;
    while let Some(row) = rows.try_next().await.map_err(|error| failed(error, Stage::Run))? {
        if reading.rows.len() == limits.rows {
            reading.truncated = true;
            continue;
        }
        bytes = bytes.saturating_add(row.raw_size_bytes() as u64);
        if bytes > limits.bytes {
            return Err(ReadError::TooManyBytes { cap: limits.bytes });
        }
        let mut values = Vec::with_capacity(row.len());
        for (at, column) in row.columns().iter().enumerate() {
            let value = row
                .try_get::<_, Raw<'_>>(at)
                .ok()
                .and_then(|raw| output::value(column.type_(), raw.0).ok());
            values.push(value.ok_or_else(|| ReadError::Malformed {
                column: column.name().to_owned(),
                type_name: column.type_().to_string(),
            })?);
        }
        reading.rows.push(values);
    }
    Ok(Answer { reading, types, bytes, elapsed: begun.elapsed() })
}

pub(crate) fn failure(
    error: tokio_postgres::Error,
    stage: Stage,
    sql: &str,
    meter: &Meter,
    limits: Limits,
    begun: Instant,
) -> ReadError {
    if meter.is_exceeded() {
        return ReadError::TooManyBytes { cap: limits.bytes };
    }
    let Some(db) = error.as_db_error() else {
        return ReadError::Lost(error);
    };
    // The same SQLSTATE stands for the time-out and for somebody's pg_cancel_backend; the time
    // tells which it was.
    if *db.code() == SqlState::QUERY_CANCELED && begun.elapsed() >= limits.statement_timeout {
        return ReadError::TimedOut { after: begun.elapsed(), by: CutBy::Server };
    }
    ReadError::Server(ServerError::new(db, stage, sql))
}
