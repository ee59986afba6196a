//! The verdict algebra. Its one law: nothing that was not observed is ever a PASS.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The answer of a gate, a phase or a single requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Everything required was observed to hold.
    Pass,
    /// Nothing failed, but something could not be established.
    Inconclusive,
    /// A requirement was observed not to hold.
    Fail,
}

impl Verdict {
    /// The verdict of two parts together: the worse one.
    #[must_use]
    pub fn and(self, other: Verdict) -> Verdict {
        match (self, other) {
            (Verdict::Fail, _) | (_, Verdict::Fail) => Verdict::Fail,
            (Verdict::Inconclusive, _) | (_, Verdict::Inconclusive) => Verdict::Inconclusive,
            (Verdict::Pass, Verdict::Pass) => Verdict::Pass,
        }
    }

    /// The verdict of many parts; of no parts at all it is INCONCLUSIVE, because nothing was
    /// observed.
    #[must_use]
    pub fn of(parts: impl IntoIterator<Item = Verdict>) -> Verdict {
        parts.into_iter().reduce(Verdict::and).unwrap_or(Verdict::Inconclusive)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Pass => "PASS",
            Verdict::Inconclusive => "INCONCLUSIVE",
            Verdict::Fail => "FAIL",
        })
    }
}

/// Whether one requirement holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "reason")]
pub enum Outcome {
    /// It was observed to hold.
    Met,
    /// It was observed not to hold; the text says how.
    NotMet(String),
    /// It could not be observed; the text says why.
    NotEstablished(String),
}

impl Outcome {
    /// The outcome's share in a verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self {
            Outcome::Met => Verdict::Pass,
            Outcome::NotMet(_) => Verdict::Fail,
            Outcome::NotEstablished(_) => Verdict::Inconclusive,
        }
    }

    /// Why it is not met or not established.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Outcome::Met => None,
            Outcome::NotMet(reason) | Outcome::NotEstablished(reason) => Some(reason),
        }
    }
}

/// One row of a report: what was required, what was found, and whether that is enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assertion {
    /// A stable id; for a check it is the check's.
    pub id: String,
    /// What a reader calls it.
    pub title: String,
    /// What is required, in words or in the requirement language.
    pub required: String,
    /// What was found.
    pub actual: String,
    /// Whether it is enough.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl Assertion {
    /// An assertion about something that is either so or not.
    #[must_use]
    pub fn decide(
        id: &str,
        title: impl Into<String>,
        required: impl Into<String>,
        actual: impl Into<String>,
        holds: Result<(), String>,
    ) -> Self {
        Self {
            id: id.to_owned(),
            title: title.into(),
            required: required.into(),
            actual: actual.into(),
            outcome: holds.map_or_else(Outcome::NotMet, |()| Outcome::Met),
        }
    }

    /// An assertion about something that could not be observed.
    #[must_use]
    pub fn not_established(
        id: &str,
        title: impl Into<String>,
        required: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            id: id.to_owned(),
            title: title.into(),
            required: required.into(),
            actual: "not established".to_owned(),
            outcome: Outcome::NotEstablished(reason.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_verdict() -> impl Strategy<Value = Verdict> {
        prop_oneof![Just(Verdict::Pass), Just(Verdict::Inconclusive), Just(Verdict::Fail)]
    }

    #[test]
    fn nothing_observed_is_not_a_pass() {
        assert_eq!(Verdict::of([]), Verdict::Inconclusive);
    }

    proptest! {
        #[test]
        fn passes_only_if_every_part_does(parts in proptest::collection::vec(any_verdict(), 1..8)) {
            let all = parts.iter().all(|v| *v == Verdict::Pass);
            prop_assert_eq!(Verdict::of(parts.iter().copied()) == Verdict::Pass, all);
        }

        #[test]
        fn one_failure_fails_whatever_else_is_unknown(parts in proptest::collection::vec(any_verdict(), 0..8), at in 0usize..8) {
            let mut parts = parts;
            parts.insert(at.min(parts.len()), Verdict::Fail);
            prop_assert_eq!(Verdict::of(parts), Verdict::Fail);
        }
    }
}
