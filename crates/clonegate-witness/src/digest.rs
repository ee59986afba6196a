//! The digest witness: what a relation's rows contain, whatever their order and place.
//!
//! How a row is hashed is [`RowHash`]'s business; here it is decided which columns go into it, and in which form.
//! See `docs/adr/0006-digest.md`.

use std::collections::BTreeMap;
use std::sync::Arc;

use clonegate_model::{Comparable, DigestKey, HashSum, Lane, StreamKey};
use clonegate_sql::{
    Blocks, ColumnForm, CopyRefused, OwnSums, Qualified, RangeCopy, RowColumn, RowHash,
};
use serde::Deserialize;

/// A column, as `columns.sql` describes it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Column {
    name: String,
    r#type: String,
    how: String,
    base: Option<String>,
}

/// How the rows of one relation are hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recipe {
    pub(crate) hashed: Hashed,
    /// The columns that have sums of their own.
    own: Vec<String>,
    pub(crate) text: String,
    pub(crate) comparable: Comparable,
}

/// Where they are hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hashed {
    OnTheServer(RowHash),
    Here(Rows),
}

/// The rows of a relation as they are streamed, and by which key they are hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rows {
    oid: u32,
    relation: Qualified,
    pub(crate) columns: Arc<[RowColumn]>,
    pub(crate) key: StreamKey,
}

impl Rows {
    pub(crate) fn range(&self, blocks: Blocks) -> Result<RangeCopy, CopyRefused> {
        RangeCopy::new(self.oid, self.relation.clone(), &self.columns, blocks)
    }
}

impl Recipe {
    /// The recipe for a relation with these columns; each column's own sum too, if `own` says so.
    pub(crate) fn new(
        columns: &[Column],
        DigestKey(key): DigestKey,
        own: OwnSums,
    ) -> Result<Self, CopyRefused> {
        let forms = forms(columns)?;
        let hash = RowHash::new(&forms, key, own)?;
        let (text, comparable) = if hash.is_as_stored() {
            let text = format!("{} columns, as the row is stored", columns.len());
            (text, Comparable::SameDatabase)
        } else {
            let described = columns.iter().zip(&forms).map(|(column, form)| {
                if hash.is_seeded(&form.name) { column.seeded() } else { column.written() }
            });
            (described.collect::<Vec<_>>().join(", "), Comparable::AnyServer)
        };
        let own = columns.iter().filter(|_| hash.has_own_sums()).map(|c| c.name.clone()).collect();
        Ok(Self { hashed: Hashed::OnTheServer(hash), own, text, comparable })
    }

    /// The recipe for a relation whose rows are streamed.
    pub(crate) fn streamed(
        oid: u32,
        relation: &Qualified,
        columns: &[Column],
        key: StreamKey,
    ) -> Result<Self, CopyRefused> {
        let rows = Rows { oid, relation: relation.clone(), columns: forms(columns)?.into(), key };
        // What can't be copied at all is refused here, before anything is read.
        rows.range(Blocks::ALL)?;
        Ok(Self {
            hashed: Hashed::Here(rows),
            own: Vec::new(),
            text: columns.iter().map(Column::written).collect::<Vec<_>>().join(", "),
            comparable: Comparable::AnyServer,
        })
    }

    pub(crate) fn lane(&self) -> Lane {
        match &self.hashed {
            Hashed::OnTheServer(_) => Lane::Server,
            Hashed::Here(rows) => Lane::Streamed { key: rows.key },
        }
    }

    /// How the server hashes, where it does.
    pub(crate) fn on_the_server(&self) -> Option<&RowHash> {
        match &self.hashed {
            Hashed::OnTheServer(hash) => Some(hash),
            Hashed::Here(_) => None,
        }
    }

    /// What is streamed, where that is.
    pub(crate) fn here(&self) -> Option<&Rows> {
        match &self.hashed {
            Hashed::OnTheServer(_) => None,
            Hashed::Here(rows) => Some(rows),
        }
    }

    /// The columns' sums from the array of an answer.
    pub(crate) fn read_columns(&self, text: &str) -> Result<Vec<HashSum>, String> {
        let inner = text.trim_start_matches('{').trim_end_matches('}');
        let sums: Vec<HashSum> = inner
            .split(',')
            .map(|sum| if sum == "NULL" { Ok(HashSum::default()) } else { sum.parse() })
            .collect::<Result<_, _>>()
            .map_err(|_| "a sum of hashes is no number".to_owned())?;
        if sums.len() == self.own.len() {
            Ok(sums)
        } else {
            Err("the answer has an unexpected number of sums".to_owned())
        }
    }

    pub(crate) fn named(&self, sums: &[HashSum]) -> BTreeMap<String, HashSum> {
        self.own.iter().cloned().zip(sums.iter().copied()).collect()
    }
}

/// What the columns are in a row.
fn forms(columns: &[Column]) -> Result<Vec<RowColumn>, CopyRefused> {
    columns.iter().map(Column::form).collect()
}

impl Column {
    fn form(&self) -> Result<RowColumn, CopyRefused> {
        let form = match (self.how.as_str(), &self.base) {
            ("binary", _) => ColumnForm::Binary,
            ("integer", _) => ColumnForm::Integer,
            ("bigint", _) => ColumnForm::BigInteger,
            ("characters", _) => ColumnForm::Characters,
            ("base", Some(base)) => ColumnForm::Base(base.parse()?),
            _ => ColumnForm::Text,
        };
        Ok(RowColumn { name: self.name.parse()?, form })
    }

    /// What it is where it goes into the seed: characters do in the encoding that they are stored in.
    fn seeded(&self) -> String {
        match self.how.as_str() {
            "characters" => format!("{} {} in UTF-8", self.name, self.r#type),
            _ => self.written(),
        }
    }

    /// What it is where it is written out, which is done in one encoding whatever the database's is.
    fn written(&self) -> String {
        match (self.how.as_str(), &self.base) {
            ("binary" | "integer" | "bigint" | "characters", _) => {
                format!("{} {}", self.name, self.r#type)
            }
            ("base", Some(base)) => format!("{} {} as {base}", self.name, self.r#type),
            _ => format!("{} {} as text", self.name, self.r#type),
        }
    }
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

    fn four() -> [Column; 4] {
        [
            column("a", "binary"),
            column("\"B\"", "base"),
            column("c", "text"),
            column("n", "integer"),
        ]
    }

    #[test]
    fn a_recipe_says_what_goes_into_a_row() {
        let recipe = Recipe::new(&four(), DigestKey(-7), OwnSums::Yes).unwrap();
        assert_eq!(recipe.text, r#"a x, "B" x as pg_catalog.numeric, c x as text, n x"#);
        assert_eq!(recipe.comparable, Comparable::AnyServer);
        let sums = recipe.read_columns("{1,NULL,-3,4}").unwrap();
        assert_eq!(sums[2], HashSum(-3));
        assert_eq!(recipe.named(&sums)["\"B\""], HashSum(0));
        assert!(recipe.read_columns("{1,2}").is_err());
    }

    /// Compared with the same in another encoding it would differ although it says the same.
    #[test]
    fn characters_that_are_hashed_as_they_are_stored_are_named_with_their_encoding() {
        let columns = [column("c", "characters"), column("n", "bigint")];
        let recipe = Recipe::new(&columns, DigestKey(1), OwnSums::No).unwrap();
        assert_eq!(recipe.text, "c x in UTF-8, n x");
        // Beyond those that fit the seed they are written out.
        let many: Vec<Column> = (0..40).map(|n| column(&format!("c{n}"), "characters")).collect();
        let recipe = Recipe::new(&many, DigestKey(1), OwnSums::No).unwrap();
        let stored = recipe.text.matches(" in UTF-8").count();
        let seeded = recipe.on_the_server().unwrap().sum().matches("hashtextextended(").count();
        assert!(seeded == stored && (1..40).contains(&stored), "{}", recipe.text);
        let key = StreamKey([1; 32]);
        let recipe = Recipe::streamed(7, &"public.t".parse().unwrap(), &columns, key).unwrap();
        assert_eq!(recipe.text, "c x, n x");
    }

    #[test]
    fn a_streamed_row_has_the_same_columns_in_the_same_forms() {
        let key = StreamKey([1; 32]);
        let recipe = Recipe::streamed(7, &"public.t".parse().unwrap(), &four(), key).unwrap();
        let sql = recipe.here().unwrap().range(Blocks::ALL).unwrap().as_sql().to_owned();
        assert!(
            sql.contains(r#"t.xmin, t."a", t."B"::"pg_catalog"."numeric", case when"#),
            "{sql}"
        );
        let on_the_server = Recipe::new(&four(), DigestKey(1), OwnSums::No).unwrap();
        assert_eq!(recipe.text, on_the_server.text);
        assert_eq!(recipe.lane(), Lane::Streamed { key });
    }

    #[test]
    fn a_row_that_is_read_as_it_is_stored_is_compared_in_its_database() {
        let columns: Vec<Column> =
            (0..1500).map(|n| column(&format!("column_{n}"), "binary")).collect();
        let recipe = Recipe::new(&columns, DigestKey(1), OwnSums::Yes).unwrap();
        assert_eq!(recipe.comparable, Comparable::SameDatabase);
        assert!(recipe.own.is_empty());
    }
}
