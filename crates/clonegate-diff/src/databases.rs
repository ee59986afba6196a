//! Two databases, production and a clone: definitions, contents by digest, sequences. What is expected to
//! differ is left out, by name and with the reason.

use std::borrow::Cow;
use std::collections::BTreeMap;

use clonegate_model::{
    Across, CatalogObject, Compared, Differences, Disposition, Finding, Located, NotEstablished,
    Place, RelationState, Snapshot, Witness,
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
    let nothing = BTreeMap::new();
    let policy = Policy { organic: &nothing, additions: Additions::Unexplained };
    let definitions = catalog::between(&keyed(&old), &keyed(&new), policy);
    let mut findings: Vec<Located> = definitions
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
    let is_left_out = |subject: &str| {
        let class = subject.strip_prefix("catalog ").unwrap_or(subject);
        classes.iter().any(|(name, _)| *name == class)
    };
    let mut open: Vec<NotEstablished> =
        gaps.into_iter().filter(|gap| !is_left_out(&gap.subject)).collect();
    let mut compared = Compared { definitions: new.len() as u64, ..Compared::default() };
    let named = |name: &str, open: &[NotEstablished]| {
        let is_waived = waive.contains_key(name);
        is_waived || open.iter().any(|gap| gap.subject == name)
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

/// Definitions without the attributes that are left out, and columns by their order instead of their
/// number, which has gaps where columns were dropped.
fn normalised<'a>(
    objects: impl Iterator<Item = &'a CatalogObject>,
    left_out: &[(&str, &str)],
) -> Vec<CatalogObject> {
    let mut objects: Vec<Cow<'a, CatalogObject>> = objects.map(Cow::Borrowed).collect();
    let mut columns: BTreeMap<String, Vec<(u64, usize)>> = BTreeMap::new();
    for (at, object) in objects.iter_mut().enumerate() {
        let has = |name: &str| object.attributes.contains_key(name);
        if left_out.iter().any(|(name, _)| has(name)) {
            let kept = object.to_mut();
            kept.attributes.retain(|name, _| !left_out.iter().any(|(left, _)| left == name));
        }
        if object.class == "column"
            && let (Some(on), Some(position)) =
                (object.attributes.get("on"), object.attributes.get("position"))
            && let Ok(position) = position.parse()
        {
            columns.entry(on.clone()).or_default().push((position, at));
        }
    }
    for of_one in columns.values_mut() {
        of_one.sort_unstable();
        for (rank, (position, at)) in (1_u64..).zip(of_one.iter()) {
            if rank != *position {
                let attributes = &mut objects[*at].to_mut().attributes;
                attributes.insert("position".to_owned(), rank.to_string());
            }
        }
    }
    objects.into_iter().map(Cow::into_owned).collect()
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
    let (disposition, note) = declared(relation, organic);
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

fn declared(name: &str, organic: &BTreeMap<String, Across>) -> (Disposition, String) {
    match organic.get(name) {
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
    for a in &first.sequences {
        let Some(b) = second.sequences.iter().find(|s| s.name == a.name) else { continue };
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
        let (disposition, note) = declared(name, organic);
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
