//! One caller's statement: judged, read through the production channel, and audited.
//!
//! The one gate behind the command `clonegate query`, the MCP server and whoever uses this crate.
//! [`QueryService`] knows which databases may be asked; [`QueryService::query`] takes a text through
//! the judge, writes into the audit log that it is about to be sent, reads, and writes what became
//! of it. A text that can't be recorded is not sent.
//!
//! # What it does not do
//! It renders nothing, reads no command line, and knows nothing of clones.

mod caller;
mod describe;
mod error;
mod pending;
mod production;
mod run_id;
mod service;
mod settings;

pub use caller::{Caller, CallerError, is_plain};
pub use describe::{
    Column, Described, Description, Key, KeyKind, Nullability, Relation, RelationDetail, Schema,
    Scope,
};
pub use error::{QueryError, QueryVerdict};
pub use production::{Production, SettingsProblem};
pub use run_id::{NoRandomBytes, new_run_id};
pub use service::{Limits, QueryService, Served, audit_path};
pub use settings::{ServiceError, ServiceSettings, Texts};
