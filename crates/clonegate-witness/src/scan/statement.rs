//! The statement that scans pieces of relations.
//!
//! What a statement costs the server where relations are small is to open and to plan. Each relation that is
//! summed up by itself is a query with a plan of its own; those that share a query are but branches of it.

use super::{Piece, STATEMENT_BYTES, Subject, within};
use crate::digest::{Recipe, no_columns, summed};
use crate::template::fill;

const SCAN: &str = include_str!("../../../../sql/engine/witness/scan.sql");
const PIECE: &str = include_str!("../../../../sql/engine/witness/piece.sql");
const GROUP: &str = include_str!("../../../../sql/engine/witness/group.sql");
const MEMBER: &str = include_str!("../../../../sql/engine/witness/member.sql");

/// Relations that share a query at the most: the time to plan one grows with the square of their number, and
/// of 10, 25, 50 and 100 these were the fastest.
const MEMBERS: usize = 25;

const UNION: &str = "\nunion all\n";

/// A statement on its way.
pub(super) struct Statement<'a> {
    oldest: &'a str,
    relations: String,
    pieces: usize,
    parts: String,
    group: Group,
}

#[derive(Default)]
struct Group {
    members: String,
    count: usize,
    /// How the hashes of the rows are summed up; `None` where only lineage is taken.
    sum: Option<String>,
}

impl<'a> Statement<'a> {
    /// With the oldest transaction id that a row may have which has to be looked at more closely.
    pub(super) fn new(oldest: &'a str) -> Self {
        let (relations, parts) = (String::new(), String::new());
        Self { oldest, relations, pieces: 0, parts, group: Group::default() }
    }

    /// Takes a piece in, if it fits; the first one always does. Its number is one more than that of those before.
    pub(super) fn push(&mut self, it: &Subject, piece: Piece) -> bool {
        let number = (self.pieces + 1).to_string();
        let recipe = it.recipe.as_ref();
        let shares =
            piece.from == 0 && piece.to.is_none() && recipe.is_none_or(|r| r.row().is_some());
        let text = if shares { member(&number, it) } else { alone(&number, it, piece) };
        let relation = it.oid.to_string();
        if self.pieces > 0 && self.bytes() + text.len() + relation.len() > STATEMENT_BYTES {
            return false;
        }
        if shares {
            let sum = recipe.map(|r| summed("r.written", r.key()));
            if self.group.count == MEMBERS || self.group.sum != sum {
                self.close_group();
            }
            self.group.sum = sum;
            add(&mut self.group.members, UNION, &text);
            self.group.count += 1;
        } else {
            self.close_group();
            add(&mut self.parts, UNION, &text);
        }
        add(&mut self.relations, ",", &relation);
        self.pieces += 1;
        true
    }

    /// What it will have at the most, without the next piece.
    fn bytes(&self) -> usize {
        let around = SCAN.len() + GROUP.len() + 2 * UNION.len();
        let sum = self.group.sum.as_ref().map_or(0, String::len) + 256;
        around + sum + self.relations.len() + self.parts.len() + self.group.members.len()
    }

    fn close_group(&mut self) {
        let Group { members, count, sum } = std::mem::take(&mut self.group);
        if count == 0 {
            return;
        }
        let written = if sum.is_some() { ", written" } else { "" };
        let sum = sum.as_deref().unwrap_or(NO_SUM);
        let values = [("sum", sum), ("members", members.as_str()), ("written", written)];
        add(&mut self.parts, UNION, &fill(GROUP, &values));
    }

    pub(super) fn text(mut self) -> String {
        self.close_group();
        let values = [
            ("oldest", self.oldest),
            ("relations", &format!("{{{}}}", self.relations)),
            ("parts", &self.parts),
        ];
        fill(SCAN, &values)
    }
}

const NO_SUM: &str = "null::numeric";

fn add(text: &mut String, between: &str, more: &str) {
    if !text.is_empty() {
        text.push_str(between);
    }
    text.push_str(more);
}

fn member(number: &str, it: &Subject) -> String {
    let row = it.recipe.as_ref().and_then(Recipe::row);
    let written = row.map_or_else(String::new, |row| format!(", {row}"));
    let values = [("piece", number), ("relation", it.name.as_str()), ("written", &written)];
    fill(MEMBER, &values)
}

fn alone(number: &str, it: &Subject, piece: Piece) -> String {
    let recipe = it.recipe.as_ref();
    let values = [
        ("piece", number),
        ("relation", it.name.as_str()),
        ("range", &within(piece, " where ")),
        ("sum", &recipe.map_or_else(|| NO_SUM.to_owned(), Recipe::sum)),
        ("columns", &recipe.map_or_else(no_columns, Recipe::column_sums)),
    ];
    fill(PIECE, &values)
}
