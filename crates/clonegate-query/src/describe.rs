//! What a database has, as far as the role may read it.

use std::time::Duration;

use clonegate_model::DatabaseName;
use serde::Serialize;

/// What is to be described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The database: its schemas.
    Database {
        /// Goes on behind this schema.
        after: Option<String>,
    },
    /// A schema: its tables, views and the like.
    Schema {
        /// Which.
        schema: String,
        /// Goes on behind this relation.
        after: Option<String>,
    },
    /// A relation: its columns and keys.
    Relation {
        /// Its schema.
        schema: String,
        /// Which.
        relation: String,
    },
}

impl Scope {
    /// What an optional schema and relation ask for; `public` where only a relation is given.
    #[must_use]
    pub fn of(schema: Option<String>, relation: Option<String>, after: Option<String>) -> Self {
        match (schema, relation) {
            (None, None) => Self::Database { after },
            (Some(schema), None) => Self::Schema { schema, after },
            (schema, Some(relation)) => {
                Self::Relation { schema: schema.unwrap_or_else(|| "public".to_owned()), relation }
            }
        }
    }
}

/// A description and what it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Description {
    /// The sequence number in the audit log.
    pub id: u64,
    /// Of which database.
    pub database: DatabaseName,
    /// What there is.
    #[serde(flatten)]
    pub of: Described,
    /// Whether there is more: ask again, behind the last name.
    pub truncated: bool,
    /// How long it took.
    #[serde(skip)]
    pub elapsed: Duration,
}

/// What there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Described {
    /// The schemas that the role may use.
    Schemas(Vec<Schema>),
    /// The relations of a schema that the role may read something of.
    Relations(Vec<Relation>),
    /// One relation; `None` where there is none that the role may read something of.
    Relation(Option<RelationDetail>),
}

/// A schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Schema {
    /// Its name.
    pub name: String,
    /// How many relations of it the role may read something of.
    pub relations: i64,
    /// Its comment, cut at 500 characters.
    pub comment: Option<String>,
}

/// A table, a view, a materialized view, a foreign table or a partitioned table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relation {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// `table`, `view`, `materialized view`, `foreign table` or `partitioned table`.
    pub kind: String,
    /// The planner's estimate of its rows; `None` where it has none.
    pub rows: Option<i64>,
    /// Its comment, cut at 500 characters.
    pub comment: Option<String>,
}

/// A relation with its columns and keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RelationDetail {
    /// The relation.
    #[serde(flatten)]
    pub relation: Relation,
    /// The columns that the role may read, in their order.
    pub columns: Vec<Column>,
    /// The keys all of whose columns the role may read.
    pub keys: Vec<Key>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, as PostgreSQL writes it.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Whether it may be NULL.
    pub null: Nullability,
    /// Its comment, cut at 500 characters.
    pub comment: Option<String>,
}

/// Whether a column may be NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nullability {
    /// It may.
    Nullable,
    /// It may not.
    NotNull,
}

/// A primary key, a unique constraint or a foreign key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    /// The constraint's name.
    pub name: String,
    /// Of which kind.
    pub kind: KeyKind,
    /// As PostgreSQL writes it, for instance `FOREIGN KEY (a) REFERENCES b(id)`.
    pub definition: String,
}

/// The kind of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// PRIMARY KEY.
    Primary,
    /// UNIQUE.
    Unique,
    /// FOREIGN KEY.
    Foreign,
}
