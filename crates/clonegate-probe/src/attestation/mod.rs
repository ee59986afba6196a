//! What the role could do besides reading, asked of the server before anything is read through it.
//!
//! A read-only transaction stops most writes of most roles, and not all: so the role itself must be
//! unable to write. [`Attestation`] is what the server's catalogs say about it, by itself, as PUBLIC, and as any
//! role that it is a member of, inherited or by SET ROLE. A [`RoleFindingKind`] of [`Weight::Refused`] can't be
//! accepted; one of [`Weight::ByPolicy`] only by name and with a reason ([`Accepted`]).

mod accepted;
mod kind;

use std::fmt;

use serde::Serialize;
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow, Transaction};

pub use accepted::{Accepted, NotAcceptable};
pub use kind::{RoleFindingKind, Weight};

use crate::ReadError;
use crate::guard::GuardError;
use crate::meter::Meter;
use crate::transaction::own;

/// Examples of one kind that are named; the files bound them too.
const EXAMPLES: usize = 20;

/// Remedies of one kind that are written out.
const REMEDIES: usize = 3;

/// What all answers together may bring: forty names a question.
const ANSWER_BYTES: u64 = 1 << 20;

macro_rules! question {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../../sql/engine/probe/attestation/", $name, ".sql")))
    };
}

/// Stands before every question.
const CLOSURE: &str = include_str!("../../../../sql/engine/probe/attestation/closure.sql");

const QUESTIONS: [(&str, &str); 9] = [
    question!("attributes"),
    question!("memberships"),
    question!("ownership"),
    question!("write_grants"),
    question!("create_grants"),
    question!("functions"),
    question!("views"),
    question!("foreign"),
    question!("noted"),
];

/// For servers that have grants on parameters.
const PARAMETERS: (&str, &str) = question!("parameters");
const VERSION_WITH_PARAMETER_GRANTS: u32 = 150_000;

/// What is known about the channel's role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attestation {
    /// The role.
    pub role: String,
    /// What it could do besides reading, in the order of [`RoleFindingKind::ALL`]; each kind once.
    pub findings: Vec<RoleFinding>,
}

/// One thing that the role could do besides reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleFinding {
    /// What kind of thing.
    pub kind: RoleFindingKind,
    /// How it is taken.
    pub weight: Weight,
    /// How many there are, exactly.
    pub count: u64,
    /// Which ones: all, or examples and their number.
    pub subject: String,
    /// What takes it away, as SQL or in words.
    pub remedy: String,
    /// Why it is accepted, if it is.
    pub accepted: Option<String>,
}

impl RoleFinding {
    /// Whether the channel may be used in spite of it.
    #[must_use]
    pub fn is_tolerated(&self) -> bool {
        match self.weight {
            Weight::Refused => false,
            Weight::ByPolicy => self.accepted.is_some(),
            Weight::Noted => true,
        }
    }
}

impl fmt::Display for RoleFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.kind, self.count, self.subject)
    }
}

impl Attestation {
    /// The findings for which the channel is refused.
    pub fn refusals(&self) -> impl Iterator<Item = &RoleFinding> {
        self.findings.iter().filter(|finding| !finding.is_tolerated())
    }

    /// The findings that are let pass because somebody said why.
    pub fn accepted(&self) -> impl Iterator<Item = (&RoleFinding, &str)> {
        self.findings.iter().filter_map(|f| Some((f, f.accepted.as_deref()?)))
    }

    /// Whether there is nothing to refuse.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.refusals().next().is_none()
    }

    /// Asks all questions, in one round trip. Leaves `search_path` changed until the transaction or
    /// its savepoint is rolled back.
    pub(crate) async fn ask(
        transaction: &Transaction<'_>,
        meter: &Meter,
        role: &str,
        server_version_num: u32,
        accepted: &Accepted,
    ) -> Result<Self, ReadError> {
        meter.grant(ANSWER_BYTES);
        let parameters =
            (server_version_num >= VERSION_WITH_PARAMETER_GRANTS).then_some(PARAMETERS);
        // With pg_temp named, it is not searched first.
        let mut sql = "set local search_path = pg_catalog, pg_temp".to_owned();
        let mut asked = 0;
        for (_, question) in QUESTIONS.into_iter().chain(parameters) {
            sql.push_str(";\n");
            sql.push_str(CLOSURE);
            sql.push_str(question);
            asked += 1;
        }
        let answers = transaction.simple_query(&sql).await.map_err(own)?;
        let mut answered = 0;
        let mut findings: Vec<RoleFinding> = Vec::new();
        let mut examples: Vec<(RoleFindingKind, Example)> = Vec::new();
        for message in &answers {
            match message {
                SimpleQueryMessage::RowDescription(_) => answered += 1,
                SimpleQueryMessage::Row(row) => {
                    examples.push(example(row).map_err(ReadError::Guard)?);
                }
                _ => {}
            }
        }
        // A question that was not answered would look like one without a finding.
        if answered != asked {
            return Err(ReadError::Guard(GuardError::Incomplete { what: "attestation" }));
        }
        for kind in RoleFindingKind::ALL {
            let of_kind: Vec<&Example> =
                examples.iter().filter(|(k, _)| *k == kind).map(|(_, example)| example).collect();
            if !of_kind.is_empty() {
                findings.push(finding(kind, &of_kind, accepted));
            }
        }
        Ok(Self { role: role.to_owned(), findings })
    }
}

impl fmt::Display for Attestation {
    /// The refused findings and what takes each away.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, finding) in self.refusals().enumerate() {
            let between = if n > 0 { "; " } else { "" };
            write!(f, "{between}{finding} [{}]", finding.remedy)?;
        }
        Ok(())
    }
}

/// One row of a question's answer.
struct Example {
    subject: String,
    remedy: String,
    total: u64,
}

fn example(row: &SimpleQueryRow) -> Result<(RoleFindingKind, Example), GuardError> {
    let text = |what: &'static str| {
        row.try_get(what).ok().flatten().ok_or(GuardError::Incomplete { what })
    };
    let kind = text("kind")?;
    let kind = RoleFindingKind::named(kind).ok_or(GuardError::Incomplete { what: "kind" })?;
    let total = text("total")?.parse().map_err(|_| GuardError::Incomplete { what: "total" })?;
    let example =
        Example { subject: text("subject")?.to_owned(), remedy: text("remedy")?.to_owned(), total };
    Ok((kind, example))
}

fn finding(kind: RoleFindingKind, examples: &[&Example], accepted: &Accepted) -> RoleFinding {
    let shown = examples.len().min(EXAMPLES);
    let named: Vec<&str> = examples.iter().take(shown).map(|e| e.subject.as_str()).collect();
    // Each answer counts what it names; one row of memberships stands for itself.
    let totals = examples.iter().map(|e| e.total).max().unwrap_or(0);
    let count = totals.max(examples.len() as u64);
    let more = count.saturating_sub(shown as u64);
    let mut subject = named.join(", ");
    if more > 0 {
        subject.push_str(&format!(" and {more} more"));
    }
    let mut remedies: Vec<&str> = Vec::new();
    for example in examples {
        if !remedies.contains(&example.remedy.as_str()) {
            remedies.push(&example.remedy);
        }
    }
    let unsaid = remedies.len() > REMEDIES || more > 0;
    remedies.truncate(REMEDIES);
    let mut remedy = remedies.join("; ");
    if unsaid {
        remedy.push_str("; and so for the others");
    }
    RoleFinding {
        kind,
        weight: kind.weight(),
        count,
        subject,
        remedy,
        accepted: accepted.reason(kind).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is never refused must not hide what is: a kind that no question gives is dead, and one that a
    /// question gives without being known here would be an error on a server that has it.
    #[test]
    fn every_kind_is_asked_for_and_no_other() {
        let all: String = QUESTIONS.into_iter().chain([PARAMETERS]).map(|(_, text)| text).collect();
        let roles: Vec<String> =
            all.split('\'').filter(|w| w.starts_with("pg_")).map(|w| w.replace('_', "-")).collect();
        for kind in RoleFindingKind::ALL {
            let there = all.contains(&format!("'{kind}'")) || roles.contains(&kind.to_string());
            assert!(there, "nothing asks for {kind}");
        }
    }

    #[test]
    fn names_are_bounded_and_the_count_is_exact() {
        let examples: Vec<Example> = (0..20)
            .map(|n| Example {
                subject: format!("insert on t{n}"),
                remedy: format!("revoke insert on t{n}"),
                total: 10_000,
            })
            .collect();
        let examples: Vec<&Example> = examples.iter().collect();
        let found = finding(RoleFindingKind::WriteGrant, &examples, &Accepted::nothing());
        assert_eq!(found.count, 10_000);
        assert!(found.subject.ends_with("insert on t19 and 9980 more"), "{}", found.subject);
        assert!(found.remedy.ends_with("t2; and so for the others"), "{}", found.remedy);
        assert!(!found.is_tolerated());
    }
}
