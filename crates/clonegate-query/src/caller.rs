//! Who asks.

use std::fmt;

/// The longest caller's name, in characters.
const MAX_CHARS: usize = 100;

/// Why a text is no caller's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the caller's name {problem}; write for instance cli:alice or mcp:agent/1.0")]
pub struct CallerError {
    problem: String,
}

/// Who asks, as it stands in the audit log: `cli:alice`, `mcp:claude-code/1.0`.
///
/// It is what somebody says of themselves and proves nothing. It has at most 100 characters, none
/// of which a terminal or a reader could take for anything else than a character of a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Caller(String);

impl Caller {
    /// Checks length and characters.
    ///
    /// # Errors
    /// When the text is empty, too long, or has a control or formatting character.
    pub fn new(text: impl Into<String>) -> Result<Self, CallerError> {
        let text = text.into();
        let bad = |problem: String| Err(CallerError { problem });
        if text.trim().is_empty() {
            return bad("is empty".to_owned());
        }
        let length = text.chars().count();
        if length > MAX_CHARS {
            return bad(format!("has {length} characters, and {MAX_CHARS} are kept"));
        }
        if let Some(character) = text.chars().find(|c| !is_of_a_name(*c)) {
            return bad(format!("has the character {:?}", character.escape_unicode().to_string()));
        }
        Ok(Self(text))
    }

    /// Makes a name of any text: what can't stand in one becomes `_`, and what is too long is cut.
    /// For names that a foreign program gives of itself.
    #[must_use]
    pub fn cleaned(text: &str) -> Self {
        let clean: String =
            text.chars().take(MAX_CHARS).map(|c| if is_of_a_name(c) { c } else { '_' }).collect();
        if clean.trim().is_empty() { Self("unnamed".to_owned()) } else { Self(clean) }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a character is seen where it stands and does nothing else: no control character, and none
/// of the invisible ones that turn or hide what stands around them. What is shown to people is made
/// of these only.
#[must_use]
pub fn is_plain(c: char) -> bool {
    !(c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}'))
}

/// The same, where a blank is the only white space.
pub(crate) fn is_of_a_name(c: char) -> bool {
    is_plain(c) && (c == ' ' || !c.is_whitespace())
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_not_drive_a_terminal() {
        assert!(Caller::new("mcp:claude-code/1.0").is_ok());
        for text in ["", "  ", "a\nb", "\u{1b}[2J", "a\u{202e}b", "a\u{200b}"] {
            assert!(Caller::new(text).is_err(), "{text:?}");
            assert!(Caller::new(Caller::cleaned(text).as_str()).is_ok(), "{text:?}");
        }
        assert!(Caller::new("x".repeat(101)).is_err());
        assert_eq!(Caller::cleaned(&"x".repeat(500)).as_str().len(), 100);
        assert_eq!(Caller::cleaned("a\nb").as_str(), "a_b");
    }
}
