//! Two snapshots in, findings out.
//!
//! [`diff`] compares two snapshots of one database of which the second was read against the first,
//! [`diff_copy`] a snapshot with one of a physical copy. [`compare_snapshots`] takes any two snapshots of
//! one database and names what they leave open, [`compare_databases`] two databases. All are pure: the same two snapshots always give the same findings, in the same order. A
//! finding says what differs and whether the [`Policy`] explains it; what was not covered by one of the
//! snapshots is not a finding, it stands in its coverage manifest.
//!
//! The crate asks no database and decides no verdict.

mod catalog;
mod compare;
mod databases;
mod place;
mod restored;
mod rows;
mod settled;
mod snapshots;

use std::collections::BTreeMap;

use clonegate_model::{Across, Covered, Finding, Snapshot, Witness};

use snapshots::Baseline;

pub use compare::{Compared, Contents, compare_contents};
pub use databases::{Besides, Held, compare_databases};
pub use restored::{Definitions, Restored, compare_clone, diff_restored};
pub use snapshots::compare_snapshots;

/// What explains a difference.
#[derive(Debug, Clone, Copy)]
pub struct Policy<'a> {
    /// Relations and sequences that may change, by their quoted name, and how.
    pub organic: &'a BTreeMap<String, Across>,
    /// What is to be thought of new definitions.
    pub additions: Additions<'a>,
}

/// What is to be thought of new definitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Additions<'a> {
    /// Nothing explains them.
    Unexplained,
    /// The run may make them, if each carries the marker in its comment.
    Marked(&'a str),
}

/// Why two snapshots can't be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotComparable {
    /// They are of two databases.
    #[error(
        "the first snapshot is of {before} and the second of {after}; the database was exchanged or the target is another one"
    )]
    Database {
        /// Name, oid and cluster of the first.
        before: String,
        /// Name, oid and cluster of the second.
        after: String,
    },
    /// The second was not read against the first.
    #[error("the second snapshot does not say which rows are newer than the first one's horizon")]
    Baseline,
    /// The second is older, or the server was set back.
    #[error(
        "the first snapshot's horizon is {before} and the second's {after}, which is older: exchange them; if they are in order, the server was set back to an earlier state, or is another copy of it"
    )]
    Backwards {
        /// The first one's horizon.
        before: String,
        /// The second one's.
        after: String,
    },
    /// The server was promoted, or recovered to an earlier point, or is another copy. What was lost then left no trace
    /// in the rows that are there.
    #[error(
        "the first snapshot is of {before} and the second of {after}: the server was promoted or set back to an earlier state in between, or is another copy of it, and what was lost by that can't be seen in its rows; take both snapshots after it"
    )]
    History {
        /// Timeline and last checkpoint of the first.
        before: String,
        /// Those of the second.
        after: String,
    },
    /// A relation's digests were taken in two lanes, so that neither says something about the other.
    #[error("the contents of {relation} can't be compared: {why}")]
    Contents {
        /// Which.
        relation: String,
        /// Why not.
        why: String,
    },
}

/// Compares two snapshots of one database.
///
/// # Errors
/// [`NotComparable`], which is neither "equal" nor "different".
pub fn diff(
    before: &Snapshot,
    after: &Snapshot,
    policy: Policy<'_>,
) -> Result<Vec<Finding>, NotComparable> {
    same_database(before, after)?;
    compare(before, after, policy, &[])
}

fn same_database(before: &Snapshot, after: &Snapshot) -> Result<(), NotComparable> {
    if before.identity.is_same_database(&after.identity) {
        return Ok(());
    }
    let name = |s: &Snapshot| {
        let i = &s.identity;
        format!("{} (oid {}, cluster {})", i.database, i.database_oid, i.system_identifier)
    };
    Err(NotComparable::Database { before: name(before), after: name(after) })
}

/// Compares two snapshots of one database, and of its server nothing: other databases, roles and settings come
/// and go while a clone lives, and a script on the clone can't touch them.
///
/// # Errors
/// [`NotComparable`], which is neither "equal" nor "different".
pub fn diff_database(
    before: &Snapshot,
    after: &Snapshot,
    policy: Policy<'_>,
) -> Result<Vec<Finding>, NotComparable> {
    let mut findings = diff(before, after, policy)?;
    let classes = restored::OF_THE_SERVER.iter().chain(&["other database"]);
    let of_server: Vec<String> = classes.map(|class| format!("{class} ")).collect();
    // A subject begins with its class; what is a relation's begins with the relation's kind.
    findings.retain(|finding| {
        finding.witness != Witness::Catalog
            || !of_server.iter().any(|class| finding.subject.starts_with(class.as_str()))
    });
    Ok(findings)
}

/// Compares a snapshot with one of a physical copy in the same cluster (`CREATE DATABASE …
/// TEMPLATE`), which keeps every row's `xmin` and every object's oid, but not what the cluster
/// keeps about a database: its grants, settings, subscriptions and comment.
///
/// # Errors
/// [`NotComparable`], which is neither "equal" nor "different".
pub fn diff_copy(
    before: &Snapshot,
    copy: &Snapshot,
    policy: Policy<'_>,
) -> Result<Vec<Finding>, NotComparable> {
    if before.identity.system_identifier != copy.identity.system_identifier {
        return Err(NotComparable::Database {
            before: format!("cluster {}", before.identity.system_identifier),
            after: format!("cluster {}", copy.identity.system_identifier),
        });
    }
    compare(before, copy, policy, &NOT_COPIED)
}

/// Classes of definitions that the cluster keeps about a database, and not the database itself. The copy
/// is one of the other databases, and the database one of the copy's.
const NOT_COPIED: [&str; 5] =
    ["database", "other database", "setting", "subscription", "subscription connection"];

fn compare(
    before: &Snapshot,
    after: &Snapshot,
    policy: Policy<'_>,
    left_out: &[&str],
) -> Result<Vec<Finding>, NotComparable> {
    snapshots::in_order(before, after)?;
    if matches!(snapshots::baseline(before, after), Baseline::Unknown) {
        return Err(NotComparable::Baseline);
    }
    let mut left_out: Vec<&str> = left_out.to_vec();
    left_out.extend(unlisted(before).chain(unlisted(after)));
    let mut findings = catalog::compare(before, after, policy, &left_out);
    for (old, now, _) in snapshots::pairs(before, after, policy) {
        if let Some(why) = rows::other_lane(before, after, old, now) {
            return Err(NotComparable::Contents { relation: old.name.clone(), why });
        }
    }
    findings.extend(rows::relations(before, after, policy));
    findings.extend(rows::sequences(before, after, policy));
    findings.extend(rows::log(after));
    Ok(findings)
}

/// Whether a snapshot was not read against an earlier one.
fn unread(snapshot: &Snapshot) -> bool {
    snapshot.relations.iter().filter_map(|r| r.lineage).any(|l| l.newer.is_none())
}

/// Classes of definitions that could not be listed: that they are missing says nothing about them.
fn unlisted(snapshot: &Snapshot) -> impl Iterator<Item = &str> {
    let gaps = snapshot.coverage.iter().filter(|c| matches!(c.covered, Covered::Gap(_)));
    gaps.filter_map(|c| c.subject.strip_prefix("catalog "))
}

#[cfg(test)]
mod tests;
