//! Why a text was refused.

use std::fmt;
use std::ops::Range;

use crate::ScriptRule;

/// The rules of both judges. Their names are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// The text is larger, or nests deeper, than is read.
    TooLarge,
    /// PostgreSQL's grammar does not accept the text, or the server could read it otherwise than the judge.
    Syntax,
    /// There is no statement.
    Empty,
    /// There is more than one statement.
    OneStatement,
    /// The statement is of a kind that may not run there.
    StatementKind,
    /// A function that is not known to be harmless.
    Function,
    /// A type that is not known to be harmless.
    Type,
    /// An operator that is not known to be harmless.
    Operator,
    /// A relation that may not be read.
    Relation,
    /// A part of SQL that is not known to be harmless.
    Construct,
    /// Rows are locked.
    RowLock,
    /// A rule for scripts.
    Script(ScriptRule),
}

impl Rule {
    /// The rules of the judge for reads, for documents and tests; the judge for scripts has
    /// [`ScriptRule::ALL`].
    pub const ALL: [Rule; 11] = [
        Rule::TooLarge,
        Rule::Syntax,
        Rule::Empty,
        Rule::OneStatement,
        Rule::StatementKind,
        Rule::Function,
        Rule::Type,
        Rule::Operator,
        Rule::Relation,
        Rule::Construct,
        Rule::RowLock,
    ];

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
            Rule::Type => "type",
            Rule::Operator => "operator",
            Rule::Relation => "relation",
            Rule::Construct => "construct",
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
#[error("line {line}, column {column}: {problem} [{rule}]; {hint}")]
#[non_exhaustive]
pub struct Refusal {
    /// The rule that it breaks.
    pub rule: Rule,
    /// The line in the text, counted from 1.
    pub line: usize,
    /// The column in that line, in characters, counted from 1.
    pub column: usize,
    /// The bytes of the text that break the rule; empty where something is missing.
    pub range: Range<usize>,
    /// What is wrong there.
    pub problem: String,
    /// What to write instead.
    pub hint: String,
}

impl Refusal {
    /// A refusal of a part of a text.
    pub(crate) fn new(
        rule: Rule,
        text: &str,
        range: Range<usize>,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        // A parser may count in bytes and point into a character.
        let start = (0..=range.start.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or_default();
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            rule,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            range: start..range.end.clamp(start, text.len()),
            problem: problem.into(),
            hint: hint.into(),
        }
    }
}
