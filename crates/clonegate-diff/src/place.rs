//! The place of a difference: which ranges of a relation, which rows, which columns.

use clonegate_model::{Finding, Located, Place, RangeChange, RelationState, Snapshot, Witness};

/// A finding with its place, where it is one of a relation's rows.
pub(crate) fn locate(before: &Snapshot, after: &Snapshot, finding: Finding) -> Located {
    let of_rows = matches!(finding.witness, Witness::Lineage | Witness::Digest);
    let its = |r: &&RelationState| {
        finding.subject.ends_with(&r.name) && finding.subject == format!("{} {}", r.kind, r.name)
    };
    let old = before.relations.iter().filter(|_| of_rows).find(its);
    let now = after.relations.iter().filter(|_| of_rows).find(its);
    let one_key = before.digest_key == after.digest_key;
    let place = old.zip(now).map(|(old, now)| Place {
        ranges: ranges(old, now),
        rows: now.newer_rows.clone(),
        newer: now.lineage.and_then(|l| l.newer).unwrap_or_default(),
        columns: if one_key { columns(old, now) } else { Vec::new() },
    });
    Located { finding, place: place.filter(|p| !p.is_nowhere()) }
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
    let differs = |(name, sum): &(&String, _)| after.columns.get(*name) != Some(*sum);
    before.columns.iter().filter(differs).map(|(name, _)| name.clone()).collect()
}
