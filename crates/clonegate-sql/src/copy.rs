//! A range of one relation, as `COPY … TO STDOUT` sends it.
//!
//! No text of a caller's is in such a statement. It is made of names, a number of blocks and one of three ways to
//! write a column, so there is nothing to judge: what can't be said in these can't be asked for.

use std::fmt::Write as _;

use crate::column::{ForeignType, RowColumn};
use crate::name::{NotAName, Qualified};
use crate::scan::Blocks;

/// Columns of a relation at the most: PostgreSQL's own limit.
const MAX_COLUMNS: usize = 1600;

/// Why a range can't be copied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CopyRefused {
    /// A name that is none.
    #[error(transparent)]
    Name(#[from] NotAName),
    /// A cast to a type that is not the server's own.
    #[error(transparent)]
    Type(#[from] ForeignType),
    /// More columns than a relation can have.
    #[error("{0} columns are more than a relation can have")]
    Columns(usize),
    /// Blocks that no relation has.
    #[error("there is no range of blocks from {from} to {to}")]
    Range {
        /// The first block.
        from: u64,
        /// The first block behind it.
        to: u64,
    },
}

/// One range of one relation, to be sent in COPY's binary form: for each row its `xmin`, then the listed columns.
///
/// ```
/// use clonegate_sql::{Blocks, ColumnForm, RangeCopy, RowColumn};
///
/// let columns = vec![RowColumn { name: "total".parse()?, form: ColumnForm::Binary }];
/// let blocks = Blocks { from: 0, to: Some(512) };
/// let copy = RangeCopy::new(16500, "public.\"Order\"".parse()?, &columns, blocks)?;
/// assert!(copy.as_sql().contains(r#"from only "public"."Order" as t"#));
/// # Ok::<(), clonegate_sql::CopyRefused>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeCopy {
    oid: u32,
    relation: Qualified,
    fields: usize,
    sql: String,
}

impl RangeCopy {
    /// The blocks of a relation.
    ///
    /// # Errors
    /// [`CopyRefused`].
    pub fn new(
        oid: u32,
        relation: Qualified,
        columns: &[RowColumn],
        blocks: Blocks,
    ) -> Result<Self, CopyRefused> {
        let Blocks { from, to } = blocks;
        if columns.len() > MAX_COLUMNS {
            return Err(CopyRefused::Columns(columns.len()));
        }
        let last = u64::from(u32::MAX);
        if from > last || to.is_some_and(|to| to <= from || to > last) {
            return Err(CopyRefused::Range { from, to: to.unwrap_or(last) });
        }
        let query = query(&relation, columns, blocks)?;
        let sql = format!("copy ({query}) to stdout with (format binary)");
        Ok(Self { oid, relation, fields: columns.len() + 1, sql })
    }

    /// The statement.
    #[must_use]
    pub fn as_sql(&self) -> &str {
        &self.sql
    }

    /// The relation's OID: who reads by name has to see that it is still this one.
    #[must_use]
    pub fn oid(&self) -> u32 {
        self.oid
    }

    /// The relation.
    #[must_use]
    pub fn relation(&self) -> &Qualified {
        &self.relation
    }

    /// The fields of each row.
    #[must_use]
    pub fn fields(&self) -> usize {
        self.fields
    }
}

fn query(
    relation: &Qualified,
    columns: &[RowColumn],
    blocks: Blocks,
) -> Result<String, CopyRefused> {
    let mut sql = "select t.xmin".to_owned();
    for column in columns {
        let _ = write!(sql, ", {}", column.value()?);
    }
    // A lower bound even where it is the first block: without any, the server may share the scan out among
    // workers of its own.
    let _ = write!(sql, " from only {relation} as t where {blocks}");
    Ok(sql)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ReadOnlyStatement;
    use crate::column::ColumnForm;
    use crate::name::Identifier;

    fn identifier() -> impl Strategy<Value = Identifier> {
        let names = ["[a-zé\"'; ().$\\\\/*-]{1,12}", "[A-Za-z_]{1,12}", "select|user|end|xmin"];
        prop_oneof![names[0], names[1], names[2]]
            .prop_filter_map("it fits", |text| Identifier::new(&text).ok())
    }

    fn column() -> impl Strategy<Value = RowColumn> {
        let base = Qualified::new(
            Identifier::new("pg_catalog").unwrap(),
            Identifier::new("numeric").unwrap(),
        );
        let form = prop_oneof![
            Just(ColumnForm::Binary),
            Just(ColumnForm::Base(base)),
            Just(ColumnForm::Text)
        ];
        (identifier(), form).prop_map(|(name, form)| RowColumn { name, form })
    }

    proptest! {
        /// The judge, which has its own parser, sees one statement that only reads, whatever names are in it.
        #[test]
        fn no_name_makes_the_statement_another_one(
            schema in identifier(),
            relation in identifier(),
            columns in proptest::collection::vec(column(), 0..6),
        ) {
            let relation = Qualified::new(schema, relation);
            let copy = RangeCopy::new(1, relation.clone(), &columns, Blocks { from: 3, to: Some(9) }).unwrap();
            let inner = copy.as_sql().strip_prefix("copy (").unwrap();
            let inner = inner.strip_suffix(") to stdout with (format binary)").unwrap();
            prop_assert!(ReadOnlyStatement::judge(inner).is_ok(), "{inner}");
            prop_assert_eq!(relation.to_string().parse::<Qualified>().unwrap(), relation);
            prop_assert_eq!(copy.fields(), columns.len() + 1);
        }
    }

    #[test]
    fn a_column_is_written_in_one_of_three_ways() {
        let form = |form| RowColumn { name: "a".parse().unwrap(), form };
        let base = ColumnForm::Base("pg_catalog.numeric".parse().unwrap());
        let columns = [form(ColumnForm::Binary), form(base), form(ColumnForm::Text)];
        let copy = RangeCopy::new(7, "s.t".parse().unwrap(), &columns, Blocks::ALL).unwrap();
        assert_eq!(
            copy.as_sql(),
            r#"copy (select t.xmin, t."a", t."a"::"pg_catalog"."numeric", case when pg_catalog.num_nulls(t."a") operator(pg_catalog.=) 0 then pg_catalog.format('%s', t."a") end from only "s"."t" as t where t.ctid operator(pg_catalog.>=) '(0,0)'::pg_catalog.tid) to stdout with (format binary)"#
        );
    }

    #[test]
    fn what_could_run_a_function_of_the_databases_is_refused() {
        let base: Qualified = "public.mine".parse().unwrap();
        let column = RowColumn { name: "a".parse().unwrap(), form: ColumnForm::Base(base.clone()) };
        let refused = RangeCopy::new(7, "s.t".parse().unwrap(), &[column], Blocks::ALL);
        assert_eq!(refused, Err(CopyRefused::Type(ForeignType(base))));
    }

    #[test]
    fn a_range_that_is_none_is_refused() {
        for (from, to) in [(5, Some(5)), (6, Some(5)), (1 << 40, None), (0, Some(1 << 40))] {
            let refused = RangeCopy::new(7, "s.t".parse().unwrap(), &[], Blocks { from, to });
            assert!(matches!(refused, Err(CopyRefused::Range { .. })), "{from} {to:?}");
        }
    }
}
