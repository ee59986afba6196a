//! The answer to a check: typed values with their column names.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One value of a reading.
///
/// Numbers that are not 64-bit integers keep PostgreSQL's own digits, because a `numeric` may
/// have more of them than any float.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// `boolean`.
    Bool(bool),
    /// `smallint`, `integer`, `bigint`, `oid`.
    Integer(i64),
    /// `numeric`, `real`, `double precision`: the digits as the server prints them.
    Decimal {
        /// For instance `1.50` or `NaN`.
        decimal: String,
    },
    /// Everything else, as the server prints it.
    Text(String),
}

impl Value {
    /// A decimal from its digits; what is a 64-bit integer becomes one, so that equal numbers
    /// compare equal however they were typed.
    #[must_use]
    pub fn decimal(digits: &str) -> Self {
        digits
            .parse()
            .map_or_else(|_| Value::Decimal { decimal: digits.to_owned() }, Value::Integer)
    }

    /// Orders two values of one kind; `None` where they can't be compared (NULL with anything, a
    /// text with a number, `NaN`).
    #[must_use]
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
            (Value::Integer(a), Value::Integer(b)) => Some(a.cmp(b)),
            (
                Value::Integer(_) | Value::Decimal { .. },
                Value::Integer(_) | Value::Decimal { .. },
            ) => {
                Some(Digits::parse(&self.to_string())?.compare(&Digits::parse(&other.to_string())?))
            }
            _ => None,
        }
    }

    /// The value as a 64-bit integer, if it is one.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Value::Integer(i) => Some(*i),
            _ => None,
        }
    }

    /// The value as text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(b) => b.fmt(f),
            Value::Integer(i) => i.fmt(f),
            Value::Decimal { decimal } => f.write_str(decimal),
            Value::Text(text) => f.write_str(text),
        }
    }
}

/// A plain decimal number, split so that it can be compared without rounding.
struct Digits<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
}

impl<'a> Digits<'a> {
    /// `None` for exponents, `NaN` and infinities.
    fn parse(text: &'a str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Self { negative: negative && !zero, whole, fraction })
    }

    fn compare(&self, other: &Self) -> Ordering {
        let magnitude = || {
            (self.whole.len().cmp(&other.whole.len()))
                .then_with(|| self.whole.cmp(other.whole))
                .then_with(|| self.fraction.cmp(other.fraction))
        };
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => magnitude(),
            (true, true) => magnitude().reverse(),
        }
    }
}

/// The rows that a check's SQL gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The columns' names, in order.
    pub columns: Vec<String>,
    /// The rows, each with one value a column.
    pub rows: Vec<Vec<Value>>,
    /// Whether there were more rows than the channel lets through.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

impl Reading {
    /// The position of a column, by its name.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }

    /// The only row's value in the named column.
    #[must_use]
    pub fn single(&self, column: &str) -> Option<&Value> {
        match self.rows.as_slice() {
            [row] => row.get(self.position(column)?),
            _ => None,
        }
    }
}

/// The reader's view: `210`, or `states 5, objects 35` where there are several columns.
impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 3;
        for (n, row) in self.rows.iter().take(SHOWN).enumerate() {
            if n > 0 {
                f.write_str("; ")?;
            }
            for (i, (column, value)) in self.columns.iter().zip(row).enumerate() {
                match (i, self.columns.len()) {
                    (_, 1) => write!(f, "{value}")?,
                    (0, _) => write!(f, "{column} {value}")?,
                    _ => write!(f, ", {column} {value}")?,
                }
            }
        }
        match self.rows.len() {
            0 => f.write_str("no rows"),
            n if n > SHOWN => write!(f, "; … {n} rows"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_numbers_by_value_and_not_by_spelling() {
        let decimal = |d: &str| Value::Decimal { decimal: d.to_owned() };
        let order = |a: &Value, b: &Value| a.compare(b).unwrap();
        assert_eq!(order(&decimal("1.0"), &decimal("1.00")), Ordering::Equal);
        assert_eq!(order(&decimal("-0.0"), &Value::Integer(0)), Ordering::Equal);
        assert_eq!(order(&decimal("10.5"), &Value::Integer(9)), Ordering::Greater);
        assert_eq!(order(&decimal("-10.5"), &decimal("-9.5")), Ordering::Less);
        assert_eq!(
            order(&decimal("99999999999999999999.1"), &Value::Integer(i64::MAX)),
            Ordering::Greater
        );
        assert_eq!(decimal("NaN").compare(&Value::Integer(1)), None);
        assert_eq!(Value::Null.compare(&Value::Null), None);
        assert_eq!(Value::Text("1".into()).compare(&Value::Integer(1)), None);
    }

    #[test]
    fn survives_json() {
        let reading = Reading {
            columns: vec!["a".into(), "b".into(), "c".into(), "d".into(), "e".into()],
            rows: vec![vec![
                Value::Null,
                Value::Bool(true),
                Value::Integer(-3),
                Value::decimal("1.50"),
                Value::Text("x".into()),
            ]],
            truncated: false,
        };
        let json = serde_json::to_string(&reading).unwrap();
        assert_eq!(serde_json::from_str::<Reading>(&json).unwrap(), reading);
    }
}
