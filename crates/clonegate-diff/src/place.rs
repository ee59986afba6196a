//! The place of a difference: which ranges of a relation, which rows, which columns.

use std::collections::BTreeMap;

use clonegate_model::{Finding, Located, Place, RangeChange, RelationState, Snapshot, Witness};

/// The relations of two snapshots, by what a finding calls them.
pub(crate) struct Places<'a> {
    pairs: BTreeMap<String, (&'a RelationState, &'a RelationState)>,
    one_key: bool,
}

impl<'a> Places<'a> {
    pub(crate) fn of(before: &'a Snapshot, after: &'a Snapshot) -> Self {
        let new: BTreeMap<&str, &RelationState> =
            after.relations.iter().map(|r| (r.name.as_str(), r)).collect();
        let pair = |old: &'a RelationState| {
            let now = new.get(old.name.as_str())?;
            Some((format!("{} {}", old.kind, old.name), (old, *now)))
        };
        Self {
            pairs: before.relations.iter().filter_map(pair).collect(),
            one_key: before.digest_key == after.digest_key,
        }
    }

    /// A finding with its place, where it is one of a relation's rows.
    pub(crate) fn locate(&self, finding: Finding) -> Located {
        let of_rows = matches!(finding.witness, Witness::Lineage | Witness::Digest);
        let pair = self.pairs.get(&finding.subject).filter(|_| of_rows);
        let place = pair.map(|(old, now)| Place {
            ranges: ranges(old, now),
            rows: now.newer_rows.clone(),
            newer: now.lineage.and_then(|l| l.newer).unwrap_or_default(),
            columns: if self.one_key { columns(old, now) } else { Vec::new() },
        });
        Located { finding, place: place.filter(|p| !p.is_nowhere()) }
    }
}

/// The ranges in which rows are gone, newer, or of other contents.
fn ranges(entry: &RelationState, now: &RelationState) -> Vec<RangeChange> {
    if entry.ranges.len() != now.ranges.len() {
        return Vec::new();
    }
    let pairs = entry.ranges.iter().zip(&now.ranges);
    let aligned = pairs.filter(|(a, b)| (a.from, a.to) == (b.from, b.to));
    aligned
        .filter_map(|(before, after)| {
            let newer = after.newer?;
            let lost = before.rows.saturating_sub(after.rows.saturating_sub(newer));
            let other = before.sum.zip(after.sum).is_some_and(|(a, b)| a != b);
            (lost > 0 || newer > 0 || other).then_some(RangeChange {
                from: before.from,
                to: before.to,
                lost,
                newer,
            })
        })
        .collect()
}

/// The columns whose own sums differ, of relations that have such sums and as many rows as before.
pub(crate) fn columns(entry: &RelationState, now: &RelationState) -> Vec<String> {
    let Some((before, after)) = entry.digest.as_ref().zip(now.digest.as_ref()) else {
        return Vec::new();
    };
    if before.rows != after.rows || before.recipe != after.recipe || before.lane != after.lane {
        return Vec::new();
    }
    // A snapshot of very many relations has no sums of columns, which says nothing about the columns.
    if after.columns.is_empty() {
        return Vec::new();
    }
    let differs = |(name, sum): &(&String, _)| after.columns.get(*name) != Some(*sum);
    before.columns.iter().filter(differs).map(|(name, _)| name.clone()).collect()
}
