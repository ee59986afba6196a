//! A database and another one that was made from it by dump and restore: nothing physical is the same.

use std::collections::{BTreeMap, BTreeSet};

use clonegate_model::{Across, Disposition, Finding, Snapshot, Witness};

use crate::settled::settled;
use crate::{
    Additions, Compared, Contents, NOT_COPIED, NotComparable, Policy, catalog, compare_contents,
    rows,
};

/// What of a definition may differ after dump and restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Definitions {
    /// Nothing that a dump carries.
    Whole,
    /// Owners and grants: the dump was restored without them.
    WithoutOwnersAndGrants,
}

/// A restored copy, compared with what it was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// What differs.
    pub findings: Vec<Finding>,
    /// How many relations have the same rows, by digest.
    pub by_digest: usize,
    /// Relations of which there is no digest on both sides, by name, each with the reason.
    pub without_digest: Vec<(String, String)>,
}

/// Classes that a server keeps and a dump of one database does not carry.
pub(crate) const OF_THE_SERVER: [&str; 9] = [
    "role",
    "membership",
    "server setting",
    "file setting",
    "parameter privilege",
    "tablespace",
    "replication slot",
    "replication origin",
    "system",
];

/// What names roles of the server that its clone's server need not have.
const OF_ROLES: [&str; 2] = ["user mapping", "default privilege"];

/// Dropped columns leave gaps in the positions of the one and not of the other.
const POSITIONS: [&str; 2] = ["position", "owned by column"];

/// Compares two databases, wherever they are, of which the second was made from the first: definitions,
/// contents by digest, and sequences. Roles, settings and other things that a server keeps are left out; so
/// are publications and subscriptions, which a clone must not have. Sequences are outside of snapshots: one
/// that moves while a dump is made is explained by `organic`, as its relation.
#[must_use]
pub fn compare_clone(
    first: &Snapshot,
    second: &Snapshot,
    definitions: Definitions,
    organic: &BTreeMap<String, Across>,
) -> Restored {
    let mut left_out: Vec<&str> = NOT_COPIED.to_vec();
    left_out.extend(crate::unlisted(first).chain(crate::unlisted(second)));
    left_out.extend(OF_THE_SERVER);
    left_out.extend(OF_ROLES);
    left_out.extend(["publication", "published relation", "published schema"]);
    let policy = Policy { organic, additions: Additions::Unexplained };
    let differs = |finding: &Finding| {
        let attribute = finding.attribute.as_str();
        let granted = attribute == "owner" || attribute == "acl" || attribute == "type acl";
        let kept = !granted || definitions == Definitions::Whole;
        kept && !POSITIONS.contains(&attribute)
    };
    let findings = definitions_of(first, second, policy, &left_out);
    let mut result = Restored { findings, ..Restored::default() };
    result.findings.retain(differs);
    result.contents(first, second);
    result.findings.extend(rows::sequences(first, second, policy));
    result
}

/// Compares definitions as they are after dump and restore.
fn definitions_of(
    first: &Snapshot,
    second: &Snapshot,
    policy: Policy<'_>,
    left_out: &[&str],
) -> Vec<Finding> {
    let settle = |snapshot: &Snapshot| {
        let mut catalog = snapshot.catalog.clone();
        for object in catalog.iter_mut().filter(|object| object.class == "constraint") {
            // Only a check can be kept from children. The key of a partition that was attached by itself
            // is marked so all the same, and that of one that was made with its table is not.
            let is_key = ["PRIMARY KEY", "UNIQUE", "EXCLUDE", "FOREIGN KEY"].iter().any(|word| {
                object.attributes.get("definition").is_some_and(|d| d.starts_with(word))
            });
            if is_key {
                object.attributes.remove("no inherit");
            }
        }
        for object in &mut catalog {
            object.attributes.rewrite(settled);
        }
        catalog
    };
    let (first, second) = (settle(first), settle(second));
    catalog::compare_catalogs(&first, &second, policy, left_out)
}

impl Restored {
    /// Compares contents by digest, and gives the relations of which that said something.
    fn contents(&mut self, first: &Snapshot, second: &Snapshot) -> BTreeSet<String> {
        let mut settled = BTreeSet::new();
        for Compared { relation, contents } in compare_contents(first, second) {
            match contents {
                Contents::Equal { .. } => {
                    self.by_digest += 1;
                    settled.insert(relation);
                }
                Contents::Different { first, second, columns } => {
                    self.findings.push(different(&relation, (first, second), &columns));
                    settled.insert(relation);
                }
                Contents::NotComparable(why) => self.without_digest.push((relation, why)),
                // The catalog's findings.
                Contents::OnlyInFirst | Contents::OnlyInSecond => {}
            }
        }
        settled
    }
}

/// Compares a snapshot with one of a copy that was made by dump and restore, in the same server.
///
/// `restored` is the copy as it was when it was restored, where `after` was read against it: what has no
/// digest on both sides must then at least be untouched since, by lineage.
///
/// # Errors
/// [`NotComparable`], which is neither "equal" nor "different".
pub fn diff_restored(
    before: &Snapshot,
    restored: Option<&Snapshot>,
    after: &Snapshot,
) -> Result<Restored, NotComparable> {
    let organic: BTreeMap<String, Across> = BTreeMap::new();
    let policy = Policy { organic: &organic, additions: Additions::Unexplained };
    let mut left_out: Vec<&str> = NOT_COPIED.to_vec();
    left_out.extend(crate::unlisted(before).chain(crate::unlisted(after)));
    let findings = definitions_of(before, after, policy, &left_out);
    let mut result = Restored { findings, ..Restored::default() };
    result.findings.retain(|finding| !POSITIONS.contains(&finding.attribute.as_str()));
    let settled = result.contents(before, after);
    if let Some(restored) = restored {
        if crate::unread(after) {
            return Err(NotComparable::Baseline);
        }
        let known: BTreeSet<&str> = before.relations.iter().map(|r| r.name.as_str()).collect();
        let mut then = restored.clone();
        // Of what has a digest on both sides, that is the better answer.
        then.relations.retain(|r| known.contains(r.name.as_str()) && !settled.contains(&r.name));
        result.findings.extend(rows::relations(&then, after, policy));
    }
    result.findings.extend(rows::sequences(before, after, policy));
    Ok(result)
}

/// The finding that contents differ.
fn different(relation: &str, rows: (u64, u64), columns: &[String]) -> Finding {
    let mut note = "its rows are not the same".to_owned();
    if !columns.is_empty() {
        note.push_str(&format!("; columns: {}", columns.join(", ")));
    }
    Finding {
        subject: format!("table {relation}"),
        attribute: "rows".to_owned(),
        before: rows.0.to_string(),
        after: rows.1.to_string(),
        witness: Witness::Digest,
        disposition: Disposition::Unexplained,
        note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::snapshot;
    use clonegate_model::{DigestKey, HashSum, Phase};

    /// The same database, dumped and restored: other OIDs, every row new, a gap in the positions closed.
    fn copy(phase: Phase) -> Snapshot {
        let mut copy = snapshot(phase);
        copy.identity.database_oid = 20_000;
        copy.relations[0].oid = 9;
        copy.catalog[1].attributes.insert("owned by column", "3");
        copy
    }

    #[test]
    fn a_restored_copy_is_equal_by_digest_and_definition() {
        let result = diff_restored(&snapshot(Phase::Entry), None, &copy(Phase::Entry)).unwrap();
        assert_eq!((result.findings.as_slice(), result.by_digest), (&[][..], 1));
        let mut other = copy(Phase::Entry);
        if let Some(digest) = &mut other.relations[0].digest {
            digest.sum = HashSum(78);
        }
        other.sequences[0].last_value = 9;
        let result = diff_restored(&snapshot(Phase::Entry), None, &other).unwrap();
        let found: Vec<&str> = result.findings.iter().map(|f| f.attribute.as_str()).collect();
        assert_eq!(found, ["rows", "last value"]);
    }

    #[test]
    fn without_a_digest_a_relation_must_be_untouched_since_it_was_restored() {
        let mut before = snapshot(Phase::Entry);
        before.relations[0].digest = None;
        let restored = copy(Phase::Entry);
        let mut after = copy(Phase::Exit);
        let result = diff_restored(&before, Some(&restored), &after).unwrap();
        assert_eq!((result.findings.len(), result.without_digest.len()), (0, 1));
        if let Some(lineage) = &mut after.relations[0].lineage {
            lineage.newer = Some(1);
        }
        let result = diff_restored(&before, Some(&restored), &after).unwrap();
        assert_eq!(result.findings.len(), 1, "{result:?}");
        // What was not read against the restored copy says nothing.
        let unread = copy(Phase::Entry);
        assert_eq!(diff_restored(&before, Some(&restored), &unread), Err(NotComparable::Baseline));
    }

    #[test]
    fn owners_and_grants_count_only_where_they_were_restored() {
        let first = snapshot(Phase::Entry);
        let mut second = copy(Phase::Entry);
        second.catalog[0].attributes.insert("owner", "clone_owner");
        let found = |definitions| {
            compare_clone(&first, &second, definitions, &BTreeMap::new()).findings.len()
        };
        assert_eq!(found(Definitions::WithoutOwnersAndGrants), 0);
        assert_eq!(found(Definitions::Whole), 1);
        second.digest_key = DigestKey(2);
        let other_key =
            compare_clone(&first, &second, Definitions::WithoutOwnersAndGrants, &BTreeMap::new());
        assert_eq!((other_key.by_digest, other_key.without_digest.len()), (0, 1));
    }
}
