//! Why a text was refused.

use std::fmt;

use crate::ScriptRule;

/// The rules of both judges. Their names are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The text is larger than is read.
    TooLarge,
    /// PostgreSQL's grammar does not accept the text.
    Syntax,
    /// There is no statement.
    Empty,
    /// There is more than one statement.
    OneStatement,
    /// The statement is of a kind that may not run there.
    StatementKind,
    /// A function that does more than read.
    Function,
    /// Rows are locked.
    RowLock,
    /// A rule for scripts.
    Script(ScriptRule),
}

impl Rule {
    /// The rule's stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Rule::TooLarge => "too-large",
            Rule::Syntax => "syntax",
            Rule::Empty => "empty",
            Rule::OneStatement => "one-statement",
            Rule::StatementKind => "statement-kind",
            Rule::Function => "function",
            Rule::RowLock => "row-lock",
            Rule::Script(rule) => rule.name(),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a text was refused, where, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem} [{rule}]; {hint}")]
pub struct Refusal {
    /// The rule that it breaks.
    pub rule: Rule,
    /// The line in the text, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: String,
    /// What to write instead.
    pub hint: String,
}

impl Refusal {
    pub(crate) fn new(
        rule: Rule,
        line: usize,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { rule, line, problem: problem.into(), hint: hint.into() }
    }
}
