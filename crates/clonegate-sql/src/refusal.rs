//! Why a text was refused.

/// Why a text was refused, where, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem} ({rule}); {hint}")]
pub struct Refusal {
    /// The rule's stable name, for instance `meta-command`.
    pub rule: &'static str,
    /// The line in the text, counted from 1.
    pub line: usize,
    /// What is wrong there. Names words of the text, never data.
    pub problem: String,
    /// What to write instead.
    pub hint: String,
}
