//! What a script does to objects of the database, as far as its text says.

use std::fmt;
use std::ops::Range;

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::tree::{child, child_of, dotted, has_child, string_value};
use crate::parse::names;

/// A name with its schema. Without one in the script it is the first schema of the search path, as
/// far as the script sets it, and else `public`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QualifiedName {
    /// The schema.
    pub schema: String,
    /// The name in it.
    pub name: String,
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

/// What kind of name an object has; two of one class can't share a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Class {
    /// A table, view, sequence or another thing in `pg_class`; indexes are apart.
    Relation,
    /// An index.
    Index,
    /// A function, procedure or aggregate.
    Function,
    /// A type or domain.
    Type,
    /// A schema.
    Schema,
    /// A trigger on a relation.
    Trigger,
    /// A rewrite rule on a relation.
    Rule,
    /// A row security policy on a relation.
    Policy,
    /// Extended statistics on a relation.
    Statistics,
    /// An extension.
    Extension,
    /// A cast, operator, collation or something else that a comment can't explain.
    Other,
}

/// An object as a script names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its class.
    pub class: Class,
    /// What the statement calls it: `table`, `view`, `function`.
    pub kind: String,
    /// Its name. A schema and an extension have themselves as schema.
    pub name: QualifiedName,
    /// The relation that it belongs to and goes with.
    pub on: Option<QualifiedName>,
    /// How many input arguments a function has; `None` where the script doesn't say.
    pub arguments: Option<usize>,
}

impl Object {
    /// Whether both can be the same object.
    #[must_use]
    pub fn is(&self, other: &Object) -> bool {
        let same_arguments = match (self.arguments, other.arguments) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        // A trigger's, rule's and policy's name is its relation's own.
        let same_name = match (&self.on, &other.on) {
            (Some(a), Some(b)) if self.class != Class::Index => {
                a == b && self.name.name == other.name.name
            }
            _ => self.name == other.name,
        };
        self.class == other.class && same_name && same_arguments
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.on, self.class) {
            _ if matches!(self.class, Class::Schema | Class::Extension) => {
                write!(f, "{} {}", self.kind, self.name.name)
            }
            (Some(on), Class::Trigger | Class::Rule | Class::Policy) => {
                write!(f, "{} {} on {on}", self.kind, self.name.name)
            }
            _ => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// What is done to an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// It is made.
    Create(Creation),
    /// It is dropped.
    Drop {
        /// With everything that depends on it.
        cascade: bool,
    },
    /// It is altered, written or referred to, in the statement's words.
    Touch(String),
    /// It gets another name.
    Rename(QualifiedName),
    /// It gets a comment, or loses it.
    Comment(Option<String>),
}

/// How something is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Creation {
    /// What is there already.
    pub existing: Existing,
    /// It ends with the session.
    pub temporary: bool,
    /// The server makes it with something else, and drops it with that.
    pub implied: bool,
    /// The relations that it reads: dropping one with CASCADE drops it as well.
    pub reads: Vec<QualifiedName>,
}

/// What becomes of an object that has the name already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Existing {
    /// The statement fails.
    #[default]
    Fails,
    /// It is replaced.
    Replaced,
    /// It is kept.
    Kept,
}

/// One act on one object, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// The object.
    pub object: Object,
    /// What is done to it.
    pub act: Act,
    /// The bytes of the statement in the file.
    pub range: Range<usize>,
    /// Its line, counted from 1.
    pub line: usize,
    /// Its character in that line, counted from 1.
    pub column: usize,
}

/// Reads the deeds of statements, with the search path that the statements before them set.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    search_path: Option<String>,
}

type Found = (Object, Act);

impl Reader {
    /// `SET search_path` was read.
    pub(crate) fn set_search_path(&mut self, value: &str) {
        let first = value.split(',').next().unwrap_or_default();
        let first = first.trim().trim_matches(['\'', '"']).to_owned();
        self.search_path = (!first.is_empty() && first != "$user").then_some(first);
    }

    fn qualified(&self, mut parts: Vec<String>) -> Option<QualifiedName> {
        let name = parts.pop()?;
        let schema = parts.pop().or_else(|| self.search_path.clone());
        Some(QualifiedName { schema: schema.unwrap_or_else(|| "public".to_owned()), name })
    }

    fn name(&self, node: &SyntaxNode) -> Option<QualifiedName> {
        self.qualified(dotted(node))
    }

    fn object(&self, class: Class, kind: &str, node: &SyntaxNode) -> Option<Object> {
        let name = self.name(node)?;
        Some(Object { class, kind: kind.to_owned(), name, on: None, arguments: None })
    }

    fn plain(class: Class, kind: &str, node: &SyntaxNode) -> Option<Object> {
        let name = dotted(node).pop()?;
        let name = QualifiedName { schema: name.clone(), name };
        Some(Object { class, kind: kind.to_owned(), name, on: None, arguments: None })
    }

    fn function(&self, kind: &str, name: &SyntaxNode, list: Option<SyntaxNode>) -> Option<Object> {
        let mut object = self.object(Class::Function, kind, name)?;
        object.arguments = list.map(|list| {
            let params = list.children().filter(|n| n.kind() == SyntaxKind::PARAM);
            params.filter(|param| !has_child(param, SyntaxKind::PARAM_OUT)).count()
        });
        Some(object)
    }

    /// Everything that a statement does by itself; what stands in its subqueries is read when they
    /// are visited.
    pub(crate) fn read(&self, node: &SyntaxNode) -> Vec<Found> {
        use SyntaxKind as K;
        let kind = node.kind();
        let mut found = Vec::new();
        match kind {
            K::CREATE_TABLE
            | K::CREATE_TABLE_AS
            | K::CREATE_VIEW
            | K::CREATE_MATERIALIZED_VIEW
            | K::CREATE_SEQUENCE => self.create_relation(node, &mut found),
            // In a function's body it fills a variable.
            K::SELECT_INTO if node.parent().is_some_and(|p| p.kind() == K::SOURCE_FILE) => {
                let into = child(node, K::INTO_CLAUSE);
                let name = into.as_ref().and_then(|n| child(n, K::TABLE_NAME));
                let object = name.and_then(|n| self.object(Class::Relation, "table", &n));
                let creation = into.as_ref().map(creation).unwrap_or_default();
                found.extend(object.map(|object| (object, Act::Create(creation))));
            }
            K::CREATE_INDEX
            | K::CREATE_TRIGGER
            | K::CREATE_POLICY
            | K::CREATE_RULE
            | K::CREATE_STATISTICS => self.create_on_relation(node, &mut found),
            K::CREATE_FUNCTION | K::CREATE_PROCEDURE | K::CREATE_AGGREGATE => {
                let word = match kind {
                    K::CREATE_FUNCTION => "function",
                    K::CREATE_PROCEDURE => "procedure",
                    _ => "aggregate",
                };
                let name =
                    child_of(node, &[K::FUNCTION_NAME, K::PROCEDURE_NAME, K::AGGREGATE_NAME]);
                let list = child(node, K::PARAM_LIST);
                let object = name.and_then(|name| self.function(word, &name, list));
                found.extend(object.map(|object| (object, Act::Create(creation(node)))));
            }
            K::CREATE_TYPE | K::CREATE_DOMAIN => {
                let word = if kind == K::CREATE_TYPE { "type" } else { "domain" };
                let name = child_of(node, &[K::TYPE_NAME, K::DOMAIN]);
                let object = name.and_then(|name| self.object(Class::Type, word, &name));
                found.extend(object.map(|object| (object, Act::Create(creation(node)))));
            }
            K::CREATE_SCHEMA => {
                let target = child(node, K::NAMED_SCHEMA).and_then(|n| child(&n, K::SCHEMA));
                let object = target.and_then(|n| Self::plain(Class::Schema, "schema", &n));
                found.extend(object.map(|object| (object, Act::Create(creation(node)))));
            }
            K::CREATE_EXTENSION => {
                let name = child(node, K::EXTENSION);
                let object = name.and_then(|n| Self::plain(Class::Extension, "extension", &n));
                found.extend(object.map(|object| (object, Act::Create(creation(node)))));
            }
            K::CREATE_CAST
            | K::CREATE_OPERATOR
            | K::CREATE_OPERATOR_CLASS
            | K::CREATE_OPERATOR_FAMILY
            | K::CREATE_COLLATION
            | K::CREATE_CONVERSION
            | K::CREATE_TRANSFORM
            | K::CREATE_TEXT_SEARCH_CONFIGURATION
            | K::CREATE_TEXT_SEARCH_DICTIONARY
            | K::CREATE_TEXT_SEARCH_PARSER
            | K::CREATE_TEXT_SEARCH_TEMPLATE => {
                let words = format!("{kind:?}").to_lowercase().replace('_', " ");
                let object = Object {
                    class: Class::Other,
                    kind: words.trim_start_matches("create ").to_owned(),
                    name: other_name(node),
                    on: None,
                    arguments: None,
                };
                found.push((object, Act::Create(creation(node))));
            }
            K::COMMENT_ON => self.comment(node, &mut found),
            K::INSERT | K::UPDATE | K::DELETE | K::MERGE | K::TRUNCATE | K::REFRESH => {
                self.touch_relations(node, &mut found);
            }
            K::COPY if has_child(node, K::COPY_FROM) => {
                let table = child(node, K::COPY_TABLE);
                found.extend(table.iter().flat_map(|n| self.relations(n)).map(|o| touch(o, node)));
            }
            K::GRANT | K::REVOKE => {
                if let Some(clause) = child(node, K::ON_PRIVILEGE_OBJECTS_CLAUSE) {
                    for objects in clause.children() {
                        found.extend(self.relations(&objects).into_iter().map(|o| touch(o, node)));
                        for schema in objects.children().filter(|n| n.kind() == K::SCHEMA_REF) {
                            let object = Self::plain(Class::Schema, "schema", &schema);
                            found.extend(object.map(|o| touch(o, node)));
                        }
                        found.extend(self.signatures(&objects).map(|o| touch(o, node)));
                    }
                }
            }
            _ => {
                let name = format!("{kind:?}");
                if name.starts_with("DROP_") {
                    self.drop(node, &mut found);
                } else if name.starts_with("ALTER_") {
                    self.alter(node, &mut found);
                }
            }
        }
        // What a new or altered table points at gets triggers or children.
        if matches!(kind, K::CREATE_TABLE | K::ALTER_TABLE) {
            for (referring, how) in [
                (K::REFERENCES_CONSTRAINT, "REFERENCES"),
                (K::FOREIGN_KEY_CONSTRAINT, "REFERENCES"),
                (K::PARTITION_OF, "PARTITION OF"),
                (K::INHERITS, "INHERITS"),
                (K::INHERIT_TABLE, "INHERIT"),
                (K::ATTACH_PARTITION, "ATTACH PARTITION"),
            ] {
                for clause in node.descendants().filter(|n| n.kind() == referring) {
                    let objects = self.relations(&clause);
                    found.extend(objects.into_iter().map(|o| (o, Act::Touch(how.to_owned()))));
                }
            }
        }
        found
    }

    fn create_relation(&self, node: &SyntaxNode, found: &mut Vec<Found>) {
        use SyntaxKind as K;
        let word = match node.kind() {
            K::CREATE_VIEW => "view",
            K::CREATE_MATERIALIZED_VIEW => "materialized view",
            K::CREATE_SEQUENCE => "sequence",
            _ => "table",
        };
        let Some(name) = child_of(node, &[K::TABLE_NAME, K::VIEW, K::SEQUENCE]) else { return };
        let Some(mut object) = self.object(Class::Relation, word, &name) else { return };
        let mut creation = creation(node);
        if node.kind() != K::CREATE_TABLE {
            creation.reads = node
                .descendants()
                .filter(|n| matches!(n.kind(), K::RELATION_NAME_REF | K::TABLE_NAME_REF))
                .filter_map(|n| self.name(&n))
                .collect();
        }
        if let Some(owner) = child(node, K::OPTION_OWNED_BY) {
            let mut column = dotted(&owner);
            column.pop();
            object.on = self.qualified(column);
        }
        let table = object.name.clone();
        let temporary = creation.temporary;
        found.push((object, Act::Create(creation)));
        // The sequences of serial and identity columns go by these names unless something has them.
        let columns = child(node, K::TABLE_ARG_LIST);
        for column in columns.iter().flat_map(|l| l.children()).filter(|n| n.kind() == K::COLUMN) {
            let serial = child(&column, K::PATH_TYPE).is_some_and(|of| {
                matches!(
                    dotted(&of).pop().as_deref(),
                    Some(
                        "serial" | "bigserial" | "smallserial" | "serial2" | "serial4" | "serial8"
                    )
                )
            });
            let identity = column.descendants().any(|n| n.kind() == K::GENERATED_IDENTITY);
            let name = child(&column, K::COLUMN_NAME).and_then(|n| dotted(&n).pop());
            if let (true, Some(name)) = (serial || identity, name) {
                let name = QualifiedName {
                    schema: table.schema.clone(),
                    name: format!("{}_{name}_seq", table.name),
                };
                let sequence = Object {
                    class: Class::Relation,
                    kind: "sequence".to_owned(),
                    name,
                    on: Some(table.clone()),
                    arguments: None,
                };
                let implied = Creation { implied: true, temporary, ..Creation::default() };
                found.push((sequence, Act::Create(implied)));
            }
        }
    }

    fn create_on_relation(&self, node: &SyntaxNode, found: &mut Vec<Found>) {
        use SyntaxKind as K;
        let (class, word) = match node.kind() {
            K::CREATE_INDEX => (Class::Index, "index"),
            K::CREATE_TRIGGER => (Class::Trigger, "trigger"),
            K::CREATE_POLICY => (Class::Policy, "policy"),
            K::CREATE_RULE => (Class::Rule, "rule"),
            _ => (Class::Statistics, "statistics"),
        };
        let Some(on) = self.on(node) else { return };
        found.push(touch(relation(on.clone()), node));
        let name = child_of(node, &[K::INDEX, K::TRIGGER, K::POLICY, K::RULE, K::STATISTICS]);
        if let Some(mut object) = name.and_then(|n| self.object(class, word, &n)) {
            // They live in their relation's schema, whatever the search path is.
            object.name.schema.clone_from(&on.schema);
            object.on = Some(on);
            found.push((object, Act::Create(creation(node))));
        }
    }

    /// The relation behind ON.
    fn on(&self, node: &SyntaxNode) -> Option<QualifiedName> {
        use SyntaxKind as K;
        let holder = child_of(
            node,
            &[K::ON_RELATION, K::ON_TABLE, K::RULE_ON, K::FROM_TABLE, K::TABLE_RELATION_NAME],
        )?;
        let target = holder
            .descendants()
            .find(|n| matches!(n.kind(), K::RELATION_NAME_REF | K::TABLE_NAME_REF))?;
        self.name(&target)
    }

    fn comment(&self, node: &SyntaxNode, found: &mut Vec<Found>) {
        use SyntaxKind as K;
        let text = child(node, K::LITERAL).and_then(|n| string_value(&n));
        for object in node.children() {
            let target = match object.kind() {
                K::OBJECT_TABLE
                | K::OBJECT_VIEW
                | K::OBJECT_MATERIALIZED_VIEW
                | K::OBJECT_SEQUENCE
                | K::OBJECT_FOREIGN_TABLE => self.relations(&object).pop(),
                K::OBJECT_INDEX => child(&object, K::INDEX_REF)
                    .and_then(|n| self.object(Class::Index, "index", &n)),
                K::OBJECT_FUNCTION
                | K::OBJECT_PROCEDURE
                | K::OBJECT_ROUTINE
                | K::OBJECT_AGGREGATE => self.signatures(&object).next(),
                K::OBJECT_TYPE | K::OBJECT_DOMAIN => {
                    child_of(&object, &[K::TYPE_NAME_REF, K::DOMAIN_REF])
                        .and_then(|n| self.object(Class::Type, "type", &n))
                }
                K::OBJECT_SCHEMA => child(&object, K::SCHEMA_REF)
                    .and_then(|n| Self::plain(Class::Schema, "schema", &n)),
                K::OBJECT_EXTENSION => child(&object, K::EXTENSION_REF)
                    .and_then(|n| Self::plain(Class::Extension, "extension", &n)),
                // A comment on a part is one on the whole, as far as who made it goes.
                K::OBJECT_COLUMN => {
                    let mut column = dotted(&object);
                    column.pop();
                    let on = self.qualified(column);
                    found.extend(on.map(|on| touch(relation(on), node)));
                    None
                }
                K::OBJECT_TRIGGER | K::OBJECT_POLICY | K::OBJECT_RULE | K::OBJECT_CONSTRAINT => {
                    found.extend(self.relations(&object).into_iter().map(|o| touch(o, node)));
                    None
                }
                _ => None,
            };
            found.extend(target.map(|object| (object, Act::Comment(text.clone()))));
        }
    }

    fn touch_relations(&self, node: &SyntaxNode, found: &mut Vec<Found>) {
        found.extend(self.relations(node).into_iter().map(|o| touch(o, node)));
    }

    fn drop(&self, node: &SyntaxNode, found: &mut Vec<Found>) {
        use SyntaxKind as K;
        let act = Act::Drop { cascade: has_child(node, K::CASCADE) };
        let mut push = |object: Option<Object>| found.extend(object.map(|o| (o, act.clone())));
        match node.kind() {
            K::DROP_TABLE
            | K::DROP_VIEW
            | K::DROP_MATERIALIZED_VIEW
            | K::DROP_SEQUENCE
            | K::DROP_FOREIGN_TABLE => {
                self.relations(node).into_iter().for_each(|object| push(Some(object)));
            }
            K::DROP_FUNCTION | K::DROP_PROCEDURE | K::DROP_ROUTINE | K::DROP_AGGREGATE => {
                self.signatures(node).for_each(|object| push(Some(object)));
            }
            K::DROP_TRIGGER | K::DROP_POLICY | K::DROP_RULE => {
                let (class, word) = match node.kind() {
                    K::DROP_TRIGGER => (Class::Trigger, "trigger"),
                    K::DROP_POLICY => (Class::Policy, "policy"),
                    _ => (Class::Rule, "rule"),
                };
                let name = child_of(node, &[K::TRIGGER_REF, K::POLICY_REF, K::RULE_REF]);
                let mut object = name.and_then(|n| self.object(class, word, &n));
                if let (Some(object), Some(on)) = (&mut object, self.on(node)) {
                    object.name.schema.clone_from(&on.schema);
                    object.on = Some(on);
                }
                push(object);
            }
            _ => {
                for part in node.children() {
                    push(match part.kind() {
                        K::INDEX_REF => self.object(Class::Index, "index", &part),
                        K::TYPE_NAME_REF | K::DOMAIN_REF => self.object(Class::Type, "type", &part),
                        K::STATISTICS_REF => self.object(Class::Statistics, "statistics", &part),
                        K::SCHEMA_REF => Self::plain(Class::Schema, "schema", &part),
                        K::EXTENSION_REF => Self::plain(Class::Extension, "extension", &part),
                        _ => None,
                    });
                }
                let words = format!("{:?}", node.kind()).to_lowercase().replace('_', " ");
                if found.is_empty() {
                    let kind = words.trim_start_matches("drop ").to_owned();
                    let name = other_name(node);
                    let object =
                        Object { class: Class::Other, kind, name, on: None, arguments: None };
                    found.push((object, act));
                }
            }
        }
    }

    fn alter(&self, node: &SyntaxNode, found: &mut Vec<Found>) {
        use SyntaxKind as K;
        // Its first reference is what is altered; the others stand in its actions.
        let target = self.relations(node).into_iter().next().or_else(|| {
            let part =
                child_of(node, &[K::INDEX_REF, K::TYPE_NAME_REF, K::DOMAIN_REF, K::SCHEMA_REF])?;
            match part.kind() {
                K::INDEX_REF => self.object(Class::Index, "index", &part),
                K::SCHEMA_REF => Self::plain(Class::Schema, "schema", &part),
                _ => self.object(Class::Type, "type", &part),
            }
        });
        let Some(object) = target else {
            match self.on(node) {
                Some(on) => found.push(touch(relation(on), node)),
                None => found.extend(self.signatures(node).map(|o| touch(o, node))),
            }
            return;
        };
        let renamed = node.children().find(|n| format!("{:?}", n.kind()).ends_with("RENAME_TO"));
        found.push(touch(object.clone(), node));
        if let Some(new) = renamed.and_then(|n| names(&n).last()).map(|name| name.text) {
            let schema = match object.class {
                Class::Schema => new.clone(),
                _ => object.name.schema.clone(),
            };
            found.push((object, Act::Rename(QualifiedName { schema, name: new })));
        }
    }

    /// The relations that are a node's own: direct children, or in a list among them.
    fn relations(&self, node: &SyntaxNode) -> Vec<Object> {
        use SyntaxKind as K;
        let mut found = Vec::new();
        for part in node.children() {
            let word = match part.kind() {
                K::VIEW_REF => "view",
                K::SEQUENCE_REF => "sequence",
                K::RELATION_NAME_REF | K::TABLE_NAME_REF => "table",
                K::RELATION_NAME | K::TABLE_RELATION_NAME | K::TABLE_LIST => {
                    found.extend(self.relations(&part));
                    continue;
                }
                _ => continue,
            };
            found.extend(self.object(Class::Relation, word, &part));
        }
        found
    }

    fn signatures(&self, node: &SyntaxNode) -> impl Iterator<Item = Object> {
        use SyntaxKind as K;
        let named = node.descendants().filter(|n| {
            matches!(n.kind(), K::FUNCTION_NAME_REF | K::PROCEDURE_NAME_REF | K::ROUTINE_NAME_REF)
                || n.kind() == K::AGGREGATE
        });
        let found: Vec<Object> = named
            .filter_map(|n| {
                let list = n.parent().and_then(|p| child(&p, K::PARAM_LIST));
                let list = child(&n, K::PARAM_LIST).or(list);
                self.function("function", &n, list)
            })
            .collect();
        found.into_iter()
    }
}

fn relation(name: QualifiedName) -> Object {
    Object { class: Class::Relation, kind: "table".to_owned(), name, on: None, arguments: None }
}

fn touch(object: Object, statement: &SyntaxNode) -> Found {
    use SyntaxKind as K;
    // A statement that writes may begin with WITH.
    let how = match statement.kind() {
        kind @ (K::INSERT | K::UPDATE | K::DELETE | K::MERGE | K::TRUNCATE | K::COPY) => {
            format!("{kind:?}")
        }
        _ => crate::parse::title(statement),
    };
    (object, Act::Touch(how))
}

fn creation(node: &SyntaxNode) -> Creation {
    let existing = if has_child(node, SyntaxKind::OR_REPLACE) {
        Existing::Replaced
    } else if has_child(node, SyntaxKind::IF_NOT_EXISTS) {
        Existing::Kept
    } else {
        Existing::Fails
    };
    let temporary = has_child(node, SyntaxKind::TEMP);
    Creation { existing, temporary, ..Creation::default() }
}

/// A cast or operator has no name of its own: what stands between its kind and its first option.
fn other_name(node: &SyntaxNode) -> QualifiedName {
    let first = node.children().find(|n| {
        !matches!(
            n.kind(),
            SyntaxKind::IF_EXISTS | SyntaxKind::IF_NOT_EXISTS | SyntaxKind::OR_REPLACE
        )
    });
    let text = first.map(|n| n.text().to_string().to_lowercase()).unwrap_or_default();
    let name: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    QualifiedName { schema: "public".to_owned(), name }
}
