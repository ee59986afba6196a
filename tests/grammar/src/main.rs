//! Holds the judge for reads against PostgreSQL's own grammar (pg_query, which is the server's parser).
//!
//! `cargo run --manifest-path tests/grammar/Cargo.toml -- FILE…` reads statements from the corpora, from mutations of
//! them with a fixed seed, and from the SQL files that are named, and fails on a statement that the judge
//! accepts and that is, for the server, anything but one read made of names that the judge knows.

use std::process::ExitCode;

use clonegate_sql::ReadOnlyStatement;
use clonegate_sql::builtins::{self, Class};
use serde_json::Value;

const MUTATIONS: usize = 40_000;

const FRAGMENTS: &[&str] = &[
    "pg_sleep(1)", ".pg_sleep", "::evil", "evil '1'", " for update", " into x", "; select 2", "'", "''", "\"", "\\", "\\'",
    "E'", "U&\"", "$$", "$a$", "--", "/*", "*/", "\n", "\r", "(", ")", "[", "]", ",", ".", "::", ":", "<%>", "+", "-",
    "operator(public.+)", " tablesample evil (1)", " as x", " uescape '!'", "treat(", "cast(", " as int)", "1", "a",
    "explain ", "analyze ", "(analyze) ", "\"analyze\"", "select ", " union ", "with d as (delete from t returning *) ",
    " over ()", " filter (where pg_sleep(1) is null)", " collate \"C\"", "public.", "pg_catalog.", "lower", "=", "@",
    "=>", ":=", " not ", " is json", " between ", " and ", "array", "row", "interval ", "\u{a0}", "é", "`", "?", "|", "#",
];

/// Words of the grammar that pg_query shows as calls of pg_catalog; all others are in the judge's lists too.
const GRAMMAR_CALLS: &[&str] = &["xmlexists", "is_normalized"];

/// A generator of numbers that is the same everywhere: the mutations are those of the last run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        // Knuth's MMIX constants.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit.max(1)
    }
}

fn corpus(text: &str) -> Vec<String> {
    let mut statements: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with("-- @") {
            statements.push(String::new());
        } else if let Some(last) = statements.last_mut() {
            last.push_str(line);
            last.push('\n');
        }
    }
    statements
}

/// What the server would see in an accepted statement that it must not.
fn objections(sql: &str) -> Vec<String> {
    let parsed = match pg_query::parse(sql) {
        Ok(parsed) => parsed,
        Err(error) => return vec![format!("does not parse: {error}")],
    };
    let tree = serde_json::to_value(&parsed.protobuf).expect("a tree is a value");
    let statements = tree["stmts"].as_array().map_or(0, Vec::len);
    if statements != 1 {
        return vec![format!("{statements} statements")];
    }
    let mut found = Vec::new();
    let statement = &tree["stmts"][0]["stmt"]["node"];
    if !["SelectStmt", "VariableShowStmt", "ExplainStmt"].iter().any(|k| statement.get(k).is_some()) {
        found.push(format!("a statement of another kind: {}", first_key(statement)));
    }
    walk(statement, &mut found);
    found
}

fn first_key(value: &Value) -> String {
    value.as_object().and_then(|o| o.keys().next()).cloned().unwrap_or_default()
}

fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().map(Vec::as_slice).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| Some(item["node"]["String"]["sval"].as_str()?.to_owned()))
        .collect()
}

fn harmless(group: Option<&builtins::Group>) -> bool {
    group.is_some_and(|g| g.class == Class::Harmless)
}

fn own<'a>(words: &'a [String]) -> Option<&'a str> {
    match words {
        [name] => Some(name),
        [schema, name] if schema == "pg_catalog" || schema == "information_schema" => Some(name),
        _ => None,
    }
}

fn walk(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
        Value::Object(fields) => {
            for (key, inner) in fields {
                // An optional field is null, or a list that is empty.
                if inner.is_null() {
                    continue;
                }
                node(key, inner, found);
                walk(inner, found);
            }
        }
        _ => {}
    }
}

fn node(key: &str, node: &Value, found: &mut Vec<String>) {
    match key {
        "InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt" | "LockingClause" | "CreateTableAsStmt"
        | "CopyStmt" | "DoStmt" | "CallStmt" | "into_clause" | "IntoClause" | "CurrentOfExpr" => {
            found.push(format!("{key} inside"));
        }
        "FuncCall" => {
            let words = strings(&node["funcname"]);
            let known = own(&words).is_some_and(|name| {
                harmless(builtins::function(name))
                    || harmless(builtins::data_type(name))
                    || GRAMMAR_CALLS.contains(&name)
            });
            if !known {
                found.push(format!("calls {}", words.join(".")));
            }
        }
        "type_name" | "TypeName" => {
            let words = strings(&node["names"]);
            if !words.is_empty() && !own(&words).is_some_and(|name| harmless(builtins::data_type(name))) {
                found.push(format!("names the type {}", words.join(".")));
            }
            if node["setof"].as_bool() == Some(true) {
                found.push("SETOF".to_owned());
            }
        }
        "AExpr" => {
            let words = strings(&node["name"]);
            let symbol = words.last().cloned().unwrap_or_default();
            let symbolic = symbol.chars().all(|c| !c.is_alphanumeric() && c != ' ');
            let schema = words.len() > 1 && words[..words.len() - 1] != ["pg_catalog"];
            if schema || (symbolic && builtins::operator(&symbol).is_none()) {
                found.push(format!("the operator {}", words.join(".")));
            }
        }
        "ColumnRef" | "AIndirection" => {
            let fields = &node[if key == "ColumnRef" { "fields" } else { "indirection" }];
            let words = strings(fields);
            let called = if key == "ColumnRef" { words.get(1..) } else { words.get(..) };
            for field in called.unwrap_or_default() {
                let refused = builtins::function(field).is_some_and(|g| g.class == Class::Refused);
                if refused && field != "system" && field != "bernoulli" {
                    found.push(format!("the field {field}"));
                }
            }
        }
        "RangeTableSample" => {
            let words = strings(&node["method"]);
            if !matches!(own(&words), Some("system" | "bernoulli")) {
                found.push(format!("samples by {}", words.join(".")));
            }
        }
        "ExplainStmt" => {
            for option in node["options"].as_array().map(Vec::as_slice).unwrap_or_default() {
                if option["node"]["DefElem"]["defname"] == "analyze" {
                    found.push("EXPLAIN ANALYZE".to_owned());
                }
            }
        }
        "RangeVar" => {
            let name = node["relname"].as_str().unwrap_or_default();
            let schema = node["schemaname"].as_str().unwrap_or_default();
            if builtins::relation(name).is_some() && matches!(schema, "" | "pg_catalog") {
                found.push(format!("reads {name}"));
            }
        }
        _ => {}
    }
}

fn main() -> ExitCode {
    let honest = corpus(include_str!("../../../crates/clonegate-sql/tests/corpus/honest.sql"));
    let hostile = corpus(include_str!("../../../crates/clonegate-sql/tests/corpus/hostile.sql"));
    let mut statements: Vec<String> = honest.iter().chain(&hostile).cloned().collect();
    for file in std::env::args().skip(1) {
        let Ok(bytes) = std::fs::read(&file) else {
            println!("{file} can't be read");
            return ExitCode::FAILURE;
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        // Files of psql have its commands too; the scanner's split is good enough to get statements out.
        if let Ok(split) = pg_query::split_with_scanner(&text) {
            statements.extend(split.into_iter().map(str::to_owned));
        }
    }
    let whole = statements.len();
    let mut numbers = Numbers(20_261_124);
    for _ in 0..MUTATIONS {
        let mut text: Vec<char> = statements[numbers.below(whole)].chars().take(2_000).collect();
        for _ in 0..=numbers.below(3) {
            let at = numbers.below(text.len() + 1);
            let end = (at + numbers.below(6)).min(text.len());
            text.splice(at..end, FRAGMENTS[numbers.below(FRAGMENTS.len())].chars());
        }
        statements.push(text.into_iter().collect());
    }
    let mut accepted = 0;
    let mut valid_but_refused = 0;
    let mut wrong = 0;
    for sql in &statements {
        match ReadOnlyStatement::judge(sql) {
            Ok(judged) => {
                accepted += 1;
                let found = objections(judged.as_sql());
                if !found.is_empty() {
                    wrong += 1;
                    println!("accepted, but {}:\n{}\n", found.join(", "), judged.as_sql());
                }
            }
            Err(refusal) if refusal.rule.name() == "syntax" && pg_query::parse(sql).is_ok() => {
                valid_but_refused += 1;
                if std::env::var_os("GRAMMAR_SHOW_REFUSED").is_some() {
                    println!("refused, but it parses ({refusal}):\n{sql}\n");
                }
            }
            Err(_) => {}
        }
    }
    println!(
        "{} statements, {accepted} accepted, {wrong} of those wrongly; {valid_but_refused} refused that PostgreSQL parses",
        statements.len()
    );
    if wrong == 0 && accepted > 1_000 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
