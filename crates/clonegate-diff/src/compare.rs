//! Two databases' contents: production and a clone, wherever they are.

use std::collections::BTreeMap;

use clonegate_model::{Comparable, Digest, Lane, RelationState, Snapshot};

/// What can be said of one relation in two databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The relation's quoted name.
    pub relation: String,
    /// What can be said.
    pub contents: Contents,
}

/// Whether a relation's contents are the same in two databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// The same rows, bit for bit, in whatever order.
    Equal {
        /// How many.
        rows: u64,
    },
    /// Not the same.
    Different {
        /// Rows in the first.
        first: u64,
        /// Rows in the second.
        second: u64,
        /// The columns that differ, where that is known.
        columns: Vec<String>,
    },
    /// It is in one of them only.
    OnlyInFirst,
    /// It is in one of them only.
    OnlyInSecond,
    /// Nothing can be said, and why.
    NotComparable(String),
}

/// Compares what two databases contain, by digest. Both snapshots must have been taken with one
/// [`DigestKey`](clonegate_model::DigestKey).
///
/// Relations that hold no rows of their own (partitioned and foreign tables) are left out.
#[must_use]
pub fn compare_contents(first: &Snapshot, second: &Snapshot) -> Vec<Compared> {
    let by_name = |s: &Snapshot| -> BTreeMap<String, RelationState> {
        s.relations.iter().map(|r| (r.name.clone(), r.clone())).collect()
    };
    let (a, b) = (by_name(first), by_name(second));
    let one_key = first.digest_key == second.digest_key;
    let one_database = first.identity.is_same_database(&second.identity);
    let mut compared = Vec::new();
    let names = a.keys().chain(b.keys().filter(|name| !a.contains_key(*name)));
    for name in names {
        let contents = match (a.get(name), b.get(name)) {
            (Some(x), Some(y)) => match (&x.digest, &y.digest) {
                _ if !holds_rows(x) && !holds_rows(y) => continue,
                (Some(x), Some(y)) => digests(x, y, one_key, one_database),
                (None, _) => Contents::NotComparable("the first has no digest of it".to_owned()),
                (_, None) => Contents::NotComparable("the second has no digest of it".to_owned()),
            },
            (Some(x), None) if holds_rows(x) => Contents::OnlyInFirst,
            (None, Some(y)) if holds_rows(y) => Contents::OnlyInSecond,
            _ => continue,
        };
        compared.push(Compared { relation: name.clone(), contents });
    }
    compared
}

fn holds_rows(relation: &RelationState) -> bool {
    use clonegate_model::RelationKind::{MaterializedView, Table};
    matches!(relation.kind, Table | MaterializedView)
}

/// Why nothing can be said of two digests that were not taken in one lane, with one key.
pub(crate) fn two_lanes(x: &Digest, y: &Digest, one_key: bool) -> Option<String> {
    match (x.lane, y.lane) {
        (Lane::Server, Lane::Server) if one_key => None,
        (Lane::Streamed { key: x }, Lane::Streamed { key: y }) if x == y => None,
        (Lane::Server, Lane::Server) | (Lane::Streamed { .. }, Lane::Streamed { .. }) => {
            Some("the digests have two keys; take both snapshots with one".to_owned())
        }
        (x, y) => Some(format!("one was hashed {x} and the other {y}; take both in one lane")),
    }
}

fn digests(x: &Digest, y: &Digest, one_key: bool, one_database: bool) -> Contents {
    if let Some(why) = two_lanes(x, y, one_key) {
        return Contents::NotComparable(why);
    }
    let any = x.comparable == Comparable::AnyServer && y.comparable == Comparable::AnyServer;
    if !any && !one_database {
        return Contents::NotComparable(
            "it has too many columns to be written out one by one, and its rows as they are stored contain OIDs of their own database".to_owned(),
        );
    }
    if x.recipe != y.recipe {
        return Contents::NotComparable(format!(
            "it has other columns, or they are hashed otherwise: {} in the first, {} in the second",
            x.recipe, y.recipe
        ));
    }
    if (x.rows, x.sum) == (y.rows, y.sum) {
        return Contents::Equal { rows: x.rows };
    }
    let both = x.columns.iter().filter_map(|(name, sum)| Some((name, sum, y.columns.get(name)?)));
    let columns = both.filter(|(_, a, b)| a != b).map(|(name, _, _)| name.clone()).collect();
    Contents::Different { first: x.rows, second: y.rows, columns }
}
