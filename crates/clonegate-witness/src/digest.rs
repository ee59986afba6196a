//! The digest witness: what a relation's rows contain, whatever their order and place.
//!
//! Each row is written out by `record_send`, which tells apart whatever the types tell apart, hashed by
//! `hash_record_extended` over the written bytes as one value, and the hashes are summed. The hash must see
//! the whole row as one value: a record's own hash is a linear combination of its columns' hashes, and a
//! sum of those would not notice two rows that exchange a value. See `docs/adr/0006-digest.md`.

use std::collections::BTreeMap;
use std::sync::Arc;

use clonegate_model::{Comparable, DigestKey, HashSum, Lane, StreamKey};
use clonegate_sql::{ColumnForm, CopiedColumn, CopyRefused, NotAName, Qualified, RangeCopy};
use serde::Deserialize;

/// The longest expression that a recipe may need, so that a statement of one relation can be judged.
const MAX_EXPRESSION: usize = 10 * 1024;

/// A column, as `columns.sql` describes it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Column {
    name: String,
    r#type: String,
    how: String,
    base: Option<String>,
}

/// How the rows of one relation are written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recipe {
    /// A row as it is written out.
    row: String,
    key: DigestKey,
    /// The columns' names and their sums; empty where they are not taken.
    columns: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) comparable: Comparable,
    /// Where the rows are streamed.
    pub(crate) streamed: Option<Rows>,
}

/// The rows of a relation as they are streamed, and by which key they are hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rows {
    oid: u32,
    relation: Qualified,
    pub(crate) columns: Arc<[CopiedColumn]>,
    pub(crate) key: StreamKey,
}

impl Rows {
    pub(crate) fn range(&self, from: u64, to: Option<u64>) -> Result<RangeCopy, CopyRefused> {
        RangeCopy::new(self.oid, self.relation.clone(), &self.columns, from, to)
    }
}

impl Recipe {
    /// The recipe for a relation with these columns; each column's own sum too, if `columns` says so.
    pub(crate) fn new(columns: &[Column], key: DigestKey, own: OwnSums) -> Self {
        let expressions: Vec<String> = columns.iter().map(Column::written).collect();
        let row = format!("row({})", expressions.join(", "));
        if row.len() > MAX_EXPRESSION {
            // The row itself: shorter than any list of its columns, but with the OIDs of this database.
            return Self {
                row: "t.*".to_owned(),
                key,
                columns: Vec::new(),
                text: format!("{} columns, as the row is stored", columns.len()),
                comparable: Comparable::SameDatabase,
                streamed: None,
            };
        }
        let own: Vec<(String, String)> = match own {
            OwnSums::No => Vec::new(),
            OwnSums::Yes => columns
                .iter()
                .zip(&expressions)
                .map(|(column, written)| {
                    (column.name.clone(), hashed(&format!("row({written})"), key))
                })
                .collect(),
        };
        let length: usize = own.iter().map(|(_, sum)| sum.len() + 2).sum();
        Self {
            row,
            key,
            columns: if length > MAX_EXPRESSION { Vec::new() } else { own },
            text: described(columns),
            comparable: Comparable::AnyServer,
            streamed: None,
        }
    }

    /// The recipe for a relation whose rows are streamed. Its statement is no text that has to be judged, so
    /// that any number of columns fits.
    pub(crate) fn streamed(
        oid: u32,
        relation: &str,
        columns: &[Column],
        key: StreamKey,
    ) -> Result<Self, CopyRefused> {
        let copied = columns.iter().map(Column::copied).collect::<Result<_, _>>()?;
        let rows = Rows { oid, relation: relation.parse()?, columns: copied, key };
        // What can't be copied at all is refused here, before anything is read.
        rows.range(0, None)?;
        Ok(Self {
            row: String::new(),
            key: DigestKey(0),
            columns: Vec::new(),
            text: described(columns),
            comparable: Comparable::AnyServer,
            streamed: Some(rows),
        })
    }

    pub(crate) fn lane(&self) -> Lane {
        self.streamed.as_ref().map_or(Lane::Server, |rows| Lane::Streamed { key: rows.key })
    }

    /// The row as it is written out, where it is one value like those of other relations, and all that is taken.
    pub(crate) fn row(&self) -> Option<&str> {
        let alike = self.comparable == Comparable::AnyServer && self.streamed.is_none();
        (alike && self.columns.is_empty()).then_some(&self.row)
    }

    pub(crate) fn key(&self) -> DigestKey {
        self.key
    }

    /// The sum over all rows.
    pub(crate) fn sum(&self) -> String {
        summed(&self.row, self.key)
    }

    /// The sum over the rows for which a condition does not hold.
    pub(crate) fn sum_without(&self, condition: &str) -> String {
        format!("{} filter (where not {condition})", self.sum())
    }

    /// The columns' sums as an array.
    pub(crate) fn column_sums(&self) -> String {
        if self.columns.is_empty() {
            return no_columns();
        }
        let sums: Vec<String> =
            self.columns.iter().map(|(_, h)| format!("pg_catalog.sum({h})")).collect();
        format!("array[{}]", sums.join(", "))
    }

    /// The columns' sums from such an array.
    pub(crate) fn read_columns(&self, text: &str) -> Result<Vec<HashSum>, String> {
        let inner = text.trim_start_matches('{').trim_end_matches('}');
        let sums: Vec<HashSum> = inner
            .split(',')
            .map(|sum| if sum == "NULL" { Ok(HashSum::default()) } else { sum.parse() })
            .collect::<Result<_, _>>()
            .map_err(|_| "a sum of hashes is no number".to_owned())?;
        if sums.len() == self.columns.len() {
            Ok(sums)
        } else {
            Err("the answer has an unexpected number of sums".to_owned())
        }
    }

    pub(crate) fn named(&self, sums: &[HashSum]) -> BTreeMap<String, HashSum> {
        self.columns.iter().map(|(name, _)| name.clone()).zip(sums.iter().copied()).collect()
    }
}

/// Whether each column has a sum of its own, by which a changed one can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnSums {
    Yes,
    No,
}

impl Column {
    /// The column as it goes into the row. What is written as text is written by the type's own output
    /// function and not by a cast, which anybody may define; that it is NULL stands beside it, because a
    /// composite type's IS NULL says something else.
    fn written(&self) -> String {
        let name = &self.name;
        match (self.how.as_str(), &self.base) {
            ("binary", _) => format!("t.{name}"),
            ("base", Some(base)) => format!("t.{name}::{base}"),
            _ => format!("pg_catalog.num_nulls(t.{name}), pg_catalog.format('%s', t.{name})"),
        }
    }

    fn copied(&self) -> Result<CopiedColumn, NotAName> {
        let form = match (self.how.as_str(), &self.base) {
            ("binary", _) => ColumnForm::Binary,
            ("base", Some(base)) => ColumnForm::Base(base.parse()?),
            _ => ColumnForm::Text,
        };
        Ok(CopiedColumn { name: self.name.parse()?, form })
    }

    fn described(&self) -> String {
        match (self.how.as_str(), &self.base) {
            ("binary", _) => format!("{} {}", self.name, self.r#type),
            ("base", Some(base)) => format!("{} {} as {base}", self.name, self.r#type),
            _ => format!("{} {} as text", self.name, self.r#type),
        }
    }
}

/// What stands for the sums of columns where they are not taken.
pub(crate) fn no_columns() -> String {
    "null::numeric[]".to_owned()
}

fn described(columns: &[Column]) -> String {
    let columns: Vec<String> = columns.iter().map(Column::described).collect();
    columns.join(", ")
}

/// The sum of the hashes of rows.
pub(crate) fn summed(row: &str, key: DigestKey) -> String {
    format!("pg_catalog.sum({})", hashed(row, key))
}

fn hashed(row: &str, DigestKey(key): DigestKey) -> String {
    format!("pg_catalog.hash_record_extended(row(pg_catalog.record_send({row})), '{key}')")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, how: &str) -> Column {
        Column {
            name: name.into(),
            r#type: "x".into(),
            how: how.into(),
            base: Some("pg_catalog.numeric".into()),
        }
    }

    #[test]
    fn a_row_is_hashed_as_one_value() {
        let columns = [column("a", "binary"), column("\"B\"", "base"), column("c", "text")];
        let recipe = Recipe::new(&columns, DigestKey(-7), OwnSums::Yes);
        insta::assert_snapshot!(recipe.sum(), @r#"pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(row(t.a, t."B"::pg_catalog.numeric, pg_catalog.num_nulls(t.c), pg_catalog.format('%s', t.c)))), '-7'))"#);
        assert_eq!(recipe.comparable, Comparable::AnyServer);
        assert_eq!(recipe.read_columns("{1,NULL,-3}").unwrap()[2], HashSum(-3));
        assert!(recipe.read_columns("{1,2}").is_err());
    }

    #[test]
    fn a_streamed_row_has_the_same_columns_in_the_same_forms() {
        let columns = [column("a", "binary"), column("\"B\"", "base"), column("c", "text")];
        let key = StreamKey([1; 32]);
        let recipe = Recipe::streamed(7, "public.t", &columns, key).unwrap();
        let sql = recipe.streamed.as_ref().unwrap().range(0, None).unwrap().as_sql().to_owned();
        assert!(
            sql.contains(r#"t.xmin, t."a", t."B"::"pg_catalog"."numeric", case when"#),
            "{sql}"
        );
        assert_eq!(recipe.text, Recipe::new(&columns, DigestKey(1), OwnSums::No).text);
        assert_eq!(recipe.lane(), Lane::Streamed { key });
        assert!(Recipe::streamed(7, "t", &columns, key).is_err(), "a name without a schema");
    }

    #[test]
    fn a_relation_with_too_many_columns_is_read_as_it_is_stored() {
        let columns: Vec<Column> =
            (0..1500).map(|n| column(&format!("column_{n}"), "binary")).collect();
        let recipe = Recipe::new(&columns, DigestKey(1), OwnSums::Yes);
        assert_eq!(recipe.comparable, Comparable::SameDatabase);
        assert!(recipe.sum().contains("record_send(t.*)") && recipe.columns.is_empty());
    }
}
