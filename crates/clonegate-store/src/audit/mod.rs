//! The audit log: one line a fact, each chained to the one before it by SHA-256.

mod entry;
mod log;

pub use entry::{AUDIT_FORMAT, AuditEntry, AuditEvent, AuditLine};
pub use log::{AuditError, AuditLog};
