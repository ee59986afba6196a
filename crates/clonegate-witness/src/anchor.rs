//! When an equal horizon means equal rows, those of the system catalogs among them.
//!
//! Rows appear and disappear by transactions with an id that complete, and by nothing else that a client
//! can do. Two equal values of `pg_current_snapshot()` on a primary say that none completed in between: one
//! that began later would have moved `xmax`, one that was running is still listed. So every row that was
//! visible is still visible, and no other is; a prepared transaction is listed like any that runs. It
//! does not hold
//!
//! - on a standby, whose snapshot has no list of what is running;
//! - across the loss of the server's memory: unlogged relations are then empty, and ids whose commits were not
//!   yet on disk are given out once more;
//! - for what takes no transaction id: sequences, settings, replication slots. Those are always read;
//! - against a superuser who changes pages without a transaction (`pg_surgery`, a file). Only a digest sees
//!   that, and what has a digest is always read too.
//!
//! The [`Anchor`] rules the first two out.

use clonegate_model::{Anchor, Horizon, Reading, Snapshot, Value};

use crate::reader::Unread;
use crate::template::fill;

const ANCHOR: &str = include_str!("../../../sql/engine/witness/anchor.sql");

/// Whether anything can have happened to rows since entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    /// No transaction completed, and that says all about rows.
    Nothing,
    /// That is not known: rows have to be read.
    Unknown,
}

/// Asks for the anchor of this snapshot.
pub(crate) fn question() -> String {
    fill(ANCHOR, &[])
}

/// The anchor; `None` where there is none or where it can't be read.
pub(crate) fn of(answer: Result<Reading, Unread>) -> Option<Anchor> {
    match answer {
        Ok(reading) => {
            let text = reading.single("anchor").and_then(Value::as_text);
            text.map(|text| Anchor(text.to_owned()))
        }
        Err(unread) => {
            tracing::debug!(%unread, "no anchor: everything is read whatever the horizon says");
            None
        }
    }
}

pub(crate) fn since(entry: Option<&Snapshot>, horizon: &Horizon, anchor: Option<&Anchor>) -> Since {
    let Some(entry) = entry else { return Since::Unknown };
    let anchored = anchor.is_some() && entry.anchor.as_ref() == anchor;
    if anchored && entry.horizon == *horizon { Since::Nothing } else { Since::Unknown }
}
