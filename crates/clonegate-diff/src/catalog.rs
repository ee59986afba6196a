//! Definitions: added, gone, or altered attribute by attribute.

use std::collections::BTreeMap;

use clonegate_model::{CatalogObject, Disposition, Finding, Snapshot, Witness};

use crate::{Additions, Policy};

pub(crate) type Key<'a> = (&'a str, &'a str);

fn by_key<'a>(
    catalog: &'a [CatalogObject],
    left_out: &[&str],
) -> BTreeMap<Key<'a>, &'a CatalogObject> {
    keyed(catalog.iter().filter(|o| !left_out.contains(&o.class.as_str())))
}

/// Definitions by class and identity.
pub(crate) fn keyed<'a>(
    objects: impl IntoIterator<Item = &'a CatalogObject>,
) -> BTreeMap<Key<'a>, &'a CatalogObject> {
    objects.into_iter().map(|o| ((o.class.as_str(), o.identity.as_str()), o)).collect()
}

pub(crate) fn compare(
    before: &Snapshot,
    after: &Snapshot,
    policy: Policy<'_>,
    left_out: &[&str],
) -> Vec<Finding> {
    compare_catalogs(&before.catalog, &after.catalog, policy, left_out)
}

pub(crate) fn compare_catalogs(
    before: &[CatalogObject],
    after: &[CatalogObject],
    policy: Policy<'_>,
    left_out: &[&str],
) -> Vec<Finding> {
    between(&by_key(before, left_out), &by_key(after, left_out), policy)
}

/// What differs between two lists of definitions.
pub(crate) fn between(
    old: &BTreeMap<Key<'_>, &CatalogObject>,
    new: &BTreeMap<Key<'_>, &CatalogObject>,
    policy: Policy<'_>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, object) in old {
        match new.get(key) {
            None => findings.push(exists(
                object,
                "there",
                "",
                Disposition::Unexplained,
                "it is gone".to_owned(),
            )),
            Some(now) => findings.extend(altered(object, now)),
        }
    }
    for (key, object) in new {
        if !old.contains_key(key) {
            let (disposition, note) = addition(object, old, policy.additions);
            findings.push(exists(object, "", "there", disposition, note));
        }
    }
    findings
}

fn exists(
    object: &CatalogObject,
    before: &str,
    after: &str,
    disposition: Disposition,
    note: String,
) -> Finding {
    Finding {
        subject: subject(object),
        attribute: "exists".to_owned(),
        before: before.to_owned(),
        after: after.to_owned(),
        witness: Witness::Catalog,
        disposition,
        note,
    }
}

/// What a reader calls it: a relation by its kind, everything else by its class.
fn subject(object: &CatalogObject) -> String {
    let class = match object.class.as_str() {
        "relation" => object.attributes.get("kind").unwrap_or("relation"),
        class => class,
    };
    format!("{class} {}", object.identity)
}

fn altered(old: &CatalogObject, new: &CatalogObject) -> Vec<Finding> {
    let mut names: Vec<&str> = old.attributes.names().chain(new.attributes.names()).collect();
    names.sort();
    names.dedup();
    let of = |object: &CatalogObject, name: &str| {
        object.attributes.get(name).unwrap_or_default().to_owned()
    };
    names
        .into_iter()
        .map(|name| (name, of(old, name), of(new, name)))
        .filter(|(_, before, after)| before != after)
        .map(|(name, before, after)| {
            let (before, after) = around_the_difference(&before, &after);
            Finding {
                subject: subject(old),
                attribute: name.to_owned(),
                before,
                after,
                witness: Witness::Catalog,
                disposition: Disposition::Unexplained,
                note: "its definition was altered".to_owned(),
            }
        })
        .collect()
}

/// Characters of a definition that a finding shows at the most.
const SHOWN: usize = 300;

/// Characters before the first difference that a finding shows of a long definition.
const CONTEXT: usize = 60;

/// Both texts, and of long ones the part where they begin to differ: a view may be pages long.
fn around_the_difference(before: &str, after: &str) -> (String, String) {
    let same = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    let cut = |text: &str| {
        if text.chars().nth(SHOWN).is_none() {
            return text.to_owned();
        }
        let start = same.saturating_sub(CONTEXT);
        let mut rest = text.chars().skip(start);
        let mut shown: String = if start == 0 { String::new() } else { "…".to_owned() };
        shown.extend(rest.by_ref().take(SHOWN));
        if rest.next().is_some() {
            shown.push('…');
        }
        shown
    };
    (cut(before), cut(after))
}

/// Whether a new object is one that the run may add.
///
/// What belongs to a relation (column, index, constraint, trigger, an owned sequence) needs no
/// marker of its own, but its relation must be new too: an index on a table that was there before
/// alters that table.
fn addition(
    object: &CatalogObject,
    old: &BTreeMap<Key<'_>, &CatalogObject>,
    additions: Additions<'_>,
) -> (Disposition, String) {
    let Additions::Marked(marker) = additions else {
        return (Disposition::Unexplained, "it is new".to_owned());
    };
    // A child table's rows show in its parent, and a foreign key restricts what it points at.
    let touched =
        ["parents", "references"].into_iter().filter_map(|name| object.attributes.get(name));
    for name in touched.flat_map(|names| names.split(", ")) {
        if old.contains_key(&("relation", name)) {
            return (
                Disposition::Unexplained,
                format!("it changes what {name} is, which was there before"),
            );
        }
    }
    if let Some(relation) =
        object.attributes.get("on").or_else(|| object.attributes.get("owned by"))
    {
        return if old.contains_key(&("relation", relation)) || old.contains_key(&("type", relation))
        {
            (Disposition::Unexplained, format!("it alters {relation}, which was there before"))
        } else {
            (Disposition::Organic, format!("added by the build with {relation}"))
        };
    }
    // What acts beyond itself (event triggers, casts, roles, settings) is no addition by its comment.
    if !["schema", "relation", "function", "type"].contains(&object.class.as_str()) {
        return (Disposition::Unexplained, "it is new, and a marker can't explain it".to_owned());
    }
    match object.attributes.get("comment") {
        Some(comment) if comment.contains(marker) => {
            (Disposition::Organic, format!("added by the build and marked {marker}"))
        }
        _ => (
            Disposition::Unexplained,
            format!("it is new and its comment does not contain {marker}"),
        ),
    }
}
