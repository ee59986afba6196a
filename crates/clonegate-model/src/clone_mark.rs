//! What stands on a clone itself: whose it is, why it was made, and until when it lasts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{DatabaseName, RunId};

/// How a clone's comment begins.
const PREFIX: &str = "clonegate clone ";

/// The comment on a clone (`COMMENT ON DATABASE`), which stays with it wherever the evidence is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloneMark {
    /// The database that it was made of.
    pub of: DatabaseName,
    /// When.
    pub made: Timestamp,
    /// By whom.
    pub by: String,
    /// Why.
    pub why: String,
    /// Until when it lasts.
    pub expires: Timestamp,
    /// The run that made it.
    pub run: RunId,
    /// How far its making has come.
    pub state: CloneState,
}

/// How far the making of a clone has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloneState {
    /// It is being made, or whoever made it was killed.
    Unfinished,
    /// It was restored to its end, and is not shown to be what it was made of.
    Unproven,
    /// It is what it was made of.
    Proven,
}

impl std::fmt::Display for CloneState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            CloneState::Unfinished => "unfinished",
            CloneState::Unproven => "unproven",
            CloneState::Proven => "proven",
        })
    }
}

impl CloneMark {
    /// Reads a comment; `None` where it is no clone's. A run that has the clone writes a line of its own
    /// beside the mark.
    #[must_use]
    pub fn parse(comment: &str) -> Option<Self> {
        let line = comment.lines().find_map(|line| line.strip_prefix(PREFIX))?;
        serde_json::from_str(line).ok()
    }

    /// A comment with this mark in the place of its mark, and everything else as it was.
    #[must_use]
    pub fn comment_in_place(&self, comment: &str) -> String {
        let others = comment.lines().filter(|line| !line.starts_with(PREFIX));
        std::iter::once(self.comment().as_str()).chain(others).collect::<Vec<_>>().join("\n")
    }

    /// The comment.
    ///
    /// # Panics
    /// Never: the mark has nothing that JSON can't have.
    #[must_use]
    pub fn comment(&self) -> String {
        let json = serde_json::to_string(self).expect("a mark is JSON");
        format!("{PREFIX}{json}")
    }

    /// Whether it has lasted long enough.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_read_back_and_anything_else_is_none() {
        let mark = CloneMark {
            of: DatabaseName::new("app").unwrap(),
            made: Timestamp::UNIX_EPOCH,
            by: "alice".to_owned(),
            why: "it's \"CHG-1\"".to_owned(),
            expires: Timestamp::UNIX_EPOCH,
            run: "r1".parse().unwrap(),
            state: CloneState::Unproven,
        };
        assert_eq!(CloneMark::parse(&mark.comment()), Some(mark.clone()));
        assert!(mark.has_expired(Timestamp::UNIX_EPOCH));
        let held = format!("{}\nclonegate run: {{}}", mark.comment());
        assert_eq!(CloneMark::parse(&held), Some(mark.clone()));
        let longer = CloneMark { by: "bob".to_owned(), ..mark.clone() };
        let written = longer.comment_in_place(&held);
        assert_eq!(CloneMark::parse(&written), Some(longer));
        assert!(written.ends_with("\nclonegate run: {}"), "{written}");
        for other in
            ["", "clonegate clone", "clonegate scratch copy of run x", "clonegate clone {}"]
        {
            assert_eq!(CloneMark::parse(other), None);
        }
    }
}
