//! Which findings are let pass, and why.

use std::collections::BTreeMap;

use super::{RoleFindingKind, Weight};

/// Kinds of findings that are let pass, each with the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted(BTreeMap<RoleFindingKind, String>);

/// Why a finding can't be accepted like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAcceptable {
    /// There is no such kind.
    #[error("there is no finding {name:?} about a role{}", nearest.map(|n| format!("; did you mean {n}?")).unwrap_or_default())]
    Unknown {
        /// What was written.
        name: String,
        /// The kind that may have been meant.
        nearest: Option<RoleFindingKind>,
    },
    /// It is one that is always refused.
    #[error("{kind} can't be accepted: a role that may write is no reader; take it from the role")]
    Refused {
        /// The kind.
        kind: RoleFindingKind,
    },
    /// It is one that needs no acceptance.
    #[error("{kind} is only noted, and needs no acceptance; leave it out")]
    Noted {
        /// The kind.
        kind: RoleFindingKind,
    },
    /// No reason was given.
    #[error("{kind} is accepted without a reason; say why this role needs it")]
    NoReason {
        /// The kind.
        kind: RoleFindingKind,
    },
}

impl Accepted {
    /// Accepts nothing.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Reads pairs of a kind's name and a reason.
    ///
    /// # Errors
    /// [`NotAcceptable`] for the first pair that can't be accepted.
    pub fn new(
        pairs: impl IntoIterator<Item = (impl AsRef<str>, impl Into<String>)>,
    ) -> Result<Self, NotAcceptable> {
        let mut accepted = BTreeMap::new();
        for (name, reason) in pairs {
            let name = name.as_ref();
            let Some(kind) = RoleFindingKind::named(name) else {
                return Err(NotAcceptable::Unknown {
                    name: name.to_owned(),
                    nearest: nearest(name),
                });
            };
            match kind.weight() {
                Weight::Refused => return Err(NotAcceptable::Refused { kind }),
                Weight::Noted => return Err(NotAcceptable::Noted { kind }),
                Weight::ByPolicy => {}
            }
            let reason = reason.into();
            if reason.trim().is_empty() {
                return Err(NotAcceptable::NoReason { kind });
            }
            accepted.insert(kind, reason);
        }
        Ok(Self(accepted))
    }

    pub(crate) fn reason(&self, kind: RoleFindingKind) -> Option<&str> {
        self.0.get(&kind).map(String::as_str)
    }

    /// The kinds and the reasons.
    pub fn iter(&self) -> impl Iterator<Item = (RoleFindingKind, &str)> {
        self.0.iter().map(|(kind, reason)| (*kind, reason.as_str()))
    }
}

fn nearest(name: &str) -> Option<RoleFindingKind> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    RoleFindingKind::ALL
        .into_iter()
        .map(|kind| (strsim::normalized_damerau_levenshtein(&name, kind.name()), kind))
        .filter(|(similarity, _)| *similarity >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_left_to_policy_can_be_accepted_and_with_a_reason() {
        let why =
            |name: &str, reason: &str| Accepted::new([(name, reason)]).map_err(|e| e.to_string());
        let accepted = why("temporary", "the ORM's views need it").unwrap();
        assert_eq!(accepted.reason(RoleFindingKind::Temporary), Some("the ORM's views need it"));
        assert_eq!(accepted.reason(RoleFindingKind::BypassRls), None);
        assert_eq!(
            why("pg_read_all_dta", "x").unwrap_err(),
            "there is no finding \"pg_read_all_dta\" about a role; did you mean pg-read-all-data?"
        );
        for (name, weight) in RoleFindingKind::ALL.map(|k| (k.name(), k.weight())) {
            assert_eq!(why(name, "because").is_ok(), weight == Weight::ByPolicy, "{name}");
            assert!(why(name, " ").is_err(), "{name}");
        }
    }
}
