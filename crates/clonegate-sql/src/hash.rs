//! How the server hashes the rows of a relation, so that nothing of them but sums leaves it.
//!
//! A row is written out by `record_send`, which tells apart whatever the types tell apart, and hashed by
//! `hash_record_extended` over the written bytes as one value. Whole numbers are not written out, which is most of
//! the time of a short row: one after the other they are hashed into the seed of that hash. Either way the hash is
//! one of the whole row, and no sum of its columns' hashes: that would not notice two rows that exchange a value.

use crate::column::{ColumnForm, ForeignType, RowColumn};
use crate::name::Identifier;

/// The longest list of columns that is written out, so that a statement of one relation can be judged.
const MAX_LIST: usize = 10 * 1024;

/// Whole numbers that are hashed into the seed at the most: each is two calls in calls.
const MAX_SEEDED: usize = 16;

/// How the rows of one relation are hashed.
///
/// No text of a caller's is in it: it is made of names, forms and a number.
///
/// ```
/// use clonegate_sql::{ColumnForm, OwnSums, RowColumn, RowHash};
///
/// let columns = [RowColumn { name: "total".parse()?, form: ColumnForm::Binary }];
/// let hash = RowHash::new(&columns, 7, OwnSums::No)?;
/// assert_eq!(
///     hash.sum(),
///     r#"pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(row(t."total"))), '7'))"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowHash {
    key: i64,
    /// What is written out of a row; `None` where all of it goes into the seed.
    pub(crate) written: Option<String>,
    /// The key with whole numbers hashed into it; `None` where there are none.
    pub(crate) seed: Option<String>,
    /// The columns' own sums.
    own: Vec<String>,
    is_as_stored: bool,
}

/// Whether each column has a sum of its own, by which a changed one can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnSums {
    /// Each that fits.
    Yes,
    /// None.
    No,
}

impl RowHash {
    /// For rows of these columns, with a key that whoever writes rows does not know.
    ///
    /// # Errors
    /// [`ForeignType`].
    pub fn new(columns: &[RowColumn], key: i64, own: OwnSums) -> Result<Self, ForeignType> {
        let (mut written, mut seed) = (Vec::new(), None);
        let mut seeded = 0;
        for column in columns {
            if column.form == ColumnForm::Integer && seeded < MAX_SEEDED {
                seeded += 1;
                seed = Some(with_integer(&column.name, seed, key));
            } else {
                written.push(column.values()?);
            }
        }
        let row = format!("row({})", written.join(", "));
        if row.len() > MAX_LIST {
            // The row itself: shorter than any list of its columns, but with the OIDs of this database.
            return Ok(Self {
                key,
                written: Some("t.*".to_owned()),
                seed: None,
                own: Vec::new(),
                is_as_stored: true,
            });
        }
        let mut sums = Vec::new();
        if own == OwnSums::Yes {
            for column in columns {
                let sum = match column.form {
                    ColumnForm::Integer => with_integer(&column.name, None, key),
                    _ => hashed(Some(&format!("row({})", column.values()?)), None, key),
                };
                sums.push(format!("pg_catalog.sum({sum})"));
            }
            if sums.iter().map(|sum| sum.len() + 2).sum::<usize>() > MAX_LIST {
                sums.clear();
            }
        }
        // A row without columns is a row all the same.
        let written = (!written.is_empty() || seed.is_none()).then_some(row);
        Ok(Self { key, written, seed, own: sums, is_as_stored: false })
    }

    /// Whether the row is hashed as it is stored, with OIDs that are other ones in another database.
    #[must_use]
    pub fn is_as_stored(&self) -> bool {
        self.is_as_stored
    }

    /// Whether each column has a sum of its own, in their order. They don't where all of them don't fit.
    #[must_use]
    pub fn has_own_sums(&self) -> bool {
        !self.own.is_empty()
    }

    /// The sum over the rows of `t`, an aggregate of type `numeric`.
    #[must_use]
    pub fn sum(&self) -> String {
        summed(self.written.as_deref(), self.seed.as_deref(), self.key)
    }

    /// The same over the rows of another query, whose columns are what is written and the seed.
    pub(crate) fn sum_of_members(&self) -> String {
        let written = self.written.as_ref().map(|_| "r.written");
        let seed = self.seed.as_ref().map(|_| "r.seed");
        summed(written, seed, self.key)
    }

    /// The columns' sums, an array.
    pub(crate) fn column_sums(&self) -> String {
        if self.own.is_empty() {
            return NO_COLUMNS.to_owned();
        }
        format!("array[{}]", self.own.join(", "))
    }
}

/// What stands for the sums of columns where they are not taken.
pub(crate) const NO_COLUMNS: &str = "null::numeric[]";

fn summed(written: Option<&str>, seed: Option<&str>, key: i64) -> String {
    format!("pg_catalog.sum({})", hashed(written, seed, key))
}

fn hashed(written: Option<&str>, seed: Option<&str>, key: i64) -> String {
    let seed = seed.map_or_else(|| format!("'{key}'"), str::to_owned);
    match written {
        None => seed,
        Some(row) => {
            format!("pg_catalog.hash_record_extended(row(pg_catalog.record_send({row})), {seed})")
        }
    }
}

/// A seed with the value of a column hashed into it. NULL is 0 under another seed. Of a `bigint` the server folds
/// 64 bits to 32, so that it can't be done with one.
fn with_integer(name: &Identifier, seed: Option<String>, key: i64) -> String {
    let seed = seed.unwrap_or_else(|| format!("'{key}'"));
    format!(
        "pg_catalog.hashint4extended(coalesce(t.{name}, 0), \
         pg_catalog.int8xor({seed}, case when t.{name} is null then '1'::bigint else '0'::bigint end))"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, form: ColumnForm) -> RowColumn {
        RowColumn { name: Identifier::new(name).unwrap(), form }
    }

    fn four() -> [RowColumn; 4] {
        [
            column("a", ColumnForm::Binary),
            column("B", ColumnForm::Base("pg_catalog.numeric".parse().unwrap())),
            column("c", ColumnForm::Text),
            column("n", ColumnForm::Integer),
        ]
    }

    #[test]
    fn a_row_is_hashed_as_one_value() {
        let hash = RowHash::new(&four()[..3], -7, OwnSums::Yes).unwrap();
        let written = r#"row(t."a", t."B"::"pg_catalog"."numeric", pg_catalog.num_nulls(t."c"), pg_catalog.format('%s', t."c"))"#;
        let of = |seed: &str| {
            format!(
                "pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send({written})), {seed}))"
            )
        };
        assert_eq!(hash.sum(), of("'-7'"));
        assert!(!hash.is_as_stored() && hash.has_own_sums());
        let seed = r#"pg_catalog.hashint4extended(coalesce(t."n", 0), pg_catalog.int8xor('-7', case when t."n" is null then '1'::bigint else '0'::bigint end))"#;
        let hash = RowHash::new(&four(), -7, OwnSums::No).unwrap();
        assert_eq!(hash.sum(), of(seed));
        let hash = RowHash::new(&four()[3..], -7, OwnSums::Yes).unwrap();
        assert_eq!(hash.sum(), format!("pg_catalog.sum({seed})"));
        assert_eq!(hash.column_sums(), format!("array[{}]", hash.sum()));
        let none = RowHash::new(&[], 7, OwnSums::Yes).unwrap();
        assert!(none.sum().contains("record_send(row())") && !none.has_own_sums());
    }

    #[test]
    fn a_relation_with_too_many_columns_is_read_as_it_is_stored() {
        let columns: Vec<RowColumn> =
            (0..1500).map(|n| column(&format!("column_{n}"), ColumnForm::Binary)).collect();
        let hash = RowHash::new(&columns, 1, OwnSums::Yes).unwrap();
        assert!(hash.is_as_stored() && !hash.has_own_sums());
        assert!(hash.sum().contains("record_send(t.*)"));
    }

    #[test]
    fn only_so_many_whole_numbers_nest() {
        let columns: Vec<RowColumn> =
            (0..100).map(|n| column(&format!("c{n}"), ColumnForm::Integer)).collect();
        let sum = RowHash::new(&columns, 1, OwnSums::No).unwrap().sum();
        assert_eq!(sum.matches("hashint4extended").count(), MAX_SEEDED);
        assert!((0..100).all(|n| sum.contains(&format!("t.\"c{n}\""))));
    }

    #[test]
    fn what_could_run_a_function_of_the_databases_is_refused() {
        let base = "public.mine".parse().unwrap();
        let column = column("a", ColumnForm::Base(base));
        assert!(RowHash::new(&[column], 1, OwnSums::No).is_err());
    }
}
