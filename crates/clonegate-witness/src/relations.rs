//! Which relations there are, and which witness can say something of each.

use std::collections::BTreeMap;

use clonegate_model::{
    Covered, Digest, DigestKey, Lane, Lineage, RangeState, RelationKind, RelationState, Snapshot,
    Witness,
};
use clonegate_sql::{OwnSums, Qualified};
use serde::Deserialize;

use crate::anchor::Since;
use crate::coverage::Coverages;
use crate::digest::{Column, Recipe};
use crate::plan::{DigestOf, Granted, Plan, SMALL};
use crate::scan::{Seen, Subject, ranges};

/// Where large objects have their pages.
const LARGE_OBJECT_PAGES: u32 = 2613;

/// With more digests than this no relation's columns get sums of their own: of many small relations the
/// planning of those sums would take longer than all the rest.
const MOST_WITH_OWN_SUMS: usize = 1000;

/// Streamed relations that the manifest names in one line; each has its lane beside its digest.
const NAMED: usize = 10;

/// A relation, as `relations.sql` describes it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RelationRow {
    name: String,
    oid: u32,
    kind: String,
    persistence: String,
    comment: Option<String>,
    /// `None` where it is gone: privileges are asked of now and not of the snapshot.
    readable: Option<bool>,
    hides_rows: Option<bool>,
    populated: bool,
    heap: bool,
    standby: bool,
    filenode: i64,
    blocks: Option<u64>,
    bytes: Option<u64>,
}

/// The columns of a relation, as `columns.sql` describes them.
#[derive(Debug, Deserialize)]
pub(crate) struct ColumnsRow {
    oid: u32,
    columns: Vec<Column>,
}

/// Relations and what is to be read of them.
pub(crate) struct Sorted {
    pub(crate) relations: Vec<RelationState>,
    pub(crate) subjects: Vec<Subject>,
    /// The subjects that are to get a digest, by their place, in order.
    pub(crate) digests: Vec<usize>,
    /// Relations whose rows are not read, because nothing can have happened to them.
    pub(crate) untouched: usize,
}

/// Sorts out what can be read, and names the rest.
pub(crate) fn sort_out(
    rows: Vec<RelationRow>,
    plan: &Plan,
    entry: Option<&Snapshot>,
    since: Since,
    coverage: &mut Coverages,
) -> Sorted {
    let before: BTreeMap<u32, &RelationState> =
        entry.into_iter().flat_map(|e| &e.relations).map(|r| (r.oid, r)).collect();
    let mut sorted =
        Sorted { relations: Vec::new(), subjects: Vec::new(), digests: Vec::new(), untouched: 0 };
    let (mut temporary, mut untouched_rows) = (0, 0);
    for row in rows {
        if row.persistence == "t" {
            temporary += 1;
            continue;
        }
        let kind = match row.kind.as_str() {
            "m" => RelationKind::MaterializedView,
            "p" => RelationKind::PartitionedTable,
            "f" => RelationKind::ForeignTable,
            _ => RelationKind::Table,
        };
        let readable = match row.unread(kind) {
            Some(covered) => Err(covered),
            None => row.name.parse::<Qualified>().map_err(|e| Covered::Gap(e.to_string())),
        };
        let mut as_at_entry = None;
        if readable.is_err() && row.oid == LARGE_OBJECT_PAGES {
            // The manifest has it under the name of what it holds.
            continue;
        }
        match readable {
            Err(covered) => {
                coverage.push(&row.name, Witness::Lineage, covered.clone());
                if wants(plan, &row, None) == Wants::ByName && matches!(covered, Covered::Gap(_)) {
                    coverage.push(&row.name, Witness::Digest, covered);
                }
            }
            Ok(relation) => {
                let known = before.get(&row.oid);
                let wanted = wants(plan, &row, known.map(|r| r.digest.is_some()));
                if since == Since::Nothing && wanted == Wants::No {
                    as_at_entry = known.and_then(|known| untouched(known));
                }
                if wanted != Wants::No {
                    sorted.digests.push(sorted.subjects.len());
                }
                if let Some((lineage, _)) = &as_at_entry {
                    sorted.untouched += 1;
                    untouched_rows += lineage.rows;
                } else {
                    sorted.subjects.push(Subject {
                        oid: row.oid,
                        name: row.name.clone(),
                        relation,
                        blocks: row.blocks.unwrap_or_default(),
                        bytes: row.bytes.unwrap_or_default(),
                        filenode: row.filenode,
                        recipe: None,
                        ranges: known.map(|r| r.ranges.clone()).unwrap_or_default(),
                    });
                }
            }
        }
        let RelationRow { name, oid, comment, .. } = row;
        let (lineage, ranges) = as_at_entry.unzip();
        sorted.relations.push(RelationState {
            name,
            oid,
            kind,
            comment,
            lineage,
            digest: None,
            ranges: ranges.unwrap_or_default(),
            newer_rows: Vec::new(),
        });
    }
    if sorted.untouched > 0 {
        let text = format!(
            "{} relations, {untouched_rows} rows as at entry: no transaction completed in the server since, and they were not read again",
            sorted.untouched
        );
        coverage.push("relations", Witness::Horizon, Covered::Yes(text));
    }
    if temporary > 0 {
        let why =
            format!("{temporary} of them are other sessions' own, which nobody else can read");
        coverage.push("temporary relations", Witness::Lineage, Covered::NotNeeded(why));
    }
    if let DigestOf::Chosen { named, .. } = &plan.digest {
        let there = |name: &str| sorted.relations.iter().any(|r| r.name == name);
        for name in named.iter().filter(|name| !there(name)) {
            coverage.gap(
                name,
                Witness::Digest,
                "its digest is asked for, and there is nothing of that name",
            );
        }
    }
    sorted
}

/// What entry saw of a relation, as it is at exit when nothing can have happened to its rows.
fn untouched(entry: &RelationState) -> Option<(Lineage, Vec<RangeState>)> {
    let lineage = Lineage { newer: Some(0), ..entry.lineage? };
    let ranges = entry.ranges.iter().map(|range| RangeState { newer: Some(0), ..*range });
    Some((lineage, ranges.collect()))
}

impl RelationRow {
    /// Why its rows are not read, if they are not.
    fn unread(&self, kind: RelationKind) -> Option<Covered> {
        let elsewhere = |why: &str| Some(Covered::NotNeeded(why.to_owned()));
        let gap = |why: &str| Some(Covered::Gap(why.to_owned()));
        match kind {
            RelationKind::PartitionedTable => elsewhere("its partitions hold the rows"),
            RelationKind::ForeignTable => {
                elsewhere("its rows are another server's; its definition is covered")
            }
            RelationKind::MaterializedView if !self.populated => {
                elsewhere("it is not populated and has no rows")
            }
            _ if self.readable.is_none() => {
                gap("it was dropped while the snapshot was read; run again")
            }
            _ if self.readable == Some(false) => gap("this role may not read it; grant it SELECT"),
            _ if self.hides_rows != Some(false) => gap(
                "row security would hide rows from this role; give it BYPASSRLS, or waive the relation",
            ),
            _ if !self.heap => {
                gap("its access method is not heap, and its rows may have no xmin and no ranges")
            }
            _ if self.standby && self.persistence == "u" => {
                gap("it is unlogged, and this is a standby, which does not have its rows")
            }
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wants {
    ByName,
    AsUsual,
    No,
}

/// Whether a relation is to have a digest. At exit entry's choice is kept: a digest without its
/// counterpart proves nothing.
fn wants(plan: &Plan, row: &RelationRow, had: Option<bool>) -> Wants {
    match (&plan.digest, had) {
        (DigestOf::Chosen { named, .. }, _) if named.contains(&row.name) => Wants::ByName,
        (_, Some(true)) => Wants::AsUsual,
        (_, Some(false)) => Wants::No,
        (DigestOf::Everything, None) => Wants::AsUsual,
        (DigestOf::Chosen { small, .. }, None) if row.bytes.unwrap_or_default() <= *small => {
            Wants::AsUsual
        }
        (DigestOf::Chosen { .. }, None) => Wants::No,
    }
}

/// Which lane a relation's digest takes. At exit it is entry's: another proves nothing.
fn lane(plan: &Plan, subject: &Subject, small: u64, before: Option<Lane>) -> Result<Lane, String> {
    let granted = plan.stream.as_ref().is_some_and(|stream| match &stream.granted {
        Granted::Everything => true,
        Granted::Named(names) => names.contains(&subject.name),
    });
    match (before, &plan.stream) {
        (Some(Lane::Streamed { .. }), _) if !granted => {
            Err("its contents were streamed at entry, and now that is not granted".to_owned())
        }
        (Some(lane), _) => Ok(lane),
        (None, Some(stream)) if granted => {
            let is_small = stream.granted == Granted::Everything && subject.bytes <= small;
            Ok(if is_small { Lane::Server } else { Lane::Streamed { key: stream.key } })
        }
        (None, _) => Ok(Lane::Server),
    }
}

/// What is known of a digest before the columns are.
pub(crate) struct Order {
    /// Which subject it is of.
    place: usize,
    pub(crate) oid: u32,
    relation: Qualified,
    lane: Result<Lane, String>,
    own: OwnSums,
}

/// The subject at a place, and how its rows are hashed or why they are not.
pub(crate) type Prescribed = (usize, Result<Recipe, String>);

/// What each subject that is to have a digest needs a recipe for.
pub(crate) fn orders(sorted: &Sorted, plan: &Plan, entry: Option<&Snapshot>) -> Vec<Order> {
    let before: BTreeMap<u32, Lane> = entry
        .into_iter()
        .flat_map(|e| &e.relations)
        .filter_map(|r| Some((r.oid, r.digest.as_ref()?.lane)))
        .collect();
    let small = match &plan.digest {
        DigestOf::Everything => SMALL,
        DigestOf::Chosen { small, .. } => *small,
    };
    let few = sorted.digests.len() <= MOST_WITH_OWN_SUMS;
    let order = |place: &usize| {
        let subject = &sorted.subjects[*place];
        Order {
            place: *place,
            oid: subject.oid,
            relation: subject.relation.clone(),
            lane: lane(plan, subject, small, before.get(&subject.oid).copied()),
            own: if few && subject.bytes <= small { OwnSums::Yes } else { OwnSums::No },
        }
    };
    sorted.digests.iter().map(order).collect()
}

/// Makes the recipes.
pub(crate) fn prescribe(
    orders: Vec<Order>,
    columns: Vec<ColumnsRow>,
    key: DigestKey,
) -> Vec<Prescribed> {
    let columns: BTreeMap<u32, Vec<Column>> =
        columns.into_iter().map(|row| (row.oid, row.columns)).collect();
    let prescribe = |order: Order| {
        let Order { place, oid, relation, lane, own } = order;
        // A relation without columns is not in the answer, and has rows all the same.
        let its = columns.get(&oid).map_or(&[][..], Vec::as_slice);
        let recipe = lane.and_then(|lane| {
            let recipe = match lane {
                Lane::Server => Recipe::new(its, key, own),
                Lane::Streamed { key } => Recipe::streamed(oid, &relation, its, key),
            };
            recipe.map_err(|refused| refused.to_string())
        });
        (place, recipe)
    };
    orders.into_iter().map(prescribe).collect()
}

/// Gives the subjects their recipes, and names those that get none.
pub(crate) fn give_recipes(
    sorted: &mut Sorted,
    recipes: Result<Vec<Prescribed>, String>,
    coverage: &mut Coverages,
) {
    let Sorted { subjects, digests, .. } = sorted;
    let recipes = recipes
        .unwrap_or_else(|why| digests.iter().map(|place| (*place, Err(why.clone()))).collect());
    digests.clear();
    for (place, recipe) in recipes {
        let subject = &mut subjects[place];
        match recipe {
            Ok(recipe) => {
                subject.recipe = Some(recipe);
                digests.push(place);
            }
            Err(why) => coverage.gap(&subject.name, Witness::Digest, why),
        }
    }
}

/// Folds what was seen into the relations, and into the manifest.
pub(crate) fn conclude(sorted: &mut Sorted, seen: &[Seen], later: bool, coverage: &mut Coverages) {
    let mut by_oid: BTreeMap<u32, &mut RelationState> =
        sorted.relations.iter_mut().map(|r| (r.oid, r)).collect();
    let (mut covered, mut rows, mut digests) = (0, 0, 0);
    let mut streamed: Vec<&str> = Vec::new();
    for (place, (subject, seen)) in sorted.subjects.iter().zip(seen).enumerate() {
        let Some(relation) = by_oid.get_mut(&subject.oid) else { continue };
        let large_objects = subject.oid == LARGE_OBJECT_PAGES;
        let name = if large_objects { "large objects" } else { subject.name.as_str() };
        let asked = sorted.digests.binary_search(&place).is_ok();
        if let Some(why) = &seen.failure {
            coverage.gap(name, Witness::Lineage, why.clone());
            if asked {
                coverage.gap(name, Witness::Digest, why.clone());
            }
            continue;
        }
        relation.lineage = Some(Lineage {
            rows: seen.rows,
            newer: later.then_some(seen.newer),
            recent: seen.recent,
            recent_xids: seen.recent_xids,
        });
        relation.ranges = ranges(seen, &subject.ranges);
        covered += 1;
        rows += seen.rows;
        if large_objects {
            let pages = format!("{} pages", seen.rows);
            coverage.push(name, Witness::Lineage, Covered::Yes(pages));
        }
        match (&subject.recipe, &seen.no_digest) {
            (_, Some(why)) => coverage.gap(name, Witness::Digest, why.clone()),
            (Some(recipe), None) => {
                digests += 1;
                if recipe.here().is_some() {
                    streamed.push(name);
                }
                relation.digest = Some(Digest {
                    rows: seen.rows,
                    sum: seen.sum,
                    of_entry: later.then_some(seen.of_entry),
                    columns: recipe.named(&seen.columns),
                    recipe: recipe.text.clone(),
                    comparable: recipe.comparable,
                    lane: recipe.lane(),
                });
            }
            (None, None) => {}
        }
    }
    if covered > 0 || sorted.untouched == 0 {
        let text = format!("{covered} relations, {rows} rows");
        coverage.push("relations", Witness::Lineage, Covered::Yes(text));
    }
    if digests > 0 {
        let mut text = format!("the contents of {digests} of them");
        if !streamed.is_empty() {
            let all = streamed.len();
            streamed.truncate(NAMED);
            text.push_str(&format!("; streamed to this program: {}", streamed.join(", ")));
            if all > NAMED {
                text.push_str(&format!(" and {} more", all - NAMED));
            }
        }
        coverage.push("relations", Witness::Digest, Covered::Yes(text));
    }
    let without = covered - digests + sorted.untouched;
    if without > 0 {
        let why =
            format!("not asked for {without} relations; lineage covers their rows on one server");
        coverage.push("contents", Witness::Digest, Covered::NotNeeded(why));
    }
}
