//! The audit log: one line a fact, each chained to the one before it by SHA-256.
//!
//! A line is a JSON object: `format`, `sequence`, `at`, what happened, `previous` (the hash of the
//! line before it) and `hash`, SHA-256 over the line's own bytes up to there, closed with `}`. Sequence
//! and chain go on from file to file.
//!
//! - **Several processes** append to one file: each takes the lock of `<file>.lock`, reads the last
//!   line, and writes the next one.
//! - **Nothing is answered that is not on disk**: a line is synced before its writer goes on.
//! - **A crash** in the middle of a line leaves one without its newline. The next writer sets it aside as
//!   `<file>.torn-<sequence>`, and says so with a line `torn` that has its length and digest.
//! - **Disk is bounded**: a file that reaches [`Rotation::bytes`] is renamed to `<file>.<sequence of its
//!   last line>`, the next one begins with a line `continued`; beyond [`Rotation::files`] the oldest one
//!   is removed, and that line names it.
//!
//! The chain shows that lines were changed, removed, inserted or swapped. It can't show by itself
//! that lines were cut off its end, or that all of it was written anew by somebody who may write
//! the file: note the head elsewhere, and [`verify()`] proves that the chain still has it.

mod entry;
mod log;
mod verify;

pub use entry::{AUDIT_FORMAT, AuditEntry, AuditEvent, AuditLine};
pub use log::{AuditError, AuditLog, Head, Rotation};
pub use verify::{Unanswered, Verification, VerifyError, verify};
