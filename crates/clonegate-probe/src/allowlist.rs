//! Which databases may be read at all.

use std::collections::BTreeSet;
use std::fmt;

use clonegate_model::DatabaseName;

/// An allowlist without an entry: nothing could be read through it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the allowlist names no database; name the ones that may be read")]
pub struct EmptyAllowlist;

/// The databases that may be read. It has at least one entry, and a name that is not in it is not
/// even connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowlist(BTreeSet<DatabaseName>);

impl Allowlist {
    /// Makes a list of names.
    ///
    /// # Errors
    /// [`EmptyAllowlist`] when there are none.
    pub fn new(names: impl IntoIterator<Item = DatabaseName>) -> Result<Self, EmptyAllowlist> {
        let names: BTreeSet<_> = names.into_iter().collect();
        if names.is_empty() {
            return Err(EmptyAllowlist);
        }
        Ok(Self(names))
    }

    /// Whether a database may be read.
    #[must_use]
    pub fn contains(&self, database: &DatabaseName) -> bool {
        self.0.contains(database)
    }

    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &DatabaseName> {
        self.0.iter()
    }
}

impl fmt::Display for Allowlist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, name) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(", ")?;
            }
            name.fmt(f)?;
        }
        Ok(())
    }
}
