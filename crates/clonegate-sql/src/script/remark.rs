//! What the judge says about a place in a script.

use std::ops::Range;

use super::{ScriptRule, Severity};
use crate::{Refusal, Rule};

/// One place at which a script breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The rule.
    pub rule: ScriptRule,
    /// What it leads to here; never more than the rule's own severity.
    pub severity: Severity,
    /// The bytes of the file that it is about.
    pub range: Range<usize>,
    /// The line at which they begin, counted from 1.
    pub line: usize,
    /// The character in that line at which they begin, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: String,
    /// What to write instead.
    pub hint: String,
}

impl Remark {
    /// As the channels' callers know it.
    pub(crate) fn refusal(&self, text: &str) -> Refusal {
        let rule = match self.rule {
            ScriptRule::TooLarge => Rule::TooLarge,
            ScriptRule::Syntax => Rule::Syntax,
            ScriptRule::Empty => Rule::Empty,
            other => Rule::Script(other),
        };
        Refusal::new(rule, text, self.range.clone(), self.problem.clone(), self.hint.clone())
    }
}

/// Where the lines of a text begin.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1);
        Self { text, starts: std::iter::once(0).chain(breaks).collect() }
    }

    /// Line and column of a byte, both counted from 1.
    pub(crate) fn place(&self, at: usize) -> (usize, usize) {
        let line = self.starts.partition_point(|start| *start <= at);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let before = self.text.get(start..at.min(self.text.len())).unwrap_or_default();
        (line, before.chars().count() + 1)
    }
}
