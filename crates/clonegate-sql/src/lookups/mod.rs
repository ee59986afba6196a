//! What a statement names that may be the database's own, and what follows from what its catalogs say.
//!
//! The judge has a text and no catalog. It knows by name what PostgreSQL's own functions, operators and types do, but
//! not whether a name means one of them on a given server: `length(x)` is a function of the database's own where that
//! fits `x` better, `a = b` its operator, and `('…'::text).name` calls whatever `name` takes a text. So a judged
//! statement carries the names whose meaning only a server knows. The production channel asks for them in the
//! transaction in which the statement is going to run, before it is sent, and [`Lookups::judge`] decides.
//!
//! A column is never mistaken for a call: what `x.name` is, is decided as PostgreSQL does it, and a column of that name
//! comes first. Where the text does not tell which columns `x` has, the server is asked for them as well
//! ([`Judged::Ask`]).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::{Permitted, Refusal, Rule};

mod collect;
mod sources;

pub(crate) use collect::Collector;
use sources::Columns;

/// The longest name that PostgreSQL doesn't cut.
pub(crate) const MAX_NAME_BYTES: usize = 63;

/// How many things of the database's own may have a statement's names. They are looked at one by one.
pub const MAX_FOUND: usize = 500;

/// The names of one statement whose meaning only a server knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lookups {
    text: Arc<str>,
    permitted: Permitted,
    calls: Vec<Call>,
    operators: Vec<Symbol>,
    types: Vec<TypeName>,
    fields: Vec<Field>,
    sources: BTreeMap<String, Vec<Source>>,
}

/// A function of PostgreSQL's own that is called by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Call {
    name: String,
    /// How many arguments it is given; `None` where the text doesn't tell.
    arguments: Option<usize>,
    place: Place,
    range: Range<usize>,
}

/// An operator.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Symbol {
    symbol: String,
    place: Place,
    range: Range<usize>,
}

/// A type of PostgreSQL's own that is named without its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TypeName {
    name: String,
    range: Range<usize>,
}

/// `x.name`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    /// As the server may read it: more than one where that depends on the encoding.
    names: Vec<String>,
    base: Base,
    range: Range<usize>,
}

/// Where a name is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the schemas of the search path.
    Path,
    /// In `pg_catalog` alone.
    Catalog,
}

/// What stands before the dot.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Base {
    /// An expression: it may be any value.
    Value,
    /// The name of something in FROM.
    Alias(String),
}

/// Something in FROM that a name may mean. Which of several it is depends on where the name stands; whatever holds,
/// holds for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    gives: Gives,
    columns: Columns,
}

/// What a name in FROM stands for when it is taken as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gives {
    /// A row.
    Rows,
    /// A row, or the one value that a function gave.
    Values,
}

/// Something that is none of PostgreSQL's own, of a name that was looked up: one that the role may use and that the
/// search path finds, or that is in `pg_catalog`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: FoundKind,
    /// Its name, or an operator's symbol.
    pub name: String,
    /// The schema of the function that it calls: its own, or an operator's.
    pub function_schema: String,
    /// The function that it calls: itself, or an operator's. Empty for a type.
    pub function: String,
    /// How a person would name it: `public.length(character varying)`.
    pub title: String,
    /// Where a name finds it.
    pub place: FoundPlace,
    /// The fewest arguments that it takes.
    pub least: usize,
    /// The most arguments that it takes; `None` for any number.
    pub most: Option<usize>,
    /// What its first argument can be.
    pub takes: Takes,
    /// Where it comes from.
    pub origin: FoundOrigin,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundKind {
    /// A function.
    Function,
    /// An operator.
    Operator,
    /// A type, which can be cast to by its name after a dot.
    Type,
}

/// In which schema something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundPlace {
    /// In a schema of the search path.
    Path,
    /// In `pg_catalog`, where an extension or a superuser put it.
    Catalog,
}

/// What a function's first argument, or a cast to a type, can be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// A row of a relation, among others.
    Rows,
    /// No row.
    Values,
}

/// Who made something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundOrigin {
    /// An extension, as a function that is not VOLATILE, not SECURITY DEFINER, and of no extension whose functions run
    /// SQL out of a string: it may stand in for the one of PostgreSQL's own whose name it has.
    Extension,
    /// Anybody.
    Database,
}

/// Whether something in FROM has a column: a question to the server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColumnQuestion {
    /// Whether the relation of this path has such a column.
    Relation {
        /// `name`, `schema.name` or `database.schema.name`.
        path: Vec<String>,
        /// The column.
        column: String,
    },
    /// Whether each function of this name gives such a column in FROM.
    Function {
        /// `name` or `schema.name`.
        path: Vec<String>,
        /// The name in FROM, which is the column's where the function gives one value.
        alias: String,
        /// The column.
        column: String,
    },
}

/// What the server says to a [`ColumnQuestion`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnAnswer {
    /// It has the column.
    Yes,
    /// It has not, or not every function has.
    No,
    /// There is no such relation or function.
    Nothing,
}

/// What follows from what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// The statement calls nothing but what the judge has seen.
    Clear,
    /// That depends on these columns.
    Ask(Vec<ColumnQuestion>),
}

impl Lookups {
    /// Whether there is nothing to look up.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { text: _, permitted: _, calls, operators, types, fields, sources: _ } = self;
        calls.is_empty() && operators.is_empty() && types.is_empty() && fields.is_empty()
    }

    /// The names of functions to look up, each once.
    #[must_use]
    pub fn functions(&self) -> BTreeSet<&str> {
        self.calls.iter().map(|call| call.name.as_str()).chain(self.field_names()).collect()
    }

    /// The names of types to look up, each once: a type's name is also a function's, and a cast after a dot.
    #[must_use]
    pub fn types(&self) -> BTreeSet<&str> {
        let types = self.types.iter().map(|one| one.name.as_str());
        types.chain(self.functions()).collect()
    }

    /// The symbols of operators to look up, each once.
    #[must_use]
    pub fn operators(&self) -> BTreeSet<&str> {
        self.operators.iter().map(|one| one.symbol.as_str()).collect()
    }

    fn field_names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().flat_map(|field| field.names.iter()).map(String::as_str)
    }

    /// Judges what was found. First without answers; where that gives [`Judged::Ask`], again with the
    /// answers to those questions.
    ///
    /// # Errors
    /// The first name that could mean something that nobody has judged or permitted.
    pub fn judge(
        &self,
        found: &[Found],
        answers: &BTreeMap<ColumnQuestion, ColumnAnswer>,
    ) -> Result<Judged, Refusal> {
        let unknown: Vec<&Found> = found.iter().filter(|one| !self.permits(one)).collect();
        if unknown.is_empty() {
            return Ok(Judged::Clear);
        }
        self.judge_calls(&unknown)?;
        self.judge_operators(&unknown)?;
        self.judge_types(&unknown)?;
        let mut questions = BTreeSet::new();
        for field in &self.fields {
            self.judge_field(field, &unknown, answers, &mut questions)?;
        }
        Ok(match questions.is_empty() {
            true => Judged::Clear,
            false => Judged::Ask(questions.into_iter().collect()),
        })
    }

    /// The refusal of a statement whose names stand for more than [`MAX_FOUND`] things.
    #[must_use]
    pub fn too_many(&self) -> Refusal {
        let problem = format!(
            "more than {MAX_FOUND} things of this database's own have names that stand in here"
        );
        let hint = "write pg_catalog. before the functions of PostgreSQL's own";
        Refusal::new(Rule::TooLarge, &self.text, 0..0, problem, hint)
    }

    fn permits(&self, found: &Found) -> bool {
        let paths = [
            vec![found.function.as_str()],
            vec![found.function_schema.as_str(), found.function.as_str()],
        ];
        match found.kind {
            FoundKind::Function | FoundKind::Operator => {
                paths.iter().any(|path| self.permitted.function(path))
            }
            FoundKind::Type => {
                self.permitted.data_type(&[&found.name])
                    || self.permitted.data_type(&[&found.function_schema, &found.name])
            }
        }
    }

    fn judge_calls(&self, unknown: &[&Found]) -> Result<(), Refusal> {
        for call in &self.calls {
            let fits = |one: &&&Found| {
                one.name == call.name
                    && match one.kind {
                        FoundKind::Operator => false,
                        FoundKind::Type => {
                            call.place == Place::Path && call.arguments.is_none_or(|n| n == 1)
                        }
                        FoundKind::Function => {
                            one.origin == FoundOrigin::Database
                                && (call.place == Place::Path || one.place == FoundPlace::Catalog)
                                && call.arguments.is_none_or(|n| {
                                    one.least <= n && one.most.is_none_or(|most| n <= most)
                                })
                        }
                    }
            };
            if let Some(one) = unknown.iter().find(fits) {
                let hint = match call.place {
                    Place::Path => format!(
                        "write pg_catalog.{} for PostgreSQL's own, or permit {}",
                        call.name,
                        path(one)
                    ),
                    Place::Catalog => format!("permit {}", path(one)),
                };
                return self.refuse(
                    Rule::Function,
                    &call.range,
                    format!("{} can be this database's own {}", call.name, one.title),
                    hint,
                );
            }
        }
        Ok(())
    }

    fn judge_operators(&self, unknown: &[&Found]) -> Result<(), Refusal> {
        for symbol in &self.operators {
            let fits = |one: &&&Found| {
                one.kind == FoundKind::Operator
                    && one.origin == FoundOrigin::Database
                    && one.name == symbol.symbol
                    && (symbol.place == Place::Path || one.place == FoundPlace::Catalog)
            };
            if let Some(one) = unknown.iter().find(fits) {
                return self.refuse(
                    Rule::Operator,
                    &symbol.range,
                    format!("{} can be this database's own {}", symbol.symbol, one.title),
                    format!(
                        "write OPERATOR(pg_catalog.{}) for PostgreSQL's own, or permit its function {}",
                        symbol.symbol,
                        path(one)
                    ),
                );
            }
        }
        Ok(())
    }

    fn judge_types(&self, unknown: &[&Found]) -> Result<(), Refusal> {
        for name in &self.types {
            let same = |one: &&&Found| one.kind == FoundKind::Type && one.name == name.name;
            if let Some(one) = unknown.iter().find(same) {
                return self.refuse(
                    Rule::Type,
                    &name.range,
                    format!("{} can be this database's own type {}", name.name, one.title),
                    format!("write pg_catalog.{} for PostgreSQL's own", name.name),
                );
            }
        }
        Ok(())
    }

    fn judge_field(
        &self,
        field: &Field,
        unknown: &[&Found],
        answers: &BTreeMap<ColumnQuestion, ColumnAnswer>,
        questions: &mut BTreeSet<ColumnQuestion>,
    ) -> Result<(), Refusal> {
        let sources = match &field.base {
            Base::Value => None,
            // A name that nothing in FROM was seen to have is taken for any value.
            Base::Alias(alias) => self.sources.get(alias),
        };
        let rows = sources.is_some_and(|all| all.iter().all(|s| s.gives == Gives::Rows));
        let callable = unknown.iter().find(|one| {
            field.names.contains(&one.name)
                && match one.kind {
                    FoundKind::Operator => false,
                    FoundKind::Type => true,
                    FoundKind::Function => one.least <= 1 && one.most != Some(0),
                }
                && (!rows || one.takes == Takes::Rows)
        });
        let Some(one) = callable else {
            return Ok(());
        };
        if let Some(sources) = sources {
            let mut asked = BTreeSet::new();
            let has = field.names.iter().all(|name| {
                sources.iter().all(|source| source.columns.has(name, answers, &mut asked))
            });
            if !asked.is_empty() {
                questions.extend(asked);
                return Ok(());
            }
            if has {
                return Ok(());
            }
        }
        let what = match one.kind {
            FoundKind::Type => "cast to this database's own type",
            _ => "call this database's own",
        };
        self.refuse(
            if one.kind == FoundKind::Type { Rule::Type } else { Rule::Function },
            &field.range,
            format!("{} after this dot can {what} {}", field.names[0], one.title),
            format!("read a column by the name of its table in FROM, or permit {}", path(one)),
        )
    }

    fn refuse(
        &self,
        rule: Rule,
        range: &Range<usize>,
        problem: String,
        hint: String,
    ) -> Result<(), Refusal> {
        Err(Refusal::new(rule, &self.text, range.clone(), problem, hint))
    }
}

/// The name of a function or a type as a profile permits it.
fn path(found: &Found) -> String {
    let part = |name: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        match name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit()) {
            true => name.to_owned(),
            false => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    };
    let name = if found.kind == FoundKind::Type { &found.name } else { &found.function };
    format!("{}.{} in the profile", part(&found.function_schema), part(name))
}
