//! Where a range of bytes ends, in lines and characters.

use crate::Entry;

/// The place behind the last character, both counted from 1.
pub(crate) struct End {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl End {
    pub(crate) fn of(text: &str, entry: &Entry) -> Self {
        let inside = text.get(entry.range.clone()).unwrap_or_default();
        match inside.rfind('\n') {
            None => Self { line: entry.line, column: entry.column + inside.chars().count() },
            Some(at) => Self {
                line: entry.line + inside.matches('\n').count(),
                column: inside[at + 1..].chars().count() + 1,
            },
        }
    }
}
