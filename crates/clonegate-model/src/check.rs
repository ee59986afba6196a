//! A check: one question in SQL, what is required, and how the answer may move during a run.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Assertion, Outcome, Phase, Reading, Requirement, Value};

/// A check's id: the stem of its file, and so the slug of its title behind its number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckId(pub String);

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a reading may differ between entry and exit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Across {
    /// Not at all.
    #[default]
    Unchanged,
    /// Its numbers may become larger.
    MayGrow,
    /// In any way.
    MayChange,
}

/// A word that is not one of `unchanged`, `may-grow`, `may-change`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not one of unchanged, may-grow, may-change")]
pub struct ParseAcrossError(pub String);

impl FromStr for Across {
    type Err = ParseAcrossError;
    fn from_str(text: &str) -> Result<Self, ParseAcrossError> {
        match text {
            "unchanged" => Ok(Across::Unchanged),
            "may-grow" => Ok(Across::MayGrow),
            "may-change" => Ok(Across::MayChange),
            other => Err(ParseAcrossError(other.to_owned())),
        }
    }
}

impl fmt::Display for Across {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Across::Unchanged => "unchanged",
            Across::MayGrow => "may-grow",
            Across::MayChange => "may-change",
        })
    }
}

impl Across {
    /// Holds the reading at exit against the one at entry.
    #[must_use]
    pub fn judge(self, entry: &Reading, exit: &Reading) -> Outcome {
        match self {
            Across::MayChange => Outcome::Met,
            Across::Unchanged if entry == exit => Outcome::Met,
            Across::Unchanged => Outcome::NotMet(format!("was {entry} at entry, is {exit}")),
            Across::MayGrow => {
                let grown = entry.columns == exit.columns
                    && entry.rows.len() == exit.rows.len()
                    && entry.rows.iter().flatten().zip(exit.rows.iter().flatten()).all(grows);
                if grown {
                    Outcome::Met
                } else {
                    Outcome::NotMet(format!(
                        "was {entry} at entry, is {exit}, and that is no growth"
                    ))
                }
            }
        }
    }
}

/// Numbers may be larger, everything else must be equal.
fn grows((before, after): (&Value, &Value)) -> bool {
    match (before, after) {
        (Value::Integer(_) | Value::Decimal { .. }, Value::Integer(_) | Value::Decimal { .. }) => {
            before.compare(after).is_some_and(std::cmp::Ordering::is_le)
        }
        _ => before == after,
    }
}

/// One question to a database and what its answer must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The stem of its file.
    pub id: CheckId,
    /// The row's number in the report: the file name's leading number.
    pub number: u32,
    /// What a reader calls it.
    pub title: String,
    /// What must be true of the reading.
    pub require: Requirement,
    /// What must be true of the reading for it to count as an observation at all; where it does
    /// not hold the check is not established.
    pub observed: Option<Requirement>,
    /// How the reading may differ between entry and exit.
    pub across: Across,
    /// The phases (entry, exit) in which it is asked.
    pub phases: Vec<Phase>,
    /// The statement, as it stands in the file.
    pub sql: String,
}

impl Check {
    /// Holds a reading, or the reason why there is none, against what is required.
    #[must_use]
    pub fn judge(&self, taken: Result<&Reading, &str>) -> Assertion {
        let outcome = match taken {
            Err(reason) => Outcome::NotEstablished(reason.to_owned()),
            Ok(reading) => match self.observed.as_ref().map(|o| (o, o.judge(reading))) {
                Some((observed, Outcome::NotMet(reason))) => Outcome::NotEstablished(format!(
                    "the answer does not count, because {observed} does not hold: {reason}"
                )),
                Some((_, Outcome::NotEstablished(reason))) => Outcome::NotEstablished(reason),
                Some((_, Outcome::Met)) | None => self.require.judge(reading),
            },
        };
        Assertion {
            id: self.id.0.clone(),
            title: self.title.clone(),
            required: self.require.to_string(),
            actual: taken.map_or_else(|_| "not established".to_owned(), Reading::to_string),
            outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(n: i64) -> Reading {
        Reading { columns: vec!["n".into()], rows: vec![vec![Value::Integer(n)]], truncated: false }
    }

    #[test]
    fn growth_is_growth_and_nothing_else() {
        assert_eq!(Across::MayGrow.judge(&number(1), &number(2)), Outcome::Met);
        assert!(matches!(Across::MayGrow.judge(&number(2), &number(1)), Outcome::NotMet(_)));
        assert!(matches!(Across::Unchanged.judge(&number(1), &number(2)), Outcome::NotMet(_)));
        assert_eq!(Across::MayChange.judge(&number(2), &number(1)), Outcome::Met);
    }

    #[test]
    fn what_was_not_observed_is_not_met_even_if_the_number_fits() {
        let check = Check {
            id: CheckId("08_idle".into()),
            number: 8,
            title: "idle".into(),
            require: "n = 0".parse().unwrap(),
            observed: Some("n > 0".parse().unwrap()),
            across: Across::Unchanged,
            phases: vec![Phase::Entry],
            sql: String::new(),
        };
        assert!(matches!(check.judge(Ok(&number(0))).outcome, Outcome::NotEstablished(_)));
        assert!(matches!(check.judge(Err("time-out")).outcome, Outcome::NotEstablished(_)));
    }
}
