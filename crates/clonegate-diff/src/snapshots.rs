//! Two snapshots of one database, whatever they were taken against: what differs, and what could not be
//! established.

use std::collections::{BTreeMap, BTreeSet};

use clonegate_model::{
    Across, Compared, Differences, Disposition, Finding, NotEstablished, RelationKind,
    RelationState, Since, Snapshot, Witness,
};

use crate::compare::two_lanes;
use crate::place::Places;
use crate::{NotComparable, Policy, catalog, rows, same_database, unlisted};

/// What two snapshots have in common, and what follows from it.
#[derive(Clone, Copy)]
pub(crate) struct Proofs {
    /// Their digests say something about each other.
    pub(crate) one_key: bool,
    /// No transaction completed in the whole server in between, so that nobody wrote a row.
    pub(crate) still: bool,
}

/// Whether rows were counted as newer against this very snapshot.
pub(crate) enum Baseline {
    /// They were.
    Known,
    /// The second was read by itself, or against another one.
    Unknown,
}

/// Against which snapshot the second one was read.
pub(crate) fn baseline(before: &Snapshot, after: &Snapshot) -> Baseline {
    let counted = after.relations.iter().filter_map(|r| r.lineage).all(|l| l.newer.is_some());
    let named = match &after.since {
        Some(since) => *since == Since::of(before),
        // Snapshots of a run that do not say it were always read against their run's entry.
        None => after.run == before.run && after.phase != before.phase,
    };
    if counted && named { Baseline::Known } else { Baseline::Unknown }
}

/// Compares two snapshots of one database. Where the second was not read against the first, what counts,
/// digests and the horizon prove is said, and what they don't is named.
///
/// `waive` names what need not be covered, with the reason.
#[must_use]
pub fn compare_snapshots(
    before: &Snapshot,
    after: &Snapshot,
    policy: Policy<'_>,
    waive: &BTreeMap<String, String>,
) -> Differences {
    if let Err(why) = same_database(before, after).and_then(|()| in_order(before, after)) {
        return Differences::impossible((before, after), why.to_string());
    }
    let left_out: Vec<&str> = unlisted(before).chain(unlisted(after)).collect();
    let mut findings = catalog::compare(before, after, policy, &left_out);
    let proofs =
        Proofs { one_key: before.digest_key == after.digest_key, still: is_still(before, after) };
    let mut open = Vec::new();
    let mut compared = Compared {
        definitions: after.catalog.len() as u64,
        sequences: after.sequences.len() as u64,
        ..Compared::default()
    };
    match baseline(before, after) {
        Baseline::Known => {
            findings.extend(rows::relations(before, after, policy));
            findings.extend(rows::log(after));
            for (old, now, _) in pairs(before, after, policy) {
                if old.lineage.is_some() {
                    count(&mut compared, now);
                }
                open.extend(rows::other_lane(before, after, old, now).map(|reason| {
                    let subject = format!("{} {}", old.kind, old.name);
                    NotEstablished { subject, witness: Witness::Digest, reason }
                }));
            }
        }
        Baseline::Unknown => {
            for (old, now, across) in pairs(before, after, policy) {
                let said = without_baseline(old, now, across, proofs);
                if said.open.is_none() && old.lineage.is_some() {
                    count(&mut compared, now);
                }
                findings.extend(said.findings);
                open.extend(said.open);
            }
        }
    }
    findings.extend(rows::sequences(before, after, policy));
    open.extend(unaccounted(before, after, &findings));
    let (gaps, waived) = gaps(before, after, waive, proofs);
    open.extend(gaps);
    let places = Places::of(before, after);
    let located = findings.into_iter().map(|f| places.locate(f)).collect();
    Differences { waived, ..Differences::new((before, after), compared, located, open) }
}

/// Whether an equal horizon proves that nobody wrote a row: only with an equal anchor, too. A crash in between
/// loses what was not yet on disk and empties unlogged tables, and the postmaster may outlive it; a standby,
/// whose horizon says less, has no anchor.
fn is_still(before: &Snapshot, after: &Snapshot) -> bool {
    before.horizon == after.horizon && before.anchor.is_some() && before.anchor == after.anchor
}

/// That the second is not the older one, and of the same history.
pub(crate) fn in_order(before: &Snapshot, after: &Snapshot) -> Result<(), NotComparable> {
    let other_history = match (&before.anchor, &after.anchor) {
        (Some(old), Some(new)) => {
            old.timeline() != new.timeline() || new.checkpoint() < old.checkpoint()
        }
        // What reads as a standby now and did not before, or the other way round, is another server or was promoted.
        _ => before.identity.in_recovery != after.identity.in_recovery,
    };
    if other_history {
        let history = |snapshot: &Snapshot| {
            let unknown = if snapshot.identity.in_recovery { "a standby" } else { "a primary" };
            snapshot.anchor.as_ref().map_or_else(|| unknown.to_owned(), |anchor| anchor.0.clone())
        };
        return Err(NotComparable::History { before: history(before), after: history(after) });
    }
    if after.horizon.xmax < before.horizon.xmax {
        return Err(NotComparable::Backwards {
            before: before.horizon.to_string(),
            after: after.horizon.to_string(),
        });
    }
    Ok(())
}

pub(crate) fn pairs<'a>(
    before: &'a Snapshot,
    after: &'a Snapshot,
    policy: Policy<'a>,
) -> impl Iterator<Item = (&'a RelationState, &'a RelationState, Across)> {
    let new: BTreeMap<&str, &RelationState> =
        after.relations.iter().map(|r| (r.name.as_str(), r)).collect();
    before.relations.iter().filter_map(move |old| {
        let across = policy.organic.get(&old.name).copied().unwrap_or_default();
        new.get(old.name.as_str()).map(|now| (old, *now, across))
    })
}

fn count(compared: &mut Compared, now: &RelationState) {
    if let Some(lineage) = now.lineage {
        compared.relations += 1;
        compared.rows += lineage.rows;
    }
}

/// What can be said of one relation.
#[derive(Default)]
struct Said {
    findings: Vec<Finding>,
    open: Option<NotEstablished>,
}

/// What counts and digests say of a relation whose newer rows were not counted.
fn without_baseline(
    old: &RelationState,
    now: &RelationState,
    across: Across,
    proofs: Proofs,
) -> Said {
    let mut said = Said::default();
    said.findings.extend(rows::remade(old, now, across));
    let Some((entry, exit)) = old.lineage.zip(now.lineage) else { return said };
    let digests = old.digest.as_ref().zip(now.digest.as_ref());
    let digests = digests.filter(|(a, b)| two_lanes(a, b, proofs.one_key).is_none());
    let subject = format!("{} {}", old.kind, old.name);
    let unsaid = |what: String| NotEstablished {
        subject: subject.clone(),
        witness: Witness::Lineage,
        reason: format!("{what} without `--since` or digests with one key"),
    };
    if entry.rows == exit.rows {
        match digests {
            Some((a, b)) => said.findings.extend(rows::contents(old, a, b, across)),
            // What has no rows in either is the same.
            None if proofs.still || exit.rows == 0 || across == Across::MayChange => {}
            None => {
                let what = format!(
                    "{} rows in both; whether one was changed or replaced is not known",
                    exit.rows
                );
                said.open = Some(unsaid(what));
            }
        }
        return said;
    }
    let may_be_growth = across == Across::MayGrow && exit.rows > entry.rows;
    let (disposition, explained) = match across {
        Across::MayChange => (Disposition::Organic, "the profile declares may-change"),
        Across::MayGrow if may_be_growth => (Disposition::Organic, "the profile declares may-grow"),
        Across::MayGrow => {
            (Disposition::Unexplained, "the profile declares may-grow, and that is no growth")
        }
        Across::Unchanged => (Disposition::Unexplained, "the profile does not declare it"),
    };
    if may_be_growth {
        said.open = Some(unsaid(
            "whether the rows that were there before are as they were is not known".to_owned(),
        ));
    }
    said.findings.push(Finding {
        subject,
        attribute: "rows".to_owned(),
        before: entry.rows.to_string(),
        after: exit.rows.to_string(),
        witness: Witness::Lineage,
        disposition,
        note: format!("its number of rows is another; {explained}"),
    });
    said
}

/// What one of the snapshots has and nothing says why the other has not: no manifest that is whole leaves
/// that open.
fn unaccounted(before: &Snapshot, after: &Snapshot, findings: &[Finding]) -> Vec<NotEstablished> {
    let mut open = Vec::new();
    for (snapshot, other, which) in [(before, after, "first"), (after, before, "second")] {
        let named = |name: &str| snapshot.coverage.iter().any(|c| c.subject == name);
        let other_has: BTreeSet<&str> = other.relations.iter().map(|r| r.name.as_str()).collect();
        let other_counts: BTreeSet<&str> =
            other.sequences.iter().map(|s| s.name.as_str()).collect();
        let mut add = |subject: &str, witness, reason: String| {
            open.push(NotEstablished { subject: subject.to_owned(), witness, reason });
        };
        if snapshot.coverage.is_empty() {
            let reason = format!("the {which} snapshot has no coverage manifest");
            add("everything", Witness::Catalog, reason);
            continue;
        }
        for relation in snapshot.relations.iter().filter(|r| holds_rows(r)) {
            let its = |f: &Finding| f.attribute == "exists" && f.subject.ends_with(&relation.name);
            let is_unread = relation.lineage.is_none() && !named(&relation.name);
            if is_unread {
                let reason = format!("the {which} snapshot does not say why it was not read");
                add(&relation.name, Witness::Lineage, reason);
            }
            if !other_has.contains(relation.name.as_str()) && !findings.iter().any(its) {
                let reason = format!("only the {which} snapshot has its rows");
                add(&relation.name, Witness::Lineage, reason);
            }
        }
        for sequence in &snapshot.sequences {
            let its = |f: &Finding| f.attribute == "exists" && f.subject.ends_with(&sequence.name);
            let there = other_counts.contains(sequence.name.as_str());
            let why = !there
                && other.coverage.iter().any(|c| {
                    c.witness == Witness::Sequence
                        && (c.subject == sequence.name || NotEstablished::of(c).is_some())
                });
            if !there && !why && !findings.iter().any(its) {
                let reason = format!("only the {which} snapshot has its value");
                add(&sequence.name, Witness::Sequence, reason);
            }
        }
    }
    open
}

/// The pages of large objects, which are there when a large object is, have a name of their own in the
/// manifest.
const LARGE_OBJECT_PAGES: &str = "pg_catalog.pg_largeobject";

fn holds_rows(relation: &RelationState) -> bool {
    matches!(relation.kind, RelationKind::Table | RelationKind::MaterializedView)
        && relation.name != LARGE_OBJECT_PAGES
}

/// The gaps of both manifests that the profile does not waive, and those that it does. If no transaction
/// completed in the whole server, nobody wrote a row, read or not.
pub(crate) fn gaps(
    before: &Snapshot,
    after: &Snapshot,
    waive: &BTreeMap<String, String>,
    proofs: Proofs,
) -> (Vec<NotEstablished>, Vec<String>) {
    let mut found: BTreeMap<(String, String, Witness), Vec<&str>> = BTreeMap::new();
    for (snapshot, which) in [(before, "first"), (after, "second")] {
        for gap in snapshot.coverage.iter().filter_map(NotEstablished::of) {
            let proven = proofs.still && matches!(gap.witness, Witness::Lineage | Witness::Digest);
            if !proven {
                let key = (gap.subject, gap.reason, gap.witness);
                found.entry(key).or_default().push(which);
            }
        }
    }
    let (mut open, mut waived) = (Vec::new(), Vec::new());
    for ((subject, reason, witness), which) in found {
        if let Some(why) = waive.get(&subject) {
            let said = format!("{subject}: {why}");
            if !waived.contains(&said) {
                waived.push(said);
            }
            continue;
        }
        let reason = match which.as_slice() {
            [one] => format!("in the {one}: {reason}"),
            _ => reason,
        };
        open.push(NotEstablished { subject, witness, reason });
    }
    (open, waived)
}
