//! Which names in FROM there are in a statement, and what their columns are, as far as a text tells.
//!
//! Whatever is not understood here counts as something that may be any value and has no column that is known:
//! then a name after a dot may be a call, which is looked up.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use squawk_syntax::{SyntaxElement, SyntaxKind, SyntaxNode};

use super::{ColumnAnswer, ColumnQuestion, Gives, Source};
use crate::parse::{Quoted, names};
use crate::read::{only_name, path_of_expression, path_of_names};

/// How many subqueries deep columns are followed.
const MAX_DEPTH: usize = 8;

/// How many parts the columns of one query may be put together of. A text that needs more is no person's.
const MAX_PARTS: usize = 64;

/// How often columns are followed in one statement, so that it takes a bounded time.
const MAX_STEPS: usize = 4_000;

/// The columns of something in FROM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Columns {
    /// These, and perhaps others.
    Named(BTreeSet<String>),
    /// A relation's.
    Of(Vec<String>),
    /// A relation's, or whatever there is instead where there is no such relation.
    OfIfThere(Vec<String>),
    /// What a function gives.
    Given { path: Vec<String>, alias: String },
    /// Those of all of these together.
    Together(Vec<Columns>),
    /// Those of one of these, and it is not known of which.
    One(Vec<Columns>),
}

impl Columns {
    fn unknown() -> Self {
        Columns::Named(BTreeSet::new())
    }

    /// Whether a column of this name is surely among them. What was not answered is asked, and counts as no.
    pub(super) fn has(
        &self,
        column: &str,
        answers: &BTreeMap<ColumnQuestion, ColumnAnswer>,
        asked: &mut BTreeSet<ColumnQuestion>,
    ) -> bool {
        let mut ask = |question: ColumnQuestion| match answers.get(&question) {
            Some(answer) => *answer,
            None => {
                asked.insert(question);
                ColumnAnswer::No
            }
        };
        let of = |path: &Vec<String>| ColumnQuestion::Relation {
            path: path.clone(),
            column: column.to_owned(),
        };
        match self {
            Columns::Named(names) => names.contains(column),
            Columns::Of(path) => ask(of(path)) == ColumnAnswer::Yes,
            Columns::OfIfThere(path) => ask(of(path)) != ColumnAnswer::No,
            Columns::Given { path, alias } => {
                let (path, alias) = (path.clone(), alias.clone());
                let column = column.to_owned();
                ask(ColumnQuestion::Function { path, alias, column }) == ColumnAnswer::Yes
            }
            // None is left out, so that everything is asked at once.
            Columns::Together(all) => {
                all.iter().filter(|one| one.has(column, answers, asked)).count() > 0
            }
            Columns::One(all) => {
                let has = all.iter().filter(|one| one.has(column, answers, asked)).count();
                has == all.len() && has > 0
            }
        }
    }

    fn bounded(self) -> Self {
        if self.size() > MAX_PARTS { Columns::unknown() } else { self }
    }

    fn size(&self) -> usize {
        match self {
            Columns::Together(all) | Columns::One(all) => all.iter().map(Columns::size).sum(),
            _ => 1,
        }
    }
}

/// Every name in FROM of a statement, with all that it may mean anywhere in it.
pub(super) fn sources(root: &SyntaxNode) -> BTreeMap<String, Vec<Source>> {
    let mut ctes: BTreeMap<String, Vec<SyntaxNode>> = BTreeMap::new();
    for table in root.descendants().filter(|n| n.kind() == SyntaxKind::WITH_TABLE) {
        if let Some(name) = child(&table, SyntaxKind::CTE_NAME).and_then(|n| only_name(&n)) {
            ctes.entry(name.text).or_default().push(table);
        }
    }
    let mut scope = Scope { items: Vec::new(), ctes, steps: Cell::new(MAX_STEPS) };
    for item in root.descendants().filter(|n| is_from_item(n.kind())) {
        if let Some(name) = scope.name_of(&item) {
            scope.items.push((name, item));
        }
    }
    let mut found: BTreeMap<String, Vec<Source>> = BTreeMap::new();
    let mut add = |name: String, source: Source| found.entry(name).or_default().push(source);
    for (name, item) in &scope.items {
        let (gives, columns) = (gives(item), scope.columns_of_item(item, 0));
        add(name.clone(), Source { gives, columns });
    }
    // An alias that belongs to none of those.
    for alias in root.descendants().filter(|n| n.kind() == SyntaxKind::TABLE_ALIAS) {
        let parent = alias.parent().filter(|n| n.kind() == SyntaxKind::FROM_ALIAS);
        let known = parent.and_then(|n| n.parent()).is_some_and(|item| is_from_item(item.kind()));
        if let Some(name) = only_name(&alias).filter(|_| !known) {
            add(name.text, Source { gives: Gives::Values, columns: Columns::unknown() });
        }
    }
    found
}

fn is_from_item(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::RELATION_FROM_ITEM
            | SyntaxKind::FUNCTION_FROM_ITEM
            | SyntaxKind::PAREN_FROM_ITEM
            | SyntaxKind::EXPR_FROM_ITEM
            | SyntaxKind::ROWS_FROM_ITEM
            | SyntaxKind::XML_TABLE_FROM_ITEM
            | SyntaxKind::JSON_TABLE_FROM_ITEM
    )
}

/// Words that look like a relation's name in FROM, and are functions.
fn is_value_of_the_grammar(word: &str) -> bool {
    matches!(
        word,
        "current_catalog"
            | "current_date"
            | "current_role"
            | "current_schema"
            | "current_time"
            | "current_timestamp"
            | "current_user"
            | "localtime"
            | "localtimestamp"
            | "session_user"
            | "system_user"
            | "user"
    )
}

/// What a name in FROM stands for when it is taken as a value.
fn gives(item: &SyntaxNode) -> Gives {
    match item.kind() {
        SyntaxKind::RELATION_FROM_ITEM if names_a_relation(item) => Gives::Rows,
        SyntaxKind::PAREN_FROM_ITEM
        | SyntaxKind::XML_TABLE_FROM_ITEM
        | SyntaxKind::JSON_TABLE_FROM_ITEM => Gives::Rows,
        _ => Gives::Values,
    }
}

struct Scope {
    /// Everything in FROM, with the name by which it is known.
    items: Vec<(String, SyntaxNode)>,
    ctes: BTreeMap<String, Vec<SyntaxNode>>,
    /// How often columns may still be followed.
    steps: Cell<usize>,
}

impl Scope {
    /// Whether columns may be followed once more.
    fn may_go_on(&self, depth: usize) -> bool {
        let left = self.steps.get();
        self.steps.set(left.saturating_sub(1));
        left > 0 && depth < MAX_DEPTH
    }

    /// The name by which an item is known: its alias, or its own.
    fn name_of(&self, item: &SyntaxNode) -> Option<String> {
        if let Some(alias) = alias_of(item) {
            return Some(alias);
        }
        match item.kind() {
            SyntaxKind::RELATION_FROM_ITEM => relation_of(item)?.pop(),
            SyntaxKind::FUNCTION_FROM_ITEM => function_of(item)?.pop(),
            SyntaxKind::XML_TABLE_FROM_ITEM => Some("xmltable".to_owned()),
            SyntaxKind::JSON_TABLE_FROM_ITEM => Some("json_table".to_owned()),
            SyntaxKind::PAREN_FROM_ITEM if subquery_of(item).is_some() => {
                Some("unnamed_subquery".to_owned())
            }
            _ => None,
        }
    }

    fn columns_of_item(&self, item: &SyntaxNode, depth: usize) -> Columns {
        if !self.may_go_on(depth) {
            return Columns::unknown();
        }
        // What an alias names is there under these names; what it doesn't name is not followed.
        let named = column_names(child(item, SyntaxKind::FROM_ALIAS).as_ref());
        if let Some(named) = named {
            return Columns::Named(named);
        }
        match item.kind() {
            SyntaxKind::RELATION_FROM_ITEM if names_a_relation(item) => match relation_of(item) {
                Some(path) => self.columns_of_relation(path, depth),
                None => Columns::unknown(),
            },
            SyntaxKind::FUNCTION_FROM_ITEM => {
                let (Some(path), Some(alias)) = (function_of(item), self.name_of(item)) else {
                    return Columns::unknown();
                };
                let mut all = vec![Columns::Given { path, alias }];
                if child(item, SyntaxKind::WITH_ORDINALITY).is_some() {
                    all.push(Columns::Named(BTreeSet::from(["ordinality".to_owned()])));
                }
                Columns::Together(all)
            }
            SyntaxKind::PAREN_FROM_ITEM => match subquery_of(item) {
                Some(query) => self.columns_of_query(&query, depth + 1),
                None => Columns::Together(
                    items_below(item)
                        .iter()
                        .map(|one| self.columns_of_item(one, depth + 1))
                        .collect(),
                ),
            },
            SyntaxKind::XML_TABLE_FROM_ITEM | SyntaxKind::JSON_TABLE_FROM_ITEM => Columns::Named(
                item.descendants()
                    .filter(|n| n.kind() == SyntaxKind::COLUMN_NAME)
                    .filter(|n| n.ancestors().nth(1).is_some_and(|p| is_table_column(p.kind())))
                    .filter_map(|n| Some(only_name(&n)?.text))
                    .collect(),
            ),
            _ => Columns::unknown(),
        }
    }

    fn columns_of_relation(&self, path: Vec<String>, depth: usize) -> Columns {
        let [name] = path.as_slice() else {
            return Columns::Of(path);
        };
        let Some(tables) = self.ctes.get(name) else {
            return Columns::Of(path);
        };
        // A WITH query of that name is not seen from everywhere: elsewhere it is the relation.
        let mut all: Vec<Columns> = tables
            .iter()
            .map(|table| match column_names(Some(table)) {
                Some(named) => Columns::Named(named),
                None => table
                    .children()
                    .find(|n| is_query(n.kind()))
                    .map_or_else(Columns::unknown, |query| {
                        self.columns_of_query(&query, depth + 1)
                    }),
            })
            .collect();
        all.push(Columns::OfIfThere(path));
        Columns::One(all)
    }

    fn columns_of_query(&self, query: &SyntaxNode, depth: usize) -> Columns {
        if !self.may_go_on(depth) {
            return Columns::unknown();
        }
        let columns = match query.kind() {
            SyntaxKind::SELECT => self.columns_of_select(query, depth),
            // The first of several names the columns.
            SyntaxKind::PAREN_SELECT | SyntaxKind::COMPOUND_SELECT => query
                .children()
                .find(|n| is_query(n.kind()))
                .map_or_else(Columns::unknown, |first| self.columns_of_query(&first, depth + 1)),
            SyntaxKind::TABLE => query
                .descendants()
                .find(|n| n.kind() == SyntaxKind::RELATION_NAME_REF)
                .and_then(|n| words_of_relation(&n))
                .map_or_else(Columns::unknown, |path| self.columns_of_relation(path, depth + 1)),
            SyntaxKind::VALUES => {
                let row = query.descendants().find(|n| n.kind() == SyntaxKind::ROW);
                let width = row.map_or(0, |row| row.children().count());
                Columns::Named((1..=width).map(|n| format!("column{n}")).collect())
            }
            _ => Columns::unknown(),
        };
        columns.bounded()
    }

    fn columns_of_select(&self, select: &SyntaxNode, depth: usize) -> Columns {
        let mut named = BTreeSet::new();
        let mut all = Vec::new();
        let targets = child(select, SyntaxKind::SELECT_CLAUSE)
            .and_then(|clause| child(&clause, SyntaxKind::TARGET_LIST));
        for target in targets.iter().flat_map(SyntaxNode::children) {
            if target.kind() != SyntaxKind::TARGET {
                continue;
            }
            if let Some(alias) = child(&target, SyntaxKind::AS_NAME) {
                let name = child(&alias, SyntaxKind::COLUMN_NAME).and_then(|n| only_name(&n));
                named.extend(name.map(|n| n.text));
            } else if has_star(&target) {
                let from = child(select, SyntaxKind::FROM_CLAUSE);
                let items = from.map(|from| items_below(&from)).unwrap_or_default();
                all.extend(items.iter().map(|item| self.columns_of_item(item, depth + 1)));
            } else if let Some(expression) = target.first_child() {
                match expression.kind() {
                    SyntaxKind::FIELD_EXPR if has_star(&expression) => {
                        all.push(self.columns_of_star(&expression, depth));
                    }
                    _ => named.extend(name_of_expression(&expression)),
                }
            }
        }
        all.push(Columns::Named(named));
        Columns::Together(all)
    }

    /// `x.*`, whichever `x` that is.
    fn columns_of_star(&self, expression: &SyntaxNode, depth: usize) -> Columns {
        let alias = expression.first_child().filter(|n| n.kind() == SyntaxKind::NAME_REF);
        let Some(alias) = alias.and_then(|n| only_name(&n)) else {
            return Columns::unknown();
        };
        let of: Vec<&SyntaxNode> = self
            .items
            .iter()
            .filter(|(name, _)| *name == alias.text)
            .map(|(_, item)| item)
            .collect();
        if of.len() > MAX_PARTS {
            return Columns::unknown();
        }
        Columns::One(of.into_iter().map(|item| self.columns_of_item(item, depth + 1)).collect())
    }
}

fn is_query(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::SELECT
            | SyntaxKind::COMPOUND_SELECT
            | SyntaxKind::PAREN_SELECT
            | SyntaxKind::VALUES
            | SyntaxKind::TABLE
    )
}

fn is_table_column(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::XML_TABLE_COLUMN
            | SyntaxKind::JSON_TABLE_VALUE_COLUMN
            | SyntaxKind::JSON_TABLE_EXISTS_COLUMN
            | SyntaxKind::JSON_TABLE_ORDINALITY_COLUMN
    )
}

fn child(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    node.children().find(|n| n.kind() == kind)
}

fn has_star(node: &SyntaxNode) -> bool {
    node.children_with_tokens()
        .filter_map(SyntaxElement::into_token)
        .any(|token| token.kind() == SyntaxKind::STAR)
}

fn alias_of(item: &SyntaxNode) -> Option<String> {
    let alias = child(item, SyntaxKind::FROM_ALIAS)?;
    Some(only_name(&child(&alias, SyntaxKind::TABLE_ALIAS)?)?.text)
}

/// The names in a list of columns, if there is one.
fn column_names(node: Option<&SyntaxNode>) -> Option<BTreeSet<String>> {
    let list = node?
        .children()
        .find(|n| matches!(n.kind(), SyntaxKind::COLUMN_LIST | SyntaxKind::COLUMN_DEF_LIST))?;
    let columns = list.descendants().filter(|n| n.kind() == SyntaxKind::COLUMN_NAME);
    Some(columns.filter_map(|n| Some(only_name(&n)?.text)).collect())
}

/// The relation that an item names.
fn relation_of(item: &SyntaxNode) -> Option<Vec<String>> {
    words_of_relation(&child(item, SyntaxKind::RELATION_NAME_REF)?)
}

fn words_of_relation(reference: &SyntaxNode) -> Option<Vec<String>> {
    let path = path_of_names(&child(reference, SyntaxKind::PATH_REF)?)?;
    Some(path.into_iter().map(|name| name.text).collect())
}

/// Whether a relation's item is one: `from current_date` is none.
fn names_a_relation(item: &SyntaxNode) -> bool {
    let Some(reference) = child(item, SyntaxKind::RELATION_NAME_REF) else {
        return false;
    };
    let words: Vec<_> = names(&reference).collect();
    match words.as_slice() {
        [] => false,
        [word] => word.quoted == Quoted::Yes || !is_value_of_the_grammar(&word.text),
        _ => true,
    }
}

/// The function that an item calls by name.
fn function_of(item: &SyntaxNode) -> Option<Vec<String>> {
    let call = child(item, SyntaxKind::CALL_EXPR)?;
    let callee = call.first_child()?;
    if !matches!(callee.kind(), SyntaxKind::NAME_REF | SyntaxKind::FIELD_EXPR) {
        return None;
    }
    Some(path_of_expression(&callee)?.into_iter().map(|name| name.text).collect())
}

/// The subquery that an item is.
fn subquery_of(item: &SyntaxNode) -> Option<SyntaxNode> {
    item.children().find(|n| is_query(n.kind()))
}

/// The items of a FROM clause or of joins in brackets, those of subqueries left out.
fn items_below(node: &SyntaxNode) -> Vec<SyntaxNode> {
    let mut found = Vec::new();
    for below in node.children() {
        match below.kind() {
            // Joins in brackets have their items' columns, and subqueries their own.
            kind if is_from_item(kind) => found.push(below),
            SyntaxKind::JOIN_EXPR | SyntaxKind::JOIN | SyntaxKind::PAREN_EXPR => {
                found.extend(items_below(&below));
            }
            _ => {}
        }
    }
    found
}

/// The name that a column without an alias has, where that is plain.
fn name_of_expression(expression: &SyntaxNode) -> Option<String> {
    let last = match expression.kind() {
        SyntaxKind::NAME_REF => expression.clone(),
        SyntaxKind::FIELD_EXPR => expression.last_child()?,
        SyntaxKind::CALL_EXPR => {
            let callee = expression.first_child()?;
            return match callee.kind() {
                SyntaxKind::NAME_REF | SyntaxKind::FIELD_EXPR => {
                    Some(path_of_expression(&callee)?.pop()?.text)
                }
                _ => None,
            };
        }
        _ => return None,
    };
    let last = (last.kind() == SyntaxKind::NAME_REF).then_some(last)?;
    Some(only_name(&last)?.text)
}
