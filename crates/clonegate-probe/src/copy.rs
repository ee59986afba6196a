//! A range of one relation, streamed to whoever wants its bytes, within bounds on memory and time.

use std::pin::pin;
use std::time::{Duration, Instant};

use clonegate_sql::RangeCopy;
use futures_util::TryStreamExt as _;
use tokio_postgres::Transaction;
use tokio_postgres::types::{ToSql, Type};

use crate::ReadError;
use crate::error::CutBy;
use crate::meter::Meter;
use crate::statement::{InFlight, Limits, failure};
use crate::transaction::own;

const COPIED: &str = include_str!("../../../sql/engine/probe/copied.sql");

/// Bytes that the server may be ahead of the sink: the channel's bound on its own memory for a stream, however
/// large a row is.
const WINDOW: u64 = 4 << 20;

/// Takes what COPY sends, piece by piece. Where a piece ends means nothing.
pub trait CopySink: Send + 'static {
    /// Takes the next piece. It should not take long: nothing else is read over the connection meanwhile.
    ///
    /// # Errors
    /// [`NotACopy`] ends the snapshot.
    fn take(&mut self, piece: &[u8]) -> Result<(), NotACopy>;
}

/// What came is not what COPY sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what came is not COPY's binary form: {0}")]
pub struct NotACopy(pub &'static str);

/// A range that was streamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Bytes that the sink took.
    pub bytes: u64,
    /// From sending the statement to its last byte.
    pub elapsed: Duration,
    /// The file that the relation had while it was read; `None` where the name meant another relation, or
    /// it was gone. A relation that was truncated since the snapshot has another file, and reads as empty.
    pub filenode: Option<i64>,
}

/// A sink of which the type is not known, and the way back to whoever knows it.
pub(crate) trait AnySink: Send {
    fn take(&mut self, piece: &[u8]) -> Result<(), NotACopy>;
    fn give_back(self: Box<Self>);
}

pub(crate) struct Returning<S> {
    pub(crate) sink: S,
    pub(crate) back: tokio::sync::oneshot::Sender<S>,
}

impl<S: CopySink> AnySink for Returning<S> {
    fn take(&mut self, piece: &[u8]) -> Result<(), NotACopy> {
        self.sink.take(piece)
    }
    fn give_back(self: Box<Self>) {
        let Self { sink, back } = *self;
        // Whoever asked may have gone.
        drop(back.send(sink));
    }
}

/// Streams a range. Ends in time, and never leaves the statement running.
pub(crate) async fn run(
    transaction: &Transaction<'_>,
    in_flight: InFlight,
    meter: &Meter,
    copy: &RangeCopy,
    sink: &mut dyn AnySink,
    limits: Limits,
) -> Result<Copied, ReadError> {
    let begun = Instant::now();
    match tokio::time::timeout(limits.deadline, stream(transaction, meter, copy, sink, limits))
        .await
    {
        Err(_) => {
            in_flight.cancel().await;
            Err(ReadError::TimedOut { after: begun.elapsed(), by: CutBy::Channel })
        }
        Ok(Err(error @ (ReadError::NotACopy(_) | ReadError::TooManyBytes { .. }))) => {
            in_flight.cancel().await;
            Err(error)
        }
        Ok(done) => {
            in_flight.done();
            done
        }
    }
}

async fn stream(
    transaction: &Transaction<'_>,
    meter: &Meter,
    copy: &RangeCopy,
    sink: &mut dyn AnySink,
    limits: Limits,
) -> Result<Copied, ReadError> {
    let begun = Instant::now();
    let sql = copy.as_sql();
    let failed = |error| {
        let window = Limits { bytes: WINDOW, ..limits };
        failure(error, crate::error::Stage::Run, sql, meter, window, begun)
    };
    meter.grant(WINDOW);
    let pieces = transaction.copy_out(sql).await.map_err(failed)?;
    let mut pieces = pin!(pieces);
    let (mut bytes, mut since_granted) = (0_u64, 0_u64);
    while let Some(piece) = pieces.try_next().await.map_err(failed)? {
        sink.take(&piece).map_err(ReadError::NotACopy)?;
        bytes += piece.len() as u64;
        since_granted += piece.len() as u64;
        if since_granted >= WINDOW / 4 {
            meter.grant(WINDOW);
            since_granted = 0;
        }
    }
    let elapsed = begun.elapsed();
    // While the statement's lock is held: from here on nobody can put another file behind the name.
    meter.grant(0);
    let name = copy.relation().to_string();
    let parameters: [(&(dyn ToSql + Sync), Type); 2] =
        [(&copy.oid(), Type::OID), (&name, Type::TEXT)];
    let rows = transaction.query_typed(COPIED, &parameters).await.map_err(own)?;
    let filenode = rows.first().and_then(|row| row.try_get::<_, Option<i64>>(0).ok().flatten());
    Ok(Copied { bytes, elapsed, filenode })
}
