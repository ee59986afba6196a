//! What a witness needs of a channel.

use std::future::Future;
use std::time::Duration;

use clonegate_model::Reading;
use clonegate_sql::{RangeCopy, ReadOnlyStatement};

use crate::stream::{RowFold, Streamed};

/// A channel that can read, and one reading at a time.
///
/// Several readers of one snapshot of the database read it together; a channel that has no common
/// snapshot gives one.
pub trait Reader: Send {
    /// Answers each statement, in order, on one snapshot of the database where the channel can. A
    /// failed statement does not keep the others from being answered.
    fn read(
        &mut self,
        statements: &[String],
    ) -> impl Future<Output = Vec<Result<Reading, Unread>>> + Send;

    /// The same for statements that a witness did not write as a text. A channel need not judge them.
    fn scan(
        &mut self,
        scans: &[ReadOnlyStatement],
    ) -> impl Future<Output = Vec<Result<Reading, Unread>>> + Send {
        let statements: Vec<String> = scans.iter().map(|scan| scan.as_sql().to_owned()).collect();
        async move { self.read(&statements).await }
    }

    /// Streams a range of a relation into the fold, on the same snapshot. Only asked where
    /// a [`Plan`](crate::Plan) grants it; a channel that can't gives no answer.
    fn stream(
        &mut self,
        copy: RangeCopy,
        fold: RowFold,
    ) -> impl Future<Output = Result<Streamed, Unread>> + Send {
        let _ = (copy, fold);
        async { Err(Unread::refused("this channel streams no rows")) }
    }

    /// Waits. A clock is the runtime's business, and this crate knows none.
    fn wait(&mut self, time: Duration) -> impl Future<Output = ()> + Send;

    /// How many statements a call should carry: 1, unless a call is expensive in itself.
    fn together(&self) -> usize {
        1
    }
}

/// Why a statement has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unread {
    /// What may help.
    pub kind: UnreadKind,
    /// In words, without data of the database.
    pub reason: String,
}

/// What may help when a statement has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreadKind {
    /// It took too long: less at once.
    TimedOut,
    /// Somebody holds a lock, or a standby's replay went first: the same once more.
    InTheWay,
    /// The reader is of no use any more: another one.
    Ended,
    /// Nothing.
    Refused,
}

impl Unread {
    /// A failure that nothing helps against.
    #[must_use]
    pub fn refused(reason: impl Into<String>) -> Self {
        Self { kind: UnreadKind::Refused, reason: reason.into() }
    }

    pub(crate) fn silent() -> Self {
        Self::refused("the channel gave no answer")
    }
}
