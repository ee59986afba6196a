//! The proofs that a database did not change: which SQL to ask, and how to fold the answers.
//!
//! [`collect`] asks through any [`Reader`], so one code reads production through its read-only
//! channel, with several connections on one snapshot, and a clone through psql. A [`Plan`] says what is
//! taken and what it may cost. It gives a [`Collected`]: the horizon, the definitions, the relations
//! with their lineage and, where chosen, the digest of their contents, the sequences, other sessions,
//! the write-ahead log where asked for, and a coverage manifest that names everything that was not
//! covered, with the reason.
//!
//! The crate opens no connection, has no clock of its own and judges no difference (`clonegate-diff`
//! does).

mod anchor;
mod arrays;
mod aside;
mod attributes;
mod catalog;
mod collect;
mod coverage;
mod digest;
mod lineage;
mod load;
mod localise;
mod plan;
mod reader;
mod relations;
mod rows;
mod scan;
mod sequences;
mod stream;
mod template;
mod wal;

pub use collect::{CollectError, Collected, collect};
pub use plan::{Asked, DigestOf, Granted, Keys, LoadLimits, Plan, SMALL, Streaming};
pub use reader::{Reader, Unread, UnreadKind};
pub use stream::{RowFold, Streamed};
pub use wal::EXTENSION_FUNCTIONS;
