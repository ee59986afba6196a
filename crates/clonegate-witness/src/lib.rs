//! The proofs that a database did not change: which SQL to ask, and how to fold the answers.
//!
//! [`collect`] asks through any [`Reader`], so one code reads production through its read-only
//! channel and a clone through psql. It gives a [`Collected`]: the horizon, the definitions, the
//! relations with their lineage, the sequences, other sessions, and a coverage manifest that names
//! everything that was not covered, with the reason.
//!
//! The crate opens no connection, judges no difference (`clonegate-diff` does) and takes neither
//! the digest nor the wal witness yet; the manifest says so.

mod catalog;
mod collect;
mod lineage;
mod rows;

pub use collect::{CollectError, Collected, Reader, collect};
