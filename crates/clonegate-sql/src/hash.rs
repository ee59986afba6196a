//! How the server hashes the rows of a relation, so that nothing of them but sums leaves it.
//!
//! A row is written out by `record_send`, which tells apart whatever the types tell apart, and hashed by
//! `hash_record_extended` over the written bytes as one value. Whole numbers and texts are not written out, which is
//! most of the time of a short row: one after the other they are hashed into the seed of that hash. Either way the hash
//! is one of the whole row, and no sum of its columns' hashes: that would not notice two rows that exchange a value.

use crate::column::{ColumnForm, ForeignType, RowColumn};
use crate::name::Identifier;

/// The longest list of columns that is written out, so that a statement of one relation can be judged.
const MAX_LIST: usize = 10 * 1024;

/// Columns that are hashed into the seed at the most: each is two calls in calls.
const MAX_SEEDED: usize = 16;

/// How a column is hashed into a seed. Columns go in in this order, so that relations with the same number of each are
/// hashed alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Seeding {
    Integer,
    BigInteger,
    Characters,
}

impl Seeding {
    fn of(form: &ColumnForm) -> Option<Self> {
        match form {
            ColumnForm::Integer => Some(Self::Integer),
            ColumnForm::BigInteger => Some(Self::BigInteger),
            ColumnForm::Characters => Some(Self::Characters),
            ColumnForm::Binary | ColumnForm::Base(_) | ColumnForm::Text => None,
        }
    }

    /// The seed with a value hashed into it, and whether that is NULL.
    fn into(self, value: &str, seed: &str) -> String {
        let with_null = || {
            format!(
                "pg_catalog.int8xor({seed}, case when {value} is null then '1'::bigint else '0'::bigint end)"
            )
        };
        match self {
            Self::Integer => {
                format!("pg_catalog.hashint4extended(coalesce({value}, 0), {})", with_null())
            }
            // The server's own hash of a bigint folds 64 bits to 32, but sees all of a seed. NULL is 0 under the seed
            // of 1.
            Self::BigInteger => format!(
                "pg_catalog.hashint8extended(coalesce({value}, '0'::bigint), pg_catalog.int8xor({seed}, coalesce({value}, '1'::bigint)))"
            ),
            // As the bytes that it is, whatever its own collation takes for equal.
            Self::Characters => format!(
                "pg_catalog.hashtextextended(coalesce({value}, '') collate pg_catalog.\"C\", {})",
                with_null()
            ),
        }
    }
}

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
    written: Option<String>,
    /// The columns that go into the seed, in their order.
    seeded: Vec<(Seeding, Identifier)>,
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
        let mut seeded: Vec<(Seeding, usize)> = columns
            .iter()
            .enumerate()
            .filter_map(|(n, column)| Some((Seeding::of(&column.form)?, n)))
            .collect();
        seeded.sort_unstable();
        seeded.truncate(MAX_SEEDED);
        let mut written = Vec::new();
        for (n, column) in columns.iter().enumerate() {
            if !seeded.iter().any(|(_, place)| *place == n) {
                written.push(column.values()?);
            }
        }
        let seeded: Vec<(Seeding, Identifier)> =
            seeded.into_iter().map(|(seeding, n)| (seeding, columns[n].name.clone())).collect();
        let row = format!("row({})", written.join(", "));
        if row.len() > MAX_LIST {
            // The row itself: shorter than any list of its columns, but with the OIDs of this database.
            return Ok(Self {
                key,
                written: Some("t.*".to_owned()),
                seeded: Vec::new(),
                own: Vec::new(),
                is_as_stored: true,
            });
        }
        let mut sums = Vec::new();
        if own == OwnSums::Yes {
            for column in columns {
                // By itself only a number is shorter in a seed, and all of them have to fit a statement.
                let sum = match Seeding::of(&column.form) {
                    Some(Seeding::Integer) => {
                        Seeding::Integer.into(&of_t(&column.name), &literal(key))
                    }
                    _ => hashed(Some(&format!("row({})", column.values()?)), &literal(key)),
                };
                sums.push(format!("pg_catalog.sum({sum})"));
            }
            if sums.iter().map(|sum| sum.len() + 2).sum::<usize>() > MAX_LIST {
                sums.clear();
            }
        }
        // A row without columns is a row all the same.
        let written = (!written.is_empty() || seeded.is_empty()).then_some(row);
        Ok(Self { key, written, seeded, own: sums, is_as_stored: false })
    }

    /// Whether the row is hashed as it is stored, with OIDs that are other ones in another database.
    #[must_use]
    pub fn is_as_stored(&self) -> bool {
        self.is_as_stored
    }

    /// Whether a column's value goes into the seed, and is not written out.
    #[must_use]
    pub fn is_seeded(&self, column: &Identifier) -> bool {
        self.seeded.iter().any(|(_, name)| name == column)
    }

    /// Whether each column has a sum of its own, in their order. They don't where all of them don't fit.
    #[must_use]
    pub fn has_own_sums(&self) -> bool {
        !self.own.is_empty()
    }

    /// The sum over the rows of `t`, an aggregate of type `numeric`.
    #[must_use]
    pub fn sum(&self) -> String {
        self.summed(self.written.as_deref(), |(_, (_, name))| of_t(name))
    }

    /// Relations of which this is equal, too, are summed up in one query.
    #[must_use]
    pub fn likeness(&self) -> impl Ord + use<> {
        let seeded: Vec<Seeding> = self.seeded.iter().map(|(seeding, _)| *seeding).collect();
        (self.written.is_some(), seeded)
    }

    /// What of a row of `t` is to be given on to [`Self::sum_of_members`].
    pub(crate) fn member(&self) -> impl Iterator<Item = String> {
        let seeded = self.seeded.iter().map(|(_, name)| of_t(name));
        self.written.iter().cloned().chain(seeded)
    }

    /// What that is called.
    pub(crate) fn member_names(&self) -> impl Iterator<Item = String> {
        let written = self.written.iter().map(|_| "written".to_owned());
        written.chain((0..self.seeded.len()).map(|n| format!("seed_{n}")))
    }

    /// The same sum over the rows of another query, `r`.
    pub(crate) fn sum_of_members(&self) -> String {
        let written = self.written.as_ref().map(|_| "r.written");
        self.summed(written, |(n, _)| format!("r.seed_{n}"))
    }

    fn summed(
        &self,
        written: Option<&str>,
        value: impl Fn((usize, &(Seeding, Identifier))) -> String,
    ) -> String {
        let seed =
            self.seeded.iter().enumerate().fold(literal(self.key), |seed, (n, column)| {
                column.0.into(&value((n, column)), &seed)
            });
        format!("pg_catalog.sum({})", hashed(written, &seed))
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

fn of_t(name: &Identifier) -> String {
    format!("t.{name}")
}

fn literal(key: i64) -> String {
    format!("'{key}'")
}

fn hashed(written: Option<&str>, seed: &str) -> String {
    match written {
        None => seed.to_owned(),
        Some(row) => {
            format!("pg_catalog.hash_record_extended(row(pg_catalog.record_send({row})), {seed})")
        }
    }
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
        let text = column("t", ColumnForm::Characters);
        let big = column("z", ColumnForm::BigInteger);
        let [a, _, _, n] = four();
        let hash = RowHash::new(&[a, n.clone(), text, big], -7, OwnSums::No).unwrap();
        let big = format!(
            r#"pg_catalog.hashint8extended(coalesce(t."z", '0'::bigint), pg_catalog.int8xor({seed}, coalesce(t."z", '1'::bigint)))"#
        );
        let text = format!(
            r#"pg_catalog.hashtextextended(coalesce(t."t", '') collate pg_catalog."C", pg_catalog.int8xor({big}, case when t."t" is null then '1'::bigint else '0'::bigint end))"#
        );
        let row = r#"row(pg_catalog.record_send(row(t."a")))"#;
        assert_eq!(
            hash.sum(),
            format!("pg_catalog.sum(pg_catalog.hash_record_extended({row}, {text}))")
        );
        let hash = RowHash::new(&[n], -7, OwnSums::Yes).unwrap();
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
    fn only_so_many_nest() {
        let forms = [ColumnForm::Characters, ColumnForm::Integer, ColumnForm::BigInteger];
        let columns: Vec<RowColumn> =
            (0..100).map(|n| column(&format!("c{n}"), forms[n % 3].clone())).collect();
        let sum = RowHash::new(&columns, 1, OwnSums::No).unwrap().sum();
        assert_eq!(sum.matches("extended(").count(), MAX_SEEDED + 1);
        assert!((0..100).all(|n| sum.contains(&format!("t.\"c{n}\""))));
    }

    #[test]
    fn what_could_run_a_function_of_the_databases_is_refused() {
        let base = "public.mine".parse().unwrap();
        let column = column("a", ColumnForm::Base(base));
        assert!(RowHash::new(&[column], 1, OwnSums::No).is_err());
    }
}
