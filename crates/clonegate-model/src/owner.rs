//! Whose process makes a run.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The process that makes a run: on which machine, which one, and by whom it was started.
///
/// The texts are what may stand in a comment or on one line: letters, digits, `.`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The machine's name.
    pub host: String,
    /// The process' number there.
    pub pid: u32,
    /// Tells the process from a later one of the same number: the machine's start, the process'
    /// namespace, and when it began. Empty where that can't be known.
    #[serde(default)]
    pub began: String,
    /// The user's name; empty where it is not known.
    #[serde(default)]
    pub user: String,
}

impl Owner {
    /// An owner; whatever can't stand on one line is replaced by `-`.
    #[must_use]
    pub fn new(host: &str, pid: u32, began: &str, user: &str) -> Self {
        Self { host: plain(host), pid, began: plain(began), user: plain(user) }
    }
}

/// At most 100 characters, so that the server's view of a statement has room for all of them.
fn plain(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    text.trim().chars().take(100).map(|c| if fits(c) { c } else { '-' }).collect()
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.user.is_empty() {
            write!(f, "{}, ", self.user)?;
        }
        write!(f, "process {} on {}", self.pid, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_has_nothing_that_ends_a_comment_or_a_line() {
        let owner = Owner::new("ho'st\n", 7, "a b", "al{i}ce");
        assert_eq!(owner.to_string(), "al-i-ce, process 7 on ho-st");
        assert_eq!(owner.began, "a-b");
    }
}
