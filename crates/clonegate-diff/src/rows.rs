//! Contents: the rows of relations by lineage, and the values of sequences.

use std::collections::BTreeMap;

use clonegate_model::{Across, Disposition, Finding, Lineage, RelationState, Snapshot, Witness};

use crate::Policy;

pub(crate) fn relations(before: &Snapshot, after: &Snapshot, policy: Policy<'_>) -> Vec<Finding> {
    let new: BTreeMap<&str, &RelationState> =
        after.relations.iter().map(|r| (r.name.as_str(), r)).collect();
    let mut findings = Vec::new();
    for old in &before.relations {
        // A relation that is gone or new is the catalog's finding.
        let Some(now) = new.get(old.name.as_str()) else { continue };
        let across = policy.organic.get(&old.name).copied().unwrap_or_default();
        if old.oid != now.oid {
            findings.push(Finding {
                subject: format!("{} {}", old.kind, old.name),
                attribute: "oid".to_owned(),
                before: old.oid.to_string(),
                after: now.oid.to_string(),
                witness: Witness::Lineage,
                disposition: if across == Across::MayChange {
                    Disposition::Organic
                } else {
                    Disposition::Unexplained
                },
                note: "it was dropped and made again".to_owned(),
            });
        }
        // Where either side has no lineage, the coverage manifest has the gap.
        if let (Some(entry), Some(exit)) = (old.lineage, now.lineage) {
            findings.extend(rows(old, entry, exit, across));
        }
    }
    findings
}

fn rows(
    relation: &RelationState,
    entry: Lineage,
    exit: Lineage,
    across: Across,
) -> Option<Finding> {
    let newer = exit.newer.unwrap_or_default();
    let settled = (entry.recent, entry.recent_xids) == (exit.recent, exit.recent_xids);
    if entry.rows == exit.rows && newer == 0 && settled {
        return None;
    }
    // A row that was updated or deleted is missing among those that are as old as entry.
    let kept = exit.rows.saturating_sub(newer);
    let lost = entry.rows.saturating_sub(kept);
    let happened = match (lost, newer) {
        _ if !settled && newer == 0 => {
            "a transaction that was in progress at entry has written rows".to_owned()
        }
        (0, n) => format!("{n} rows were added and none was changed or removed"),
        (l, 0) => format!("{l} rows were removed"),
        (l, n) => {
            format!("{l} rows of entry were changed or removed, and {n} rows are newer than entry")
        }
    };
    let (disposition, note) = match across {
        Across::MayChange => {
            (Disposition::Organic, format!("{happened}; the profile declares may-change"))
        }
        Across::MayGrow if lost == 0 && settled => {
            (Disposition::Organic, format!("{happened}; the profile declares may-grow"))
        }
        Across::MayGrow => (
            Disposition::Unexplained,
            format!("{happened}; the profile declares may-grow, and that is no growth"),
        ),
        Across::Unchanged => {
            (Disposition::Unexplained, format!("{happened}; the profile does not declare it"))
        }
    };
    Some(Finding {
        subject: format!("{} {}", relation.kind, relation.name),
        attribute: "rows".to_owned(),
        before: entry.rows.to_string(),
        after: if newer == 0 {
            exit.rows.to_string()
        } else {
            format!("{} ({newer} newer)", exit.rows)
        },
        witness: Witness::Lineage,
        disposition,
        note,
    })
}

pub(crate) fn sequences(before: &Snapshot, after: &Snapshot, policy: Policy<'_>) -> Vec<Finding> {
    let new: BTreeMap<&str, _> = after.sequences.iter().map(|s| (s.name.as_str(), s)).collect();
    let mut findings = Vec::new();
    for old in &before.sequences {
        let Some(now) = new.get(old.name.as_str()) else { continue };
        if (old.last_value, old.is_called) == (now.last_value, now.is_called) {
            continue;
        }
        // The sequence behind a table's key moves with the table.
        let owner = before
            .catalog
            .iter()
            .find(|o| o.class == "relation" && o.identity == old.name)
            .and_then(|o| o.attributes.get("owned by"));
        let declared = policy.organic.get(&old.name).or_else(|| policy.organic.get(owner?));
        let forward = now.last_value >= old.last_value && now.is_called;
        let (disposition, note) = match declared {
            Some(Across::MayChange) => {
                (Disposition::Organic, "it moved; the profile declares may-change")
            }
            Some(Across::MayGrow) if forward => {
                (Disposition::Organic, "it advanced; the profile declares may-grow")
            }
            Some(Across::MayGrow) => {
                (Disposition::Unexplained, "it went back; the profile declares may-grow")
            }
            Some(Across::Unchanged) | None => {
                (Disposition::Unexplained, "it moved; the profile does not declare it")
            }
        };
        let shown = |value: i64, called: bool| {
            if called { value.to_string() } else { format!("{value} (not called)") }
        };
        findings.push(Finding {
            subject: format!("sequence {}", old.name),
            attribute: "last value".to_owned(),
            before: shown(old.last_value, old.is_called),
            after: shown(now.last_value, now.is_called),
            witness: Witness::Sequence,
            disposition,
            note: note.to_owned(),
        });
    }
    findings
}
