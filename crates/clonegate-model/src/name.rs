//! Names that were checked: databases, clones, runs; and the two small enums that every record
//! carries.

use std::fmt;
use std::str::FromStr;

use regex::Regex;
use serde::{Deserialize, Serialize};

/// PostgreSQL cuts identifiers at `NAMEDATALEN - 1` bytes; a longer name would silently be
/// another database's.
const MAX_NAME_BYTES: usize = 63;

/// Which of a gate's two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The database that must stay untouched.
    Production,
    /// The database on which the work is done.
    Clone,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Target::Production => "production",
            Target::Clone => "clone",
        })
    }
}

/// A stretch of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Both databases are read before anything is changed.
    Entry,
    /// The scripts go through the clone channel.
    Build,
    /// The rollback script is tried on a scratch copy.
    Rehearsal,
    /// Both databases are read again.
    Exit,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Entry => "entry",
            Phase::Build => "build",
            Phase::Rehearsal => "rehearsal",
            Phase::Exit => "exit",
        })
    }
}

/// Why a text is not the name that it was offered as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// A name without a character.
    #[error("a database name may not be empty")]
    Empty,
    /// PostgreSQL would cut the name, and the cut name may be another database's.
    #[error("the database name {name:?} has {bytes} bytes; PostgreSQL keeps {MAX_NAME_BYTES}")]
    TooLong {
        /// The name as given.
        name: String,
        /// Its length.
        bytes: usize,
    },
    /// libpq reads a database name with `=` in it, or a URL, as a connection string.
    #[error(
        "the database name {name:?} has the character {character:?}, which psql could take for part of a connection string"
    )]
    Character {
        /// The name as given.
        name: String,
        /// The first character that is not allowed.
        character: char,
    },
    /// The pattern is not anchored on both ends, so it would admit names that only contain a match.
    #[error("the clone name pattern {pattern:?} must begin with ^ and end with $")]
    NotAnchored {
        /// The pattern as given.
        pattern: String,
    },
    /// The pattern is not a regular expression.
    #[error("the clone name pattern {pattern:?} is not a regular expression: {reason}")]
    Pattern {
        /// The pattern as given.
        pattern: String,
        /// What the regular expression parser said.
        reason: String,
    },
    /// The name is not a clone's.
    #[error("{name:?} is not a clone's name: it does not match {pattern}")]
    NotAClone {
        /// The name as given.
        name: String,
        /// The pattern that it must match.
        pattern: String,
    },
}

/// A database's name that fits PostgreSQL's limit and can't be taken for a connection string.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DatabaseName(String);

impl DatabaseName {
    /// Checks length (63 bytes) and characters (no `=`, `:`, `/`, quote, backslash, white space or
    /// control character; libpq expands a `dbname` that has `=` or begins like a URL).
    ///
    /// # Errors
    /// [`NameError`] names the rule that the text breaks.
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.len() > MAX_NAME_BYTES {
            let bytes = name.len();
            return Err(NameError::TooLong { name, bytes });
        }
        let forbidden = |c: char| {
            matches!(c, '=' | ':' | '/' | '\'' | '"' | '\\' | '?' | '&')
                || c.is_whitespace()
                || c.is_control()
        };
        if let Some(character) = name.chars().find(|c| forbidden(*c)) {
            return Err(NameError::Character { name, character });
        }
        Ok(Self(name))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DatabaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for DatabaseName {
    type Error = NameError;
    fn try_from(name: String) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl From<DatabaseName> for String {
    fn from(name: DatabaseName) -> Self {
        name.0
    }
}

/// The anchored pattern that tells clones from every other database.
///
/// It is a regular expression and not a SQL `LIKE` pattern, because `_` is a wildcard there:
/// `'directusXgovXtestX' LIKE 'directus_gov_test_%'` is true.
#[derive(Debug, Clone)]
pub struct CloneNamePattern(Regex);

impl CloneNamePattern {
    /// Takes a pattern that begins with `^` and ends with `$`.
    ///
    /// # Errors
    /// When the pattern is not anchored or not a regular expression.
    pub fn new(pattern: &str) -> Result<Self, NameError> {
        // An alternation at the top level would leave one end of each branch open: `^a|b$`. The
        // group closes both.
        let inner = pattern
            .strip_prefix('^')
            .and_then(|p| p.strip_suffix('$'))
            .filter(|p| !p.ends_with('\\'))
            .ok_or_else(|| NameError::NotAnchored { pattern: pattern.to_owned() })?;
        Regex::new(&format!(r"\A(?:{inner})\z"))
            .map(Self)
            .map_err(|e| NameError::Pattern { pattern: pattern.to_owned(), reason: e.to_string() })
    }

    /// Makes a [`CloneName`] of a name that matches.
    ///
    /// # Errors
    /// When the name is no database name, or not a clone's.
    pub fn admit(&self, name: &str) -> Result<CloneName, NameError> {
        let database = DatabaseName::new(name)?;
        if self.0.is_match(name) {
            Ok(CloneName(database))
        } else {
            Err(NameError::NotAClone { name: name.to_owned(), pattern: self.to_string() })
        }
    }
}

impl fmt::Display for CloneNamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.0.as_str().trim_start_matches(r"\A(?:").trim_end_matches(r")\z");
        write!(f, "^{inner}$")
    }
}

/// The name of a clone: only [`CloneNamePattern::admit`] makes one, and the clone channel takes
/// nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CloneName(DatabaseName);

impl CloneName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The same name as any database's.
    #[must_use]
    pub fn as_database(&self) -> &DatabaseName {
        &self.0
    }
}

impl fmt::Display for CloneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a text is no run id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a run id: lower-case letters, digits and '-' are, up to 40 of them")]
pub struct RunIdError(pub String);

/// A run's id: it names the run's folder and stands in `application_name`, so that a run's own
/// sessions can be told from everybody else's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl RunId {
    /// `application_name` of every session that the run opens. PostgreSQL cuts it at 63 bytes,
    /// which a run id can't reach.
    #[must_use]
    pub fn application_name(&self) -> String {
        format!("clonegate/{}", self.0)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RunId {
    type Err = RunIdError;
    fn from_str(text: &str) -> Result<Self, RunIdError> {
        let fits = (1..=40).contains(&text.len())
            && !text.starts_with('-')
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(RunIdError(text.to_owned())) }
    }
}

impl TryFrom<String> for RunId {
    type Error = RunIdError;
    fn try_from(text: String) -> Result<Self, RunIdError> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern() -> CloneNamePattern {
        CloneNamePattern::new("^directus_gov_test_[a-z0-9]{1,40}$").unwrap()
    }

    #[test]
    fn admits_a_clone_and_nothing_that_a_like_pattern_would_let_through() {
        assert!(pattern().admit("directus_gov_test_20260602").is_ok());
        for name in [
            "directus",
            "directusXgovXtestX",
            "xdirectus_gov_test_1",
            "directus_gov_test_",
            "directus_gov_test_1\n",
        ] {
            assert!(pattern().admit(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn an_alternation_is_anchored_as_a_whole() {
        let either = CloneNamePattern::new("^a_[0-9]+|b$").unwrap();
        assert!(either.admit("a_1").is_ok());
        assert!(either.admit("a_1_production").is_err());
        assert_eq!(either.to_string(), "^a_[0-9]+|b$");
    }

    #[test]
    fn refuses_a_pattern_that_is_open_at_one_end() {
        for open in ["directus_gov_test_.*$", "^directus_gov_test_", r"^directus\$"] {
            assert!(
                matches!(CloneNamePattern::new(open), Err(NameError::NotAnchored { .. })),
                "{open}"
            );
        }
    }

    #[test]
    fn refuses_names_that_psql_reads_as_connection_strings() {
        for name in ["dbname=production", "postgresql://h/p", "a b", "", "a'b"] {
            assert!(DatabaseName::new(name).is_err(), "{name:?}");
        }
        assert!(DatabaseName::new("x".repeat(64)).is_err());
        assert!(DatabaseName::new("x".repeat(63)).is_ok());
    }
}
