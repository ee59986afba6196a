//! Parses and judges SQL: what may be read on production, what may be run on a clone.

mod read;
mod refusal;
mod script;

pub use read::ReadOnlyStatement;
pub use refusal::Refusal;
pub use script::GuardedScript;
