//! A column of a relation, and how it goes into a row that is sent or hashed.

use crate::name::{Identifier, Qualified};

/// A column and how it goes into a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowColumn {
    /// Its name.
    pub name: Identifier,
    /// How it is written.
    pub form: ColumnForm,
}

/// How a column goes into a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnForm {
    /// In its type's binary form.
    Binary,
    /// The same, of a `smallint` or an `integer`, whose value can also be hashed by itself.
    Integer,
    /// The same, of a `bigint`.
    BigInteger,
    /// The same, of a `text` or a `varchar` in a database in UTF-8, whose bytes are the same in any such.
    Characters,
    /// In the binary form of this type, over which its own is a domain. It is one of the server's own:
    /// a cast to another could run a function of the database's.
    Base(Qualified),
    /// As its type's output function writes it; not by a cast, which anybody may define.
    Text,
}

/// A column that would be cast to a type that is not one of the server's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a column would be cast to {0}, which is not one of the server's own types")]
pub struct ForeignType(pub Qualified);

impl RowColumn {
    /// The column as one value, which is NULL where the column is.
    pub(crate) fn value(&self) -> Result<String, ForeignType> {
        let name = &self.name;
        match &self.form {
            // That it is NULL is asked of the value and not by IS NULL, which says something else of a
            // composite one.
            ColumnForm::Text => Ok(format!(
                "case when pg_catalog.num_nulls(t.{name}) operator(pg_catalog.=) 0 \
                 then pg_catalog.format('%s', t.{name}) end"
            )),
            _ => self.as_it_is(),
        }
    }

    /// The column as values of a row that is written out whole.
    pub(crate) fn values(&self) -> Result<String, ForeignType> {
        let name = &self.name;
        match &self.form {
            ColumnForm::Text => {
                Ok(format!("pg_catalog.num_nulls(t.{name}), pg_catalog.format('%s', t.{name})"))
            }
            _ => self.as_it_is(),
        }
    }

    fn as_it_is(&self) -> Result<String, ForeignType> {
        let name = &self.name;
        match &self.form {
            ColumnForm::Base(base) if base.schema().as_str() != "pg_catalog" => {
                Err(ForeignType(base.clone()))
            }
            ColumnForm::Base(base) => Ok(format!("t.{name}::{base}")),
            _ => Ok(format!("t.{name}")),
        }
    }
}
