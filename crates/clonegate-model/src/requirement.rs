//! The requirement language: what a check's reading must be.
//!
//! ```text
//! requirement = clause { "," clause }
//! clause      = column ( op literal | "in" literal ".." literal | "is" ["not"] "null" )
//! op          = "=" | "!=" | "<" | "<=" | ">" | ">="
//! literal     = number | 'text' | true | false
//! ```

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Outcome, Reading, Value};

/// What a reading must be: every clause must hold in every row, and there must be a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Requirement {
    clauses: Vec<Clause>,
}

/// One column and what must be true of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The column's name.
    pub column: String,
    /// What must be true of it.
    pub condition: Condition,
}

/// What must be true of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// It compares so with a literal.
    Compare(Comparison, Value),
    /// It lies between two literals, both included.
    Within(Value, Value),
    /// It is NULL.
    IsNull,
    /// It is not NULL.
    IsNotNull,
}

/// How a value is compared with a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// In the order in which they are tried: the longer spelling first.
const OPERATORS: [(&str, Comparison); 6] = [
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("=", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::AtMost => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::AtLeast => order.is_ge(),
        }
    }
}

/// Why a requirement can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{problem} at character {at} of {text:?}; a requirement reads like `rows = 0, gap in 1..210, owner is not null`"
)]
pub struct ParseRequirementError {
    /// The whole requirement.
    pub text: String,
    /// Where the problem is, counted in characters from 1.
    pub at: usize,
    /// What is wrong there.
    pub problem: String,
}

impl Requirement {
    /// The clauses, in the order in which they were written; never empty.
    #[must_use]
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// Holds the reading against the requirement.
    ///
    /// A reading without rows, a cut one, one without a named column, and a value that can't be
    /// compared with the literal establish nothing.
    #[must_use]
    pub fn judge(&self, reading: &Reading) -> Outcome {
        if reading.rows.is_empty() {
            return Outcome::NotEstablished("the check gave no rows".to_owned());
        }
        if reading.truncated {
            return Outcome::NotEstablished(
                "the check gave more rows than the channel lets through".to_owned(),
            );
        }
        let mut broken = Vec::new();
        let mut unknown = Vec::new();
        for clause in &self.clauses {
            let Some(position) = reading.position(&clause.column) else {
                unknown.push(format!(
                    "the check has no column {:?}; it has {}",
                    clause.column,
                    reading.columns.join(", ")
                ));
                continue;
            };
            for row in &reading.rows {
                let Some(value) = row.get(position) else {
                    unknown.push(format!("a row has no value for {:?}", clause.column));
                    continue;
                };
                match clause.condition.judge(value) {
                    Some(true) => {}
                    Some(false) => broken.push(format!("{} is {value}", clause.column)),
                    None => unknown.push(format!(
                        "{} is {value}, which can't be compared: {clause}",
                        clause.column
                    )),
                }
            }
        }
        if !broken.is_empty() {
            Outcome::NotMet(broken.join("; "))
        } else if !unknown.is_empty() {
            Outcome::NotEstablished(unknown.join("; "))
        } else {
            Outcome::Met
        }
    }
}

impl Condition {
    /// `None` where the value and the literal can't be compared.
    fn judge(&self, value: &Value) -> Option<bool> {
        match self {
            Condition::IsNull => Some(*value == Value::Null),
            Condition::IsNotNull => Some(*value != Value::Null),
            Condition::Compare(comparison, literal) => {
                Some(comparison.holds(value.compare(literal)?))
            }
            Condition::Within(low, high) => {
                Some(value.compare(low)?.is_ge() && value.compare(high)?.is_le())
            }
        }
    }
}

impl FromStr for Requirement {
    type Err = ParseRequirementError;

    fn from_str(text: &str) -> Result<Self, ParseRequirementError> {
        let mut parser = Parser { text, rest: text };
        let mut clauses = vec![parser.clause()?];
        while parser.take(",") {
            clauses.push(parser.clause()?);
        }
        parser.skip_space();
        if !parser.rest.is_empty() {
            return Err(parser.error("expected ',' or the end"));
        }
        Ok(Self { clauses })
    }
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn error(&self, problem: &str) -> ParseRequirementError {
        let before = &self.text[..self.text.len() - self.rest.len()];
        ParseRequirementError {
            text: self.text.to_owned(),
            at: before.chars().count() + 1,
            problem: problem.to_owned(),
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> &'a str {
        self.skip_space();
        let end =
            self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let before = self.rest;
        if self.word().eq_ignore_ascii_case(keyword) {
            return true;
        }
        self.rest = before;
        false
    }

    fn clause(&mut self) -> Result<Clause, ParseRequirementError> {
        self.skip_space();
        let before = self.rest;
        let column = self.word();
        if column.is_empty() || column.starts_with(|c: char| c.is_numeric()) {
            self.rest = before;
            return Err(self.error("expected a column's name"));
        }
        let condition = if self.keyword("is") {
            let not = self.keyword("not");
            if !self.keyword("null") {
                return Err(self.error("expected 'null'"));
            }
            if not { Condition::IsNotNull } else { Condition::IsNull }
        } else if self.keyword("in") {
            let low = self.literal()?;
            if !self.take("..") {
                return Err(self.error("expected '..'"));
            }
            Condition::Within(low, self.literal()?)
        } else {
            let operator = OPERATORS.iter().find(|(spelling, _)| self.take(spelling));
            let Some((_, comparison)) = operator else {
                return Err(self.error("expected =, !=, <, <=, >, >=, 'in' or 'is'"));
            };
            Condition::Compare(*comparison, self.literal()?)
        };
        Ok(Clause { column: column.to_owned(), condition })
    }

    fn literal(&mut self) -> Result<Value, ParseRequirementError> {
        self.skip_space();
        if self.rest.starts_with('\'') {
            return self.quoted();
        }
        if self.keyword("true") {
            return Ok(Value::Bool(true));
        }
        if self.keyword("false") {
            return Ok(Value::Bool(false));
        }
        let bytes = self.rest.as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let sign = usize::from(bytes.first() == Some(&b'-'));
        let mut end = sign + digits(sign);
        if end == sign {
            return Err(self.error("expected a number, a 'text', true or false"));
        }
        // `1..5` is a range and not the number `1.` .
        if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
            end += 1 + digits(end + 1);
        }
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(Value::decimal(number))
    }

    fn quoted(&mut self) -> Result<Value, ParseRequirementError> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1).peekable();
        while let Some((i, c)) = chars.next() {
            if c != '\'' {
                text.push(c);
            } else if chars.next_if(|(_, next)| *next == '\'').is_some() {
                text.push('\'');
            } else {
                self.rest = &self.rest[i + 1..];
                return Ok(Value::Text(text));
            }
        }
        Err(self.error("the text that begins here has no closing quote"))
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, clause) in self.clauses.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            clause.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.column, self.condition)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Compare(comparison, literal) => {
                write!(f, "{comparison} {}", Literal(literal))
            }
            Condition::Within(low, high) => write!(f, "in {}..{}", Literal(low), Literal(high)),
            Condition::IsNull => f.write_str("is null"),
            Condition::IsNotNull => f.write_str("is not null"),
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::AtLeast => ">=",
        })
    }
}

/// A value as it is written in a requirement.
struct Literal<'a>(&'a Value);

impl fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            other => other.fmt(f),
        }
    }
}

impl TryFrom<String> for Requirement {
    type Error = ParseRequirementError;
    fn try_from(text: String) -> Result<Self, ParseRequirementError> {
        text.parse()
    }
}

impl From<Requirement> for String {
    fn from(requirement: Requirement) -> Self {
        requirement.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reading(columns: &[&str], rows: &[&[Value]]) -> Reading {
        Reading {
            columns: columns.iter().map(|c| (*c).to_owned()).collect(),
            rows: rows.iter().map(|r| r.to_vec()).collect(),
            truncated: false,
        }
    }

    fn judge(requirement: &str, reading: &Reading) -> Outcome {
        requirement.parse::<Requirement>().unwrap().judge(reading)
    }

    #[test]
    fn reads_every_form() {
        for text in [
            "a = 0",
            "a != 1.5, b < 2",
            "a in -1..210",
            "a in 1.5..2.5",
            "a is null, b is not null",
            "name = 'it''s', ok = true, no = false",
        ] {
            assert_eq!(text.parse::<Requirement>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn says_where_it_stopped_understanding() {
        let at = |text: &str| text.parse::<Requirement>().unwrap_err().at;
        assert_eq!(at(""), 1);
        assert_eq!(at("rows"), 5);
        assert_eq!(at("rows = "), 8);
        assert_eq!(at("rows = 0 gap = 1"), 10);
        assert_eq!(at("rows = 0,"), 10);
        assert_eq!(at("rows = 'x"), 8);
        assert_eq!(at("rows in 1"), 10);
    }

    #[test]
    fn holds_only_what_was_observed() {
        let one = reading(&["rows", "gap"], &[&[Value::Integer(0), Value::Integer(210)]]);
        assert_eq!(judge("rows = 0, gap in 1..210", &one), Outcome::Met);
        assert_eq!(judge("rows = 1", &one), Outcome::NotMet("rows is 0".into()));
        assert!(matches!(judge("missing = 0", &one), Outcome::NotEstablished(_)));
        assert!(matches!(judge("rows = 'zero'", &one), Outcome::NotEstablished(_)));
        assert!(matches!(judge("rows = 0", &reading(&["rows"], &[])), Outcome::NotEstablished(_)));
        let null = reading(&["rows"], &[&[Value::Null]]);
        assert!(matches!(judge("rows = 0", &null), Outcome::NotEstablished(_)));
        assert!(matches!(judge("rows != 0", &null), Outcome::NotEstablished(_)));
        assert_eq!(judge("rows is null", &null), Outcome::Met);
        let cut = Reading { truncated: true, ..one };
        assert!(matches!(judge("rows = 0", &cut), Outcome::NotEstablished(_)));
    }

    #[test]
    fn every_row_must_hold() {
        let two = reading(&["n"], &[&[Value::Integer(0)], &[Value::Integer(1)]]);
        assert!(matches!(judge("n = 0", &two), Outcome::NotMet(_)));
    }

    #[test]
    fn a_broken_clause_is_not_hidden_by_one_that_is_not_established() {
        let one = reading(&["rows"], &[&[Value::Integer(5)]]);
        assert!(matches!(judge("missing = 0, rows = 0", &one), Outcome::NotMet(_)));
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,60}") {
            let _ = text.parse::<Requirement>();
        }

        #[test]
        fn display_reads_back(column in "[a-z_][a-z0-9_]{0,8}", text in "[^\\u{0}]{0,12}", n in any::<i64>()) {
            prop_assume!(!["is", "in"].contains(&column.as_str()));
            let source = format!("{column} = '{}', {column} >= {n}", text.replace('\'', "''"));
            prop_assert_eq!(source.parse::<Requirement>().unwrap().to_string(), source);
        }
    }
}
