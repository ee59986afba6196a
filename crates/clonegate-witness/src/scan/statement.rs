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

/// Signs of pieces at the most: a channel's judge reads 4,000 in a statement, of which those around them have a part.
const SIGNS: usize = 3_200;

const UNION: &str = "\nunion all\n";

/// A statement on its way.
pub(super) struct Statement<'a> {
    oldest: &'a str,
    relations: String,
    pieces: usize,
    signs: usize,
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
        Self { oldest, relations, pieces: 0, signs: 0, parts, group: Group::default() }
    }

    /// Takes a piece in, if it fits; the first one always does. Its number is one more than that of those before.
    pub(super) fn push(&mut self, it: &Subject, piece: Piece) -> bool {
        let number = (self.pieces + 1).to_string();
        let recipe = it.recipe.as_ref();
        let shares =
            piece.from == 0 && piece.to.is_none() && recipe.is_none_or(|r| r.row().is_some());
        let text = if shares { member(&number, it) } else { alone(&number, it, piece) };
        let relation = it.oid.to_string();
        let signs = self.signs + signs(&text);
        let bytes = self.bytes() + text.len() + relation.len();
        if self.pieces > 0 && (bytes > STATEMENT_BYTES || signs > SIGNS) {
            return false;
        }
        self.signs = signs;
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

/// What a judge may count as a sign, and a little more.
fn signs(text: &str) -> usize {
    text.bytes().filter(|b| b.is_ascii_punctuation() && !matches!(b, b',' | b'"' | b'_')).count()
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

#[cfg(test)]
mod tests {
    use clonegate_model::DigestKey;
    use clonegate_sql::ReadOnlyStatement;
    use proptest::prelude::*;

    use super::*;
    use crate::digest::{Column, OwnSums};

    fn column() -> impl Strategy<Value = Column> {
        let how = prop_oneof![Just("binary"), Just("base"), Just("text")];
        ("[a-z]{1,3}[0-9]|\"[A-Z.+]{1,20}\"", how).prop_map(|(name, how)| {
            let base = "pg_catalog.int4".to_owned();
            serde_json::from_value(serde_json::json!(
                {"name": name, "type": "x", "how": how, "base": base}
            ))
            .expect("it is a column")
        })
    }

    fn subject() -> impl Strategy<Value = Subject> {
        let columns = prop_oneof![
            Just(None),
            proptest::collection::vec(column(), 0..8).prop_map(Some),
            proptest::collection::vec(column(), 0..200).prop_map(Some),
        ];
        (16_384_u32.., "[a-z]{1,9}|\"[A-Z .]{1,40}\"", columns, any::<bool>()).prop_map(
            |(oid, name, columns, own)| {
                let own = if own { OwnSums::Yes } else { OwnSums::No };
                Subject {
                    oid,
                    name: format!("public.{name}"),
                    blocks: 1,
                    bytes: 8192,
                    filenode: 1,
                    recipe: columns.map(|c| Recipe::new(&c, DigestKey(i64::MIN), own)),
                    ranges: Vec::new(),
                }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// However many columns there are and whatever their names are, a judge takes what is full.
        #[test]
        fn a_full_statement_is_judged_well(subjects in proptest::collection::vec(subject(), 1..40)) {
            let mut statement = Statement::new("742");
            let piece = Piece { subject: 0, from: 0, to: None };
            let pieces = subjects.iter().cycle().take(250).take_while(|s| statement.push(s, piece));
            let pieces = pieces.count();
            prop_assert!(pieces >= 1);
            let text = statement.text();
            prop_assert!(text.len() <= STATEMENT_BYTES || pieces == 1);
            let judged = ReadOnlyStatement::judge(&text);
            prop_assert!(judged.is_ok(), "{pieces} pieces: {:?}", judged.err());
            prop_assert_eq!(text.matches("from only ").count(), pieces);
        }
    }
}
