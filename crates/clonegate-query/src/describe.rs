//! What a database has, as far as the role may read it.

use std::time::Duration;

use clonegate_model::{DatabaseName, Facts, Reading, Value};
use serde::Serialize;

const SCHEMAS: &str = include_str!("../../../sql/engine/query/schemas.sql");
const RELATIONS: &str = include_str!("../../../sql/engine/query/relations.sql");
const RELATION: &str = include_str!("../../../sql/engine/query/relation.sql");

/// PostgreSQL keeps this much of a name.
const MAX_NAME_BYTES: usize = 63;

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

/// What is sent for a scope, and what the audit log has as its text.
pub(crate) struct Asked {
    pub(crate) sql: &'static str,
    pub(crate) facts: Facts,
    pub(crate) text: String,
}

pub(crate) fn ask(scope: &Scope) -> Asked {
    let publish = |pairs: &[(&str, &str)]| {
        let mut facts = Facts::none();
        for (name, value) in pairs {
            facts
                .set(name, &*as_a_name(value))
                .expect("the facts' names are fixed, and the values have no NUL");
        }
        facts
    };
    let after = |after: &Option<String>| after.clone().unwrap_or_default();
    let behind = |after: &Option<String>| match after {
        Some(name) => format!(" behind {}", as_a_name(name)),
        None => String::new(),
    };
    match scope {
        Scope::Database { after: a } => Asked {
            sql: SCHEMAS,
            facts: publish(&[("after", &after(a))]),
            text: format!("describe the database{}", behind(a)),
        },
        Scope::Schema { schema, after: a } => Asked {
            sql: RELATIONS,
            facts: publish(&[("schema", schema), ("after", &after(a))]),
            text: format!("describe schema {}{}", as_a_name(schema), behind(a)),
        },
        Scope::Relation { schema, relation } => Asked {
            sql: RELATION,
            facts: publish(&[("schema", schema), ("relation", relation)]),
            text: format!("describe relation {}.{}", as_a_name(schema), as_a_name(relation)),
        },
    }
}

/// What PostgreSQL makes of a name: no NUL, and no more than 63 bytes.
fn as_a_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars().filter(|c| *c != '\0') {
        if name.len() + c.len_utf8() > MAX_NAME_BYTES {
            break;
        }
        name.push(c);
    }
    name
}

/// Rows of the scope's statement as a description.
pub(crate) fn read(scope: &Scope, reading: &Reading) -> Described {
    let rows = reading.rows.iter().map(|row| Row { columns: &reading.columns, row });
    match scope {
        Scope::Database { .. } => Described::Schemas(
            rows.map(|row| Schema {
                name: row.text("name"),
                relations: row.integer("relations").unwrap_or_default(),
                comment: row.maybe("comment"),
            })
            .collect(),
        ),
        Scope::Schema { .. } => Described::Relations(
            rows.map(|row| Relation {
                schema: row.text("schema"),
                name: row.text("name"),
                kind: row.text("kind"),
                rows: row.integer("rows"),
                comment: row.maybe("comment"),
            })
            .collect(),
        ),
        Scope::Relation { schema, .. } => {
            let mut detail: Option<RelationDetail> = None;
            for row in rows {
                match (row.integer("part"), &mut detail) {
                    (Some(1), None) => {
                        let relation = Relation {
                            schema: as_a_name(schema),
                            name: row.text("name"),
                            kind: row.text("kind"),
                            rows: row.integer("rows"),
                            comment: row.maybe("words"),
                        };
                        let (columns, keys) = (Vec::new(), Vec::new());
                        detail = Some(RelationDetail { relation, columns, keys });
                    }
                    (Some(2), Some(detail)) => detail.columns.push(Column {
                        name: row.text("name"),
                        type_name: row.text("kind"),
                        null: match row.get("not_null") {
                            Some(Value::Bool(true)) => Nullability::NotNull,
                            _ => Nullability::Nullable,
                        },
                        comment: row.maybe("words"),
                    }),
                    (Some(3), Some(detail)) => detail.keys.push(Key {
                        name: row.text("name"),
                        kind: match row.text("kind").as_str() {
                            "p" => KeyKind::Primary,
                            "u" => KeyKind::Unique,
                            _ => KeyKind::Foreign,
                        },
                        definition: row.text("words"),
                    }),
                    _ => {}
                }
            }
            Described::Relation(detail)
        }
    }
}

struct Row<'a> {
    columns: &'a [String],
    row: &'a [Value],
}

impl Row<'_> {
    fn get(&self, column: &str) -> Option<&Value> {
        let at = self.columns.iter().position(|name| name == column)?;
        self.row.get(at).filter(|value| **value != Value::Null)
    }

    fn maybe(&self, column: &str) -> Option<String> {
        self.get(column).map(ToString::to_string)
    }

    fn text(&self, column: &str) -> String {
        self.maybe(column).unwrap_or_default()
    }

    fn integer(&self, column: &str) -> Option<i64> {
        self.get(column).and_then(Value::as_integer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clonegate_sql::ReadOnlyStatement;

    #[test]
    fn the_judge_lets_the_crates_own_statements_through() {
        for sql in [SCHEMAS, RELATIONS, RELATION] {
            ReadOnlyStatement::judge(sql).unwrap_or_else(|refusal| panic!("{refusal}\n{sql}"));
        }
    }

    #[test]
    fn any_text_can_be_asked_for_as_a_name() {
        for text in ["", "a\0b", &"é".repeat(200), "x'; drop table y; --"] {
            let asked = ask(&Scope::of(Some(text.to_owned()), Some(text.to_owned()), None));
            assert_eq!(asked.facts.iter().len(), 2);
            assert!(as_a_name(text).len() <= 63);
        }
        assert_eq!(as_a_name("a\0b"), "ab");
    }
}
