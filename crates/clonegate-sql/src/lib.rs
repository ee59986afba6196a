//! Parses and judges SQL: what may be read on production, what may be run on a clone.
//!
//! Three types can only be made here, and the channels take nothing else: [`ReadOnlyStatement`],
//! one statement that only reads, and that was judged or is a [`RowScan`]; [`RangeCopy`], a range of one relation that
//! is streamed; and [`GuardedScript`], a script that stays on the clone and leaves transaction control to the executor.
//! Judging is text in, verdict out: this crate opens no file and asks no server.
//!
//! A read is judged by lists of what is known to be harmless: parts of the grammar, and by name the functions,
//! types and operators of PostgreSQL 14 to 18 ([`builtins`]). What is on no list is refused, and a profile can
//! permit what is its own ([`Permitted`]). `docs/reading.md` says what that means for who writes a query.
//!
//! The judge is one layer of several. The production channel also has a READ ONLY transaction, a
//! guard and a role that may not write; the clone channel also has `\restrict`, a guard inside
//! the transaction and a role that production refuses. A text that the judge lets through by
//! mistake still meets those.
//!
//! What a name means is only known where there is a catalog. A judged read carries the names that may mean something of
//! the database's own ([`lookups`]); who sends it asks the server for them first.

pub mod builtins;
mod column;
mod copy;
mod hash;
pub mod lookups;
mod name;
mod parse;
mod permitted;
mod read;
mod refusal;
mod scan;
mod script;

pub use column::{ColumnForm, ForeignType, RowColumn};
pub use copy::{CopyRefused, RangeCopy};
pub use hash::{OwnSums, RowHash};
pub use name::{Identifier, NotAName, Qualified};
pub use permitted::{Permitted, PermittedError};
pub use read::{MAX_STATEMENT_BYTES, ReadOnlyStatement};
pub use refusal::{Refusal, Rule};
pub use scan::{Blocks, RowScan, ScannedRange};
pub use script::{
    Act, Class, Creation, Deed, Existing, GuardedScript, JoinedScripts, Judgement,
    MAX_SCRIPT_BYTES, Object, QualifiedName, Remark, ScriptPolicy, ScriptRule, Severity,
};
