//! Contents: the rows of relations by lineage and by digest, the values of sequences, and what the
//! write-ahead log says.

use std::collections::BTreeMap;

use clonegate_model::{
    Across, Digest, Disposition, Finding, Lineage, RelationState, Snapshot, Witness,
};

use crate::compare::two_lanes;
use crate::{Policy, place};

/// Rows, ranges and columns that a finding names; the snapshot has more.
const NAMED: usize = 3;

pub(crate) fn relations(before: &Snapshot, after: &Snapshot, policy: Policy<'_>) -> Vec<Finding> {
    let new: BTreeMap<&str, &RelationState> =
        after.relations.iter().map(|r| (r.name.as_str(), r)).collect();
    let one_key = before.digest_key == after.digest_key;
    // A frozen row keeps the low half of its id, and the same halves are given out again.
    let came_round = after.horizon.xmax > u64::from(u32::MAX);
    let mut findings = Vec::new();
    for old in &before.relations {
        // A relation that is gone or new is the catalog's finding.
        let Some(now) = new.get(old.name.as_str()) else { continue };
        let across = policy.organic.get(&old.name).copied().unwrap_or_default();
        findings.extend(remade(old, now, across));
        // Where either side has no lineage, the coverage manifest has the gap.
        let lineage = old.lineage.zip(now.lineage);
        let mut seen = lineage.and_then(|(entry, exit)| rows(old, now, entry, exit, across));
        if came_round && let Some(seen) = &mut seen {
            look_alike(seen, old, now, one_key);
        }
        // What lineage reports or the profile lets pass is not reported twice; growth is held against the
        // digest of the rows that were there.
        let is_growth = seen.as_ref().is_some_and(|f| f.disposition == Disposition::Organic)
            && across == Across::MayGrow;
        if let (Some(entry), Some(exit)) = (&old.digest, &now.digest)
            && two_lanes(entry, exit, one_key).is_none()
            && (seen.is_none() || is_growth)
        {
            findings.extend(contents(old, entry, exit, across));
        }
        findings.extend(seen);
    }
    findings
}

/// Why a relation's digests can't be held against each other although both were taken: one was hashed on the
/// server and the other here. Where both were hashed on the server with two keys, the snapshots are of two
/// runs, and the digests are not what they are compared by.
pub(crate) fn other_lane(
    before: &Snapshot,
    after: &Snapshot,
    old: &RelationState,
    now: &RelationState,
) -> Option<String> {
    let (entry, exit) = old.digest.as_ref().zip(now.digest.as_ref())?;
    let one_key = before.digest_key == after.digest_key;
    (entry.lane != exit.lane).then(|| two_lanes(entry, exit, one_key)).flatten()
}

/// That a relation is another one of the same name.
pub(crate) fn remade(old: &RelationState, now: &RelationState, across: Across) -> Option<Finding> {
    (old.oid != now.oid).then(|| Finding {
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
    })
}

fn rows(
    relation: &RelationState,
    now: &RelationState,
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
    let (disposition, explained) = match across {
        Across::MayChange => (Disposition::Organic, "the profile declares may-change"),
        Across::MayGrow if lost == 0 && settled => {
            (Disposition::Organic, "the profile declares may-grow")
        }
        Across::MayGrow => {
            (Disposition::Unexplained, "the profile declares may-grow, and that is no growth")
        }
        Across::Unchanged => (Disposition::Unexplained, "the profile does not declare it"),
    };
    let mut note = format!("{happened}; {explained}");
    let places = [changed_columns(relation, now), newer_rows(now, newer), lost_from(relation, now)];
    for place in places.into_iter().flatten() {
        note.push_str("; ");
        note.push_str(&place);
    }
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

/// Rows of 2³² transactions ago look newer than entry, too. Equal contents tell that nothing else is newer; without
/// digests it is said.
fn look_alike(seen: &mut Finding, old: &RelationState, now: &RelationState, one_key: bool) {
    let newer = now.lineage.and_then(|l| l.newer).unwrap_or_default();
    if newer == 0 || old.lineage.map(|l| l.rows) != now.lineage.map(|l| l.rows) {
        return;
    }
    let digests = old.digest.as_ref().zip(now.digest.as_ref());
    let equal = digests.is_some_and(|(entry, exit)| {
        two_lanes(entry, exit, one_key).is_none()
            && (&entry.recipe, entry.sum) == (&exit.recipe, exit.sum)
    });
    if equal {
        seen.witness = Witness::Digest;
        seen.disposition = Disposition::Unchanged;
        seen.note = format!(
            "its contents are what they were; {newer} rows have transaction ids that were given out since entry, and 2³² transactions ago"
        );
    } else {
        seen.note.push_str(
            "; rows of 2³² transactions ago have the same ids and look newer, too: a digest of the relation would tell",
        );
    }
}

/// Which rows are newer: where they are, and which transaction wrote them.
fn newer_rows(now: &RelationState, newer: u64) -> Option<String> {
    let shown: Vec<String> = now
        .newer_rows
        .iter()
        .take(NAMED)
        .map(|row| {
            let key = row.key.as_ref().map(|key| format!(" {key}")).unwrap_or_default();
            let at = row.committed_at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
            format!("{}{key} by transaction {}{at}", row.place, row.xid)
        })
        .collect();
    (!shown.is_empty()).then(|| format!("newer: {}", with_more(&shown, newer)))
}

/// From which ranges rows of entry are gone.
fn lost_from(entry: &RelationState, now: &RelationState) -> Option<String> {
    if entry.ranges.len() != now.ranges.len() {
        return None;
    }
    let mut lost = Vec::new();
    for (before, after) in entry.ranges.iter().zip(&now.ranges) {
        let kept = after.rows.saturating_sub(after.newer.unwrap_or_default());
        if (before.from, before.to) == (after.from, after.to) && kept < before.rows {
            let end = before.to.map_or_else(|| "the end".to_owned(), |to| to.to_string());
            lost.push(format!("{} from blocks {} to {end}", before.rows - kept, before.from));
        }
    }
    let all = lost.len() as u64;
    lost.truncate(NAMED);
    (!lost.is_empty()).then(|| format!("changed or removed: {}", with_more(&lost, all)))
}

fn changed_columns(entry: &RelationState, now: &RelationState) -> Option<String> {
    let columns = place::columns(entry, now);
    (!columns.is_empty()).then(|| format!("columns: {}", columns.join(", ")))
}

fn with_more(shown: &[String], all: u64) -> String {
    let more = all.saturating_sub(shown.len() as u64);
    let text = shown.join(", ");
    if more == 0 { text } else { format!("{text} and {more} more") }
}

/// What the digest says: are the rows that are not newer than entry the rows of entry? Without newer rows
/// those are all.
pub(crate) fn contents(
    relation: &RelationState,
    entry: &Digest,
    exit: &Digest,
    across: Across,
) -> Option<Finding> {
    let same_kind = entry.recipe == exit.recipe;
    if same_kind && exit.of_entry.unwrap_or(exit.sum) == entry.sum {
        return None;
    }
    let happened = if same_kind {
        "the contents of entry's rows are not what they were"
    } else {
        // The catalog names the columns; that the contents differ can't be said.
        "its columns changed, so that its contents can't be held against entry's"
    };
    let (disposition, explained) = match across {
        Across::MayChange => (Disposition::Organic, "the profile declares may-change"),
        Across::MayGrow => {
            (Disposition::Unexplained, "the profile declares may-grow, and that is no growth")
        }
        Across::Unchanged => (Disposition::Unexplained, "the profile does not declare it"),
    };
    let shown = |digest: &Digest| format!("{:x}", digest.sum.0 as u128 & u128::from(u64::MAX));
    Some(Finding {
        subject: format!("{} {}", relation.kind, relation.name),
        attribute: "contents".to_owned(),
        before: shown(entry),
        after: shown(exit),
        witness: Witness::Digest,
        disposition,
        note: format!("{happened}; {explained}"),
    })
}

/// Kinds of records by which the contents of a table change. `Heap/INPLACE` is none: VACUUM and ANALYZE write
/// counts with it, and index builds what there is for the planner.
const WRITES: [&str; 6] = [
    "Heap/INSERT",
    "Heap/UPDATE",
    "Heap/HOT_UPDATE",
    "Heap/DELETE",
    "Heap/TRUNCATE",
    "Heap2/MULTI_INSERT",
];

/// What ANALYZE writes, by hand or by autovacuum: the planner's statistics and what is stored apart of them.
const STATISTICS: [&str; 4] = [
    "pg_catalog.pg_statistic",
    "pg_catalog.pg_statistic_ext_data",
    "pg_toast.pg_toast_2619",
    "pg_toast.pg_toast_3429",
];

/// What the write-ahead log says of this database. It does not say what was committed, so it explains
/// nothing and excuses nothing: lineage, catalog and sequences decide, and this stands beside them.
pub(crate) fn log(after: &Snapshot) -> Vec<Finding> {
    let writes = after.wal.iter().flat_map(|wal| wal.since_entry.iter().flatten());
    let mut by_relation: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for write in writes.filter(|w| w.database == after.identity.database_oid) {
        let statistics = write.relation.as_deref().is_some_and(|name| STATISTICS.contains(&name));
        if WRITES.contains(&write.kind.as_str()) && !statistics {
            let name = write.relation.clone().unwrap_or_else(|| {
                format!("a relation with the file {}, which is not there any more", write.filenode)
            });
            by_relation.entry(name).or_default().push(format!("{} {}", write.records, write.kind));
        }
    }
    by_relation
        .into_iter()
        .map(|(name, kinds)| Finding {
            subject: name,
            attribute: "write-ahead log".to_owned(),
            before: String::new(),
            after: kinds.join(", "),
            witness: Witness::Wal,
            disposition: Disposition::Unchanged,
            note: "it was written to, by transactions that committed or did not; the other witnesses say what is left of it".to_owned(),
        })
        .collect()
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
