//! Ranges of relations, added up in one statement: how many rows, how young the youngest, and what they sum up to.
//!
//! No text of a caller's is in such a statement. It is made of names, numbers and [`RowHash`]es, so there is nothing
//! to judge: what can't be said in these can't be asked for.
//!
//! What a statement costs the server where relations are small is to open and to plan. Each relation that is
//! summed up by itself is a query with a plan of its own; those that are hashed alike are summed up together, and
//! are but branches of a query.

use std::fmt;

use crate::ReadOnlyStatement;
use crate::hash::{NO_COLUMNS, RowHash};
use crate::name::Qualified;

/// Branches of one union at the most: the time to plan one grows with the square of their number. Behind `offset 0`
/// a union is planned by itself. Of 5, 8, 10, 12, 15 and 25 these were the fastest.
const MEMBERS: usize = 12;

const UNION: &str = "\nunion all\n";

/// Blocks of a relation, from one to another or to its end. It is printed as the condition that a row of `t` is in
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks {
    /// The first block.
    pub from: u64,
    /// The first block behind it.
    pub to: Option<u64>,
}

impl Blocks {
    /// The whole relation.
    pub const ALL: Self = Self { from: 0, to: None };
}

impl fmt::Display for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(f, "t.ctid operator(pg_catalog.>=) '({from},0)'::pg_catalog.tid")?;
        match to {
            Some(to) => write!(f, " and t.ctid operator(pg_catalog.<) '({to},0)'::pg_catalog.tid"),
            None => Ok(()),
        }
    }
}

/// A range of a relation.
#[derive(Debug, Clone, Copy)]
pub struct ScannedRange<'a> {
    /// The relation's OID, for the answer's number of its file.
    pub oid: u32,
    /// The relation.
    pub relation: &'a Qualified,
    /// Which of its blocks.
    pub blocks: Blocks,
    /// How its rows are hashed, where they are.
    pub hash: Option<&'a RowHash>,
}

/// A statement that adds up ranges. Its answer has a row for each, in no order: `piece`, its number in the order in
/// which they were taken in, from 1; `rows`; `young`, whether the youngest row's transaction is the oldest that was
/// given or a later one; `filenode`, the file that was read; `sum` of the rows' hashes, a `numeric`; and the
/// `columns`' own, an array as text.
///
/// Everything in it is qualified, so that no search path puts another function or operator in its place. 14 and
/// later, which have scans of TID ranges.
///
/// ```
/// use clonegate_sql::{Blocks, ReadOnlyStatement, RowScan, ScannedRange};
///
/// let relation = "public.\"Order\"".parse()?;
/// let mut scan = RowScan::new(742);
/// assert!(scan.push(ScannedRange { oid: 16500, relation: &relation, blocks: Blocks::ALL, hash: None }));
/// let statement: ReadOnlyStatement = scan.into();
/// assert!(statement.as_sql().contains(r#"from only "public"."Order" as t"#));
/// # Ok::<(), clonegate_sql::NotAName>(())
/// ```
#[derive(Debug, Clone)]
pub struct RowScan {
    oldest: u32,
    relations: String,
    pieces: usize,
    parts: String,
    group: Group,
}

/// Relations that are added up together.
#[derive(Debug, Clone, Default)]
struct Group {
    /// Unions of so many that are planned together.
    unions: String,
    /// The union that is not full yet.
    members: String,
    /// How many are in that.
    count: usize,
    /// What their rows are given on as.
    columns: String,
    /// How the hashes of the rows are summed up.
    sum: String,
}

impl Group {
    fn push(&mut self, member: &str) {
        if self.count == MEMBERS {
            self.close_union();
        }
        add(&mut self.members, UNION, member);
        self.count += 1;
    }

    fn close_union(&mut self) {
        let members = std::mem::take(&mut self.members);
        if self.count > 0 {
            add(&mut self.unions, UNION, &format!("(\n{members}\noffset 0)"));
            self.count = 0;
        }
    }
}

impl RowScan {
    /// Bytes that one may have, but for one of a single range, which has as many as that needs.
    pub const MAX_BYTES: usize = 30 * 1024;

    /// Without ranges yet. `oldest` is the oldest transaction id that makes a row young.
    #[must_use]
    pub fn new(oldest: u32) -> Self {
        let (relations, parts) = (String::new(), String::new());
        Self { oldest, relations, pieces: 0, parts, group: Group::default() }
    }

    /// Takes a range in if it fits, and says whether it did; the first one always does.
    pub fn push(&mut self, range: ScannedRange<'_>) -> bool {
        let number = self.pieces + 1;
        let hash = range.hash;
        let shares = range.blocks == Blocks::ALL
            && hash.is_none_or(|h| !h.is_as_stored() && !h.has_own_sums());
        let text = if shares { member(number, &range) } else { alone(number, &range) };
        let relation = range.oid.to_string();
        let sum = hash.map_or_else(|| NO_SUM.to_owned(), RowHash::sum_of_members);
        let columns = columns(hash);
        let more = text.len() + relation.len() + sum.len() + columns.len();
        if self.pieces > 0 && self.bytes() + more > Self::MAX_BYTES {
            return false;
        }
        if shares {
            if self.group.sum != sum {
                self.close_group();
                self.group.columns = columns;
                self.group.sum = sum;
            }
            self.group.push(&text);
        } else {
            self.close_group();
            add(&mut self.parts, UNION, &text);
        }
        add(&mut self.relations, ",", &relation);
        self.pieces += 1;
        true
    }

    /// What it will have at the most, without the next range.
    fn bytes(&self) -> usize {
        // What stands around the parts, and around two groups.
        const AROUND: usize = 1024;
        let Group { unions, members, columns, sum, .. } = &self.group;
        let group = unions.len() + members.len() + columns.len() + sum.len();
        AROUND + self.relations.len() + self.parts.len() + group
    }

    fn close_group(&mut self) {
        self.group.close_union();
        let Group { unions, columns, sum, .. } = std::mem::take(&mut self.group);
        if !unions.is_empty() {
            let text = format!(
                "select r.piece, pg_catalog.count(*), pg_catalog.min(pg_catalog.age(r.xid)), {sum}, {NO_COLUMNS} \
                 from (\n{unions}\n) as r(piece, xid{columns}) group by r.piece"
            );
            add(&mut self.parts, UNION, &text);
        }
    }
}

impl From<RowScan> for ReadOnlyStatement {
    fn from(mut scan: RowScan) -> Self {
        scan.close_group();
        let RowScan { oldest, relations, parts, .. } = scan;
        // A group gives no row for a relation without rows.
        ReadOnlyStatement::made_of_names(format!(
            "select p.piece, coalesce(s.rows, 0) as rows,\n       \
             coalesce(s.age operator(pg_catalog.<=) pg_catalog.age('{oldest}'::pg_catalog.xid), false) as young,\n       \
             pg_catalog.pg_relation_filenode(p.relation)::bigint as filenode,\n       \
             s.sum, s.columns::pg_catalog.text as columns\n  \
             from pg_catalog.unnest('{{{relations}}}'::oid[]) with ordinality as p(relation, piece)\n  \
             left join (\n{parts}\n\
             ) as s(piece, rows, age, sum, columns) on s.piece operator(pg_catalog.=) p.piece"
        ))
    }
}

const NO_SUM: &str = "null::numeric";

fn add(text: &mut String, between: &str, more: &str) {
    if !text.is_empty() {
        text.push_str(between);
    }
    text.push_str(more);
}

/// A whole relation within a group: for each row its number, its transaction, and itself as it is hashed.
fn member(number: usize, range: &ScannedRange<'_>) -> String {
    let mut text = format!("select {number}, t.xmin");
    for value in range.hash.into_iter().flat_map(RowHash::member) {
        text.push_str(", ");
        text.push_str(&value);
    }
    text.push_str(&format!(" from only {} as t", range.relation));
    text
}

fn columns(hash: Option<&RowHash>) -> String {
    hash.into_iter().flat_map(RowHash::member_names).map(|name| format!(", {name}")).collect()
}

fn alone(number: usize, range: &ScannedRange<'_>) -> String {
    let ScannedRange { relation, blocks, hash, .. } = range;
    let sum = hash.map_or_else(|| NO_SUM.to_owned(), RowHash::sum);
    let columns = hash.map_or_else(|| NO_COLUMNS.to_owned(), RowHash::column_sums);
    let within = if *blocks == Blocks::ALL { String::new() } else { format!(" where {blocks}") };
    format!(
        "select {number}, pg_catalog.count(*), pg_catalog.min(pg_catalog.age(t.xmin)), {sum}, {columns}\n  \
         from only {relation} as t{within}"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::column::{ColumnForm, RowColumn};
    use crate::hash::OwnSums;
    use crate::name::Identifier;

    /// Without brackets, of which a judge counts those in names too.
    fn identifier() -> impl Strategy<Value = Identifier> {
        let names = ["[a-zé\"'; .$\\\\/*-]{1,12}", "[A-Za-z_]{1,12}", "select|user|end|xmin"];
        prop_oneof![names[0], names[1], names[2]]
            .prop_filter_map("it fits", |text| Identifier::new(&text).ok())
    }

    fn column() -> impl Strategy<Value = RowColumn> {
        let form = prop_oneof![
            Just(ColumnForm::Binary),
            Just(ColumnForm::Integer),
            Just(ColumnForm::BigInteger),
            Just(ColumnForm::Characters),
            Just(ColumnForm::Base("pg_catalog.numeric".parse().unwrap())),
            Just(ColumnForm::Text)
        ];
        (identifier(), form).prop_map(|(name, form)| RowColumn { name, form })
    }

    fn hash() -> impl Strategy<Value = Option<RowHash>> {
        let columns = prop_oneof![
            Just(None),
            proptest::collection::vec(column(), 0..8).prop_map(Some),
            proptest::collection::vec(column(), 0..200).prop_map(Some),
        ];
        (columns, any::<bool>()).prop_map(|(columns, own)| {
            let own = if own { OwnSums::Yes } else { OwnSums::No };
            columns.map(|c| RowHash::new(&c, i64::MIN, own).unwrap())
        })
    }

    fn range() -> impl Strategy<Value = (Qualified, Blocks, Option<RowHash>)> {
        let blocks = prop_oneof![
            3 => Just(Blocks::ALL),
            1 => (any::<u64>(), any::<Option<u64>>()).prop_map(|(from, to)| Blocks { from, to }),
        ];
        let name = (identifier(), identifier()).prop_map(|(s, n)| Qualified::new(s, n));
        (name, blocks, hash())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// The judge, which has its own parser, sees one statement that only reads, whatever names are in it. It reads
        /// fewer signs than fit in here, so that not all of them are put together for it.
        #[test]
        fn no_name_makes_the_statement_another_one(
            ranges in proptest::collection::vec(range(), 1..12),
        ) {
            let mut scan = RowScan::new(742);
            let taken = ranges.iter().take_while(|(relation, blocks, hash)| {
                scan.push(ScannedRange { oid: 16_384, relation, blocks: *blocks, hash: hash.as_ref() })
            });
            let taken = taken.count();
            prop_assert!(taken >= 1);
            let statement = ReadOnlyStatement::from(scan);
            let text = statement.as_sql();
            prop_assert!(text.len() <= RowScan::MAX_BYTES || taken == 1, "{}", text.len());
            let judged = ReadOnlyStatement::judge(text);
            prop_assert!(judged.is_ok(), "{taken}: {:?}\n{text}", judged.err());
        }
    }

    #[test]
    fn relations_share_a_query_where_they_are_hashed_alike() {
        let relation: Qualified = "public.t".parse().unwrap();
        let hash = |form: &[ColumnForm], own| {
            let columns: Vec<RowColumn> = form
                .iter()
                .map(|form| RowColumn { name: Identifier::new("c").unwrap(), form: form.clone() })
                .collect();
            RowHash::new(&columns, 7, own).unwrap()
        };
        let (text, number) = (ColumnForm::Binary, ColumnForm::Integer);
        let hashes = [
            hash(std::slice::from_ref(&text), OwnSums::No),
            hash(&[text.clone(), text.clone()], OwnSums::No),
            hash(&[text.clone(), number.clone()], OwnSums::No),
            hash(&[number.clone(), text.clone()], OwnSums::No),
            hash(&[number], OwnSums::No),
            hash(&[text], OwnSums::Yes),
        ];
        let mut scan = RowScan::new(742);
        for hash in hashes.iter().map(Some).chain([None]) {
            let range = ScannedRange { oid: 1, relation: &relation, blocks: Blocks::ALL, hash };
            assert!(scan.push(range));
        }
        let statement = ReadOnlyStatement::from(scan);
        let text = statement.as_sql();
        assert_eq!(text.matches("from only \"public\".\"t\" as t").count(), 7);
        for (columns, count) in [
            ("r(piece, xid, written) group", 1),
            ("r(piece, xid, written, seed_0) group", 1),
            ("r(piece, xid, seed_0) group", 1),
            ("r(piece, xid) group", 1),
        ] {
            assert_eq!(text.matches(columns).count(), count, "{columns}: {text}");
        }
        assert!(text.contains("'{1,1,1,1,1,1,1}'::oid[]"), "{text}");
    }

    #[test]
    fn it_is_full_when_it_is() {
        let relation: Qualified = "public.t".parse().unwrap();
        let range = ScannedRange { oid: 1, relation: &relation, blocks: Blocks::ALL, hash: None };
        let mut scan = RowScan::new(742);
        let taken = std::iter::repeat_with(|| scan.push(range)).take(10_000).take_while(|t| *t);
        assert!(taken.count() < 1_000);
        assert!(ReadOnlyStatement::from(scan).as_sql().len() <= RowScan::MAX_BYTES);
    }
}
