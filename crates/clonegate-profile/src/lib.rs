//! Reads a gate's profile: `clonegate.toml`, its check files, its scripts.
//!
//! [`Profile::load`] gives a profile in which every file was found and read and every name was
//! checked; the crate does not connect to anything and does not judge SQL. Secrets have no place
//! in a profile: there is no key that could hold one.
//!
//! [`ProductionProfile::load`] reads of the same file what queries need: production, and what may be
//! asked of it; [`SnapshotProfile::load`] what snapshots and comparisons need.
//!
//! What an authorization to commit has to name is a [`Binding`].
//!
//! The text formats have a JSON schema each ([`profile_schema`], [`check_schema`]), for editors.

mod authorization;
mod check_file;
mod error;
mod file;
mod profile;
mod query;
mod snapshot;

pub use authorization::Binding;
pub use check_file::{CheckHeader, read_check};
pub use error::ProfileError;
pub use file::SslMode;
pub use profile::{
    Bounds, Build, CloneTarget, Limits, ProductionTarget, Profile, RowMarker, Script, StreamGrant,
    WitnessSettings,
};
pub use query::{AuditTexts, PermittedNames, ProductionProfile, QuerySettings};
pub use snapshot::SnapshotProfile;

/// The JSON schema of `clonegate.toml`.
#[must_use]
pub fn profile_schema() -> serde_json::Value {
    schemars::schema_for!(file::ProfileFile).to_value()
}

/// The JSON schema of a check file's header, key by key.
#[must_use]
pub fn check_schema() -> serde_json::Value {
    schemars::schema_for!(CheckHeader).to_value()
}
