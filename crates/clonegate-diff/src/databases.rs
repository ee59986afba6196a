//! Two databases, production and a clone: definitions, contents by digest, sequences. What is expected to
//! differ is left out, by name and with the reason.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use clonegate_model::{
    Across, CatalogObject, Compared, Coverage, Covered, Differences, Disposition, Finding, Located,
    NotEstablished, Place, RelationState, SequenceState, Snapshot, Witness,
};

use crate::catalog::{self, keyed};
use crate::compare::{Contents, compare_contents};
use crate::snapshots::{Proofs, gaps};
use crate::{Additions, Policy, unlisted};

/// What of two databases is compared although it is expected to differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Besides {
    /// Who owns an object.
    pub owners: Held,
    /// Who may do what with it.
    pub grants: Held,
}

/// Whether something is held against each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Held {
    /// It is.
    Compared,
    /// It is left out.
    #[default]
    LeftOut,
}

/// Classes that a server keeps, and not a database, or that say where a database belongs.
const OF_THE_SERVER: &[(&str, &str)] = &[
    ("database", "its name, owner and limits are a database's own"),
    ("other database", "they are the server's"),
    ("setting", "they are given to a database or a role by its name"),
    ("role", "they are the server's"),
    ("membership", "they are the server's"),
    ("tablespace", "they are the server's"),
    ("replication slot", "they are the server's"),
    ("replication origin", "they are the server's"),
    ("server setting", "they are the server's"),
    ("file setting", "they are the server's"),
    ("parameter privilege", "they are the server's"),
    ("subscription", "a clone has none of its own, or it would take production's changes"),
    ("subscription connection", "a clone has none of its own"),
];

/// Of two servers, what came with each.
const SYSTEM: &str = "system";

/// Attributes that a copy does not keep.
const NOT_KEPT: &[(&str, &str)] = &[
    ("owned by column", "a column's number changes where columns were dropped before the copy"),
    ("members md5", "it is made of OIDs"),
    ("tablespace", "where it is stored is the server's business"),
    ("clustered", "by which index a table was last clustered is no part of its contents"),
    ("no inherit", "a dump gives it to the keys of partitions; of a check its definition says it"),
];

/// Compares what two databases are and contain. Both snapshots must have been taken with one key and with
/// a digest of every relation.
///
/// `organic` names relations that may differ, `waive` what need not be covered, with the reason.
#[must_use]
pub fn compare_databases(
    first: &Snapshot,
    second: &Snapshot,
    besides: Besides,
    organic: &BTreeMap<String, Across>,
    waive: &BTreeMap<String, String>,
) -> Differences {
    if first.identity.is_same_database(&second.identity) {
        let why = format!("both are {}, one database", first.identity.database);
        return Differences::impossible((first, second), why);
    }
    let one_server = first.identity.system_identifier == second.identity.system_identifier;
    let mut classes: Vec<(&str, &str)> = OF_THE_SERVER.to_vec();
    if !one_server {
        classes.push((SYSTEM, "what came with a server is the server's"));
    }
    if besides.grants == Held::LeftOut {
        classes.push(("default privilege", "--grants compares them"));
    }
    let mut attributes: Vec<(&str, &str)> = NOT_KEPT.to_vec();
    if besides.owners == Held::LeftOut {
        attributes.push(("owner", "--owners compares them"));
    }
    if besides.grants == Held::LeftOut {
        attributes.push(("acl", "--grants compares them"));
        attributes.push(("type acl", "--grants compares them"));
    }
    let unlisted: Vec<&str> = unlisted(first).chain(unlisted(second)).collect();
    let plain = |snapshot: &Snapshot| {
        let kept = snapshot.catalog.iter().filter(|o| {
            let class = o.class.as_str();
            let is_grant = besides.grants == Held::LeftOut
                && class == SYSTEM
                && o.identity.starts_with("grants on ");
            !unlisted.contains(&class)
                && !classes.iter().any(|(name, _)| *name == class)
                && !is_grant
        });
        normalised(kept, &attributes)
    };
    let (old, new) = (plain(first), plain(second));
    let definitions = new.len() as u64;
    let (in_first, in_second) = (relations(&old), relations(&new));
    let (old, new) = (without_parts(old, &in_second), without_parts(new, &in_first));
    let nothing = BTreeMap::new();
    let policy = Policy { organic: &nothing, additions: Additions::Unexplained };
    let found = catalog::between(&keyed(&old), &keyed(&new), policy);
    let mut findings: Vec<Located> = found
        .into_iter()
        .map(|mut finding| {
            finding.note = match (finding.before.as_str(), finding.after.as_str()) {
                ("there", "") => "only the first has it".to_owned(),
                ("", "there") => "only the second has it".to_owned(),
                _ => "it is defined otherwise".to_owned(),
            };
            Located { finding, place: None }
        })
        .collect();

    let proofs = Proofs { one_key: true, still: false };
    let (gaps, waived) = gaps(first, second, waive, proofs);
    // Sessions and the log say what happened, and not what there is.
    let is_left_out = |gap: &NotEstablished| {
        let class = gap.subject.strip_prefix("catalog ").unwrap_or(&gap.subject);
        matches!(gap.witness, Witness::Check | Witness::Wal)
            || classes.iter().any(|(name, _)| *name == class)
    };
    let mut open: Vec<NotEstablished> = gaps.into_iter().filter(|gap| !is_left_out(gap)).collect();
    let mut compared = Compared { definitions, ..Compared::default() };
    // A materialized view that is populated in neither has nothing to compare.
    let has_no_rows = |snapshot: &Snapshot, name: &str| {
        let its = |c: &&Coverage| c.subject == name;
        let lines = snapshot.coverage.iter().filter(its);
        lines.map(|c| &c.covered).any(|covered| matches!(covered, Covered::NotNeeded(_)))
    };
    let named = |name: &str, open: &[NotEstablished]| {
        let is_waived = waive.contains_key(name);
        is_waived
            || open.iter().any(|gap| gap.subject == name)
            || has_no_rows(first, name) && has_no_rows(second, name)
    };
    for crate::Compared { relation, contents } in compare_contents(first, second) {
        match contents {
            Contents::Equal { rows } => {
                compared.relations += 1;
                compared.rows += rows;
            }
            Contents::Different { first: a, second: b, columns } => {
                compared.relations += 1;
                compared.rows += b;
                findings.push(different(first, &relation, (a, b), columns, organic));
            }
            Contents::NotComparable(reason) if !named(&relation, &open) => {
                open.push(NotEstablished { subject: relation, witness: Witness::Digest, reason });
            }
            // The definitions have it, or the manifest.
            Contents::NotComparable(_) | Contents::OnlyInFirst | Contents::OnlyInSecond => {}
        }
    }
    for finding in sequences(first, second, organic, &mut compared) {
        findings.push(Located { finding, place: None });
    }
    let left_out = classes
        .iter()
        .map(|(name, why)| format!("{name}: {why}"))
        .chain(attributes.iter().map(|(name, why)| format!("attribute {name}: {why}")))
        .collect();
    let differences = Differences::new((first, second), compared, findings, open);
    Differences { waived, left_out, ..differences }
}

/// Definitions without those that are there only because what they hang on is: the columns of a table
/// that the other has not.
fn without_parts(objects: Vec<CatalogObject>, others: &BTreeSet<String>) -> Vec<CatalogObject> {
    let its = relations(&objects);
    let comes_with_another = |o: &CatalogObject| {
        let of = o.attributes.get("on").or_else(|| o.attributes.get("owned by"));
        of.is_some_and(|relation| its.contains(relation) && !others.contains(relation))
    };
    objects.into_iter().filter(|o| !comes_with_another(o)).collect()
}

fn relations(objects: &[CatalogObject]) -> BTreeSet<String> {
    objects.iter().filter(|o| o.class == "relation").map(|o| o.identity.clone()).collect()
}

/// Definitions without the attributes that are left out, and columns by their order instead of their
/// number, which has gaps where columns were dropped.
fn normalised<'a>(
    objects: impl Iterator<Item = &'a CatalogObject>,
    left_out: &[(&str, &str)],
) -> Vec<CatalogObject> {
    let mut objects: Vec<Cow<'a, CatalogObject>> = objects.map(Cow::Borrowed).collect();
    let mut columns: BTreeMap<String, Vec<(u64, usize)>> = BTreeMap::new();
    for (at, object) in objects.iter_mut().enumerate() {
        let has = |name: &str| object.attributes.get(name).is_some();
        if left_out.iter().any(|(name, _)| has(name)) {
            let kept = object.to_mut();
            kept.attributes.retain(|name| !left_out.iter().any(|(left, _)| *left == name));
        }
        if object.attributes.values().any(|text| text.contains(CAST_ARRAY)) {
            object.to_mut().attributes.rewrite(|text| Cow::Owned(as_restored(text)));
        }
        if object.class == "column"
            && let (Some(on), Some(position)) =
                (object.attributes.get("on"), object.attributes.get("position"))
            && let Ok(position) = position.parse()
        {
            columns.entry(on.to_owned()).or_default().push((position, at));
        }
    }
    for of_one in columns.values_mut() {
        of_one.sort_unstable();
        for (rank, (position, at)) in (1_u64..).zip(of_one.iter()) {
            if rank != *position {
                let attributes = &mut objects[*at].to_mut().attributes;
                attributes.insert("position", &rank.to_string());
            }
        }
    }
    objects.into_iter().map(Cow::into_owned).collect()
}

/// How a list of `varchar` values begins where a column of that type is held against it.
const CAST_ARRAY: &str = "(ARRAY[";

/// An expression as the server writes it after a dump and a restore: `(ARRAY[a, b])::text[]` becomes
/// `ARRAY[(a)::text, (b)::text]`, which means the same.
fn as_restored(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(CAST_ARRAY) {
        let inside = &rest[start + CAST_ARRAY.len()..];
        let (before, behind) = rest.split_at(start);
        out.push_str(before);
        match elements(inside) {
            Some((elements, after)) if after.starts_with(")::text[]") => {
                let cast: Vec<String> = elements.iter().map(|e| format!("({e})::text")).collect();
                out.push_str(&format!("ARRAY[{}]", cast.join(", ")));
                rest = &after[")::text[]".len()..];
            }
            _ => {
                out.push_str(CAST_ARRAY);
                rest = &behind[CAST_ARRAY.len()..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The elements up to the bracket that closes a list, and what follows it; texts in quotes are whole.
fn elements(list: &str) -> Option<(Vec<&str>, &str)> {
    let (mut depth, mut quoted, mut start) = (0_u32, false, 0);
    let mut elements = Vec::new();
    for (at, c) in list.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' => depth += 1,
            ']' if depth == 0 => {
                elements.push(list[start..at].trim());
                return Some((elements, &list[at + 1..]));
            }
            ')' | ']' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => {
                elements.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    None
}

fn different(
    first: &Snapshot,
    relation: &str,
    (before, after): (u64, u64),
    columns: Vec<String>,
    organic: &BTreeMap<String, Across>,
) -> Located {
    let of = |r: &&RelationState| r.name == relation;
    let kind = first.relations.iter().find(of).map_or_else(String::new, |r| format!("{} ", r.kind));
    let (disposition, note) = declared(relation, organic, before != after);
    let place = Place { columns, ..Place::default() };
    Located {
        finding: Finding {
            subject: format!("{kind}{relation}"),
            attribute: "contents".to_owned(),
            before: format!("{before} rows"),
            after: format!("{after} rows"),
            witness: Witness::Digest,
            disposition,
            note: format!("its contents are not the same; {note}"),
        },
        place: Some(place).filter(|p| !p.is_nowhere()),
    }
}

/// What the profile says of a difference. Between two databases growth can't be told from other changes row by row; as
/// many rows on both sides are none.
fn declared(
    name: &str,
    organic: &BTreeMap<String, Across>,
    have_grown: bool,
) -> (Disposition, String) {
    match organic.get(name) {
        Some(Across::MayGrow) if !have_grown => (
            Disposition::Unexplained,
            "the profile declares may-grow, and there are as many rows".to_owned(),
        ),
        Some(across @ (Across::MayGrow | Across::MayChange)) => {
            (Disposition::Organic, format!("the profile declares {across}"))
        }
        Some(Across::Unchanged) | None => {
            (Disposition::Unexplained, "the profile does not declare it".to_owned())
        }
    }
}

fn sequences(
    first: &Snapshot,
    second: &Snapshot,
    organic: &BTreeMap<String, Across>,
    compared: &mut Compared,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let others: BTreeMap<&str, &SequenceState> =
        second.sequences.iter().map(|s| (s.name.as_str(), s)).collect();
    for a in &first.sequences {
        let Some(b) = others.get(a.name.as_str()) else { continue };
        compared.sequences += 1;
        if (a.last_value, a.is_called) == (b.last_value, b.is_called) {
            continue;
        }
        let owner = first
            .catalog
            .iter()
            .find(|o| o.class == "relation" && o.identity == a.name)
            .and_then(|o| o.attributes.get("owned by"));
        let name = match owner {
            Some(owner) if !organic.contains_key(&a.name) => owner,
            _ => &a.name,
        };
        let (disposition, note) = declared(name, organic, a.last_value != b.last_value);
        let shown = |value: i64, called: bool| {
            if called { value.to_string() } else { format!("{value} (not called)") }
        };
        findings.push(Finding {
            subject: format!("sequence {}", a.name),
            attribute: "last value".to_owned(),
            before: shown(a.last_value, a.is_called),
            after: shown(b.last_value, b.is_called),
            witness: Witness::Sequence,
            disposition,
            note: format!("it stands elsewhere; {note}"),
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_written_as_after_a_restore_and_nothing_else_is_touched() {
        let dumped = "CHECK (((a)::text = ANY ((ARRAY['x, y'::character varying, 'it''s ])'::character varying])::text[])))";
        let restored = "CHECK (((a)::text = ANY (ARRAY[('x, y'::character varying)::text, ('it''s ])'::character varying)::text])))";
        assert_eq!(as_restored(dumped), restored);
        assert_eq!(as_restored(restored), restored);
        for text in
            ["(ARRAY[1, 2])::bigint[]", "(ARRAY['x'", "((a OR b) AND c)", "'(ARRAY[')::text[]"]
        {
            assert_eq!(as_restored(text), text);
        }
    }
}
