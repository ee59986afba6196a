//! Whether a clone is what it was made of.

use std::collections::BTreeMap;

use clonegate_diff::{Definitions, Restored, compare_clone};
use clonegate_model::{Across, Assertion, Disposition, Snapshot, Verdict};
use clonegate_profile::Create;

use super::{Found, row};

/// Relations that a row names one by one.
const NAMED: usize = 5;

/// Compares, and gives the row and the findings with it.
pub(super) fn fidelity(
    id: &str,
    title: &str,
    (first, second): (&Snapshot, &Snapshot),
    definitions: Definitions,
    organic: &BTreeMap<String, Across>,
    left_out: Option<&Create>,
) -> (Assertion, Restored) {
    let mut compared = compare_clone(first, second, definitions, organic);
    if let Some(create) = left_out {
        explain(&mut compared, create);
    }
    let different = compared.findings.iter().filter(|f| f.verdict() != Verdict::Pass).count();
    let mut actual = format!(
        "{} definitions, {} relations by digest, {} sequences compared, {different} differ",
        first.catalog.len(),
        compared.by_digest,
        first.sequences.len()
    );
    let left_out = compared.findings.len() - different;
    if left_out > 0 {
        actual.push_str(&format!(", {left_out} as the profile declares"));
    }
    let found = if different > 0 {
        Found::NotMet { actual, why: format!("{different} differences") }
    } else if !compared.without_digest.is_empty() {
        let named = compared.without_digest.iter().take(NAMED);
        let mut why: Vec<String> = named.map(|(name, why)| format!("{name}: {why}")).collect();
        if compared.without_digest.len() > NAMED {
            why.push(format!("and {} more", compared.without_digest.len() - NAMED));
        }
        Found::Unknown(format!("not compared: {}", why.join("; ")))
    } else {
        Found::Met(actual)
    };
    (row(id, title, "no difference", found), compared)
}

/// What the profile leaves out of a dump is missing because of that.
fn explain(compared: &mut Restored, create: &Create) {
    let excluded_rows = |subject: &str| {
        create
            .exclude_rows
            .iter()
            .any(|name| subject.split_once(' ').is_some_and(|(_, n)| n == name))
    };
    let within = |subject: &str| {
        create.exclude_schemas.iter().any(|schema| {
            let (_, name) = subject.rsplit_once(' ').unwrap_or(("", subject));
            name == schema || name.starts_with(&format!("{schema}."))
        })
    };
    for finding in &mut compared.findings {
        let rows = finding.attribute == "rows" && excluded_rows(&finding.subject);
        let schema = finding.attribute == "exists" && within(&finding.subject);
        if finding.disposition == Disposition::Unexplained && (rows || schema) {
            finding.disposition = Disposition::Organic;
            finding.note = "the profile leaves it out of the dump".to_owned();
        }
    }
}
