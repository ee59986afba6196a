//! What a check is told about the run.

use std::collections::BTreeMap;

/// Settings of the same prefix in which the clone channel's guard leaves its word.
const RESERVED: [&str; 2] = ["expected", "guarded"];

/// Why a fact can't be published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    /// The name would not be a setting's name, or another setting's.
    #[error("{name:?} is no fact's name: up to 40 of a-z, 0-9 and _ are, beginning with a letter")]
    Name {
        /// The name as given.
        name: String,
    },
    /// PostgreSQL's texts hold no NUL.
    #[error("the fact {name} has a NUL character, which no PostgreSQL text can hold")]
    Value {
        /// The fact's name.
        name: String,
    },
}

/// Names and values that a statement reads with `current_setting('clonegate.<name>')`.
///
/// They are set for the statement's transaction only, and travel as parameters: a value is never
/// part of an SQL text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<String, String>);

impl Facts {
    /// No facts.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a fact, or replaces the one of that name.
    ///
    /// # Errors
    /// [`FactError`] names what can't be published.
    pub fn set(&mut self, name: &str, value: impl Into<String>) -> Result<(), FactError> {
        let fits = (1..=40).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !fits || RESERVED.contains(&name) {
            let name = name.to_owned();
            return Err(FactError::Name { name });
        }
        let value = value.into();
        if value.contains('\0') {
            let name = name.to_owned();
            return Err(FactError::Value { name });
        }
        self.0.insert(name.to_owned(), value);
        Ok(())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The facts, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_can_be_named_like_nothing_but_a_fact() {
        let mut facts = Facts::none();
        facts.set("entry_xmax", "777").unwrap();
        for name in ["", "A", "a.b", "1a", "a b", "a'", "é", "expected", "guarded", &"x".repeat(41)]
        {
            assert!(facts.set(name, "").is_err(), "{name:?}");
        }
        assert!(facts.set("a", "x\0y").is_err());
    }
}
