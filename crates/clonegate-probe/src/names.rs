//! Asks the server what a statement's names mean, in the transaction in which it is going to run.
//!
//! Whether there is anything of those names is asked in the guard's message, so that it costs no round trip; most often
//! there is nothing. What was found is looked at by another, and only where the columns of something in FROM decide, by
//! a third. The questions carry names out of a caller's text: as hexadecimal digits, which no quoting can end.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clonegate_sql::lookups::{
    ColumnAnswer, ColumnQuestion, Found, FoundKind, FoundOrigin, FoundPlace, Lookups, Takes,
};
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use crate::guard::GuardError;

const LOOKUP: &str = include_str!("../../../sql/engine/probe/lookup.sql");
const FUNCTIONS: &str = include_str!("../../../sql/engine/probe/lookup-functions.sql");
const OPERATORS: &str = include_str!("../../../sql/engine/probe/lookup-operators.sql");
const TYPES: &str = include_str!("../../../sql/engine/probe/lookup-types.sql");
const COLUMNS: &str = include_str!("../../../sql/engine/probe/lookup-columns.sql");

/// Something of the database's own that has one of a statement's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Noted {
    kind: FoundKind,
    number: u32,
}

/// The question whether there is anything of a statement's names.
pub(crate) fn query(lookups: &Lookups) -> String {
    without_comments(LOOKUP)
        .replacen(":functions", &array(lookups.functions()), 1)
        .replacen(":operators", &array(lookups.operators()), 1)
        .replacen(":types", &array(lookups.types()), 1)
}

/// The question after columns.
pub(crate) fn columns_query(questions: &[ColumnQuestion]) -> String {
    let mut rows = String::new();
    for (number, question) in questions.iter().enumerate() {
        let comma = if number > 0 { ", " } else { "" };
        let (kind, path, schema, function, alias, column) = match question {
            ColumnQuestion::Relation { path, column } => {
                ("relation", text(&quoted(path)), None, None, None, column)
            }
            ColumnQuestion::Function { path, alias, column } => {
                let schema = path.len().checked_sub(2).map(|at| path[at].as_str());
                let function = path.last().map(String::as_str);
                ("function", "null".to_owned(), schema, function, Some(alias.as_str()), column)
            }
        };
        let or_null =
            |one: Option<&str>| one.map_or_else(|| "null::pg_catalog.name".to_owned(), name);
        // Writing to a string can't fail.
        let _ = write!(
            rows,
            "{comma}({number}, '{kind}', {path}, {}, {}, {}, {})",
            or_null(schema),
            or_null(function),
            or_null(alias),
            name(column),
        );
    }
    without_comments(COLUMNS).replacen(":questions", &rows, 1)
}

/// A file's SQL as it is sent: without the lines that only its readers need, in which the placeholders stand too.
fn without_comments(file: &str) -> String {
    file.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join("\n")
}

fn array<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(name).collect();
    format!("array[{}]::pg_catalog.name[]", names.join(", "))
}

/// A text, whatever stands in it.
fn text(text: &str) -> String {
    let mut digits = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        let _ = write!(digits, "{byte:02x}");
    }
    format!("pg_catalog.convert_from(pg_catalog.decode('{digits}', 'hex'), 'UTF8')")
}

/// A name as the server keeps it: cut where it cuts names.
fn name(name: &str) -> String {
    format!("{}::pg_catalog.name", text(name))
}

fn quoted(path: &[String]) -> String {
    let parts: Vec<String> =
        path.iter().map(|part| format!("\"{}\"", part.replace('"', "\"\""))).collect();
    parts.join(".")
}

/// What there is: the rows behind the guard's.
pub(crate) fn noted(answer: &[SimpleQueryMessage]) -> Result<Vec<Noted>, GuardError> {
    let mut noted = Vec::new();
    for row in answer.iter().filter_map(row).filter(|row| has(row, "number")) {
        let kind = kind(row)?;
        let number = row.try_get("number").ok().flatten().and_then(|n| n.parse().ok());
        noted
            .push(Noted { kind, number: number.ok_or(GuardError::Incomplete { what: "number" })? });
    }
    Ok(noted)
}

/// The question what these are.
pub(crate) fn details_query(noted: &[Noted]) -> String {
    let mut parts = Vec::new();
    for (kind, file) in [
        (FoundKind::Function, FUNCTIONS),
        (FoundKind::Operator, OPERATORS),
        (FoundKind::Type, TYPES),
    ] {
        let of_kind = noted.iter().filter(|one| one.kind == kind);
        let numbers: Vec<String> = of_kind.map(|one| one.number.to_string()).collect();
        if !numbers.is_empty() {
            let numbers = format!("array[{}]::pg_catalog.oid[]", numbers.join(", "));
            parts.push(without_comments(file).replacen(":numbers", &numbers, 1));
        }
    }
    parts.join(";\n")
}

/// What they are.
pub(crate) fn found(answer: &[SimpleQueryMessage]) -> Result<Vec<Found>, GuardError> {
    answer.iter().filter_map(row).map(found_in).collect()
}

fn row(message: &SimpleQueryMessage) -> Option<&SimpleQueryRow> {
    match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    }
}

fn has(row: &SimpleQueryRow, column: &str) -> bool {
    row.columns().iter().any(|c| c.name() == column)
}

fn kind(row: &SimpleQueryRow) -> Result<FoundKind, GuardError> {
    match row.try_get("kind").ok().flatten() {
        Some("function") => Ok(FoundKind::Function),
        Some("operator") => Ok(FoundKind::Operator),
        Some("type") => Ok(FoundKind::Type),
        _ => Err(GuardError::Incomplete { what: "kind" }),
    }
}

fn found_in(row: &SimpleQueryRow) -> Result<Found, GuardError> {
    let text = |what: &'static str| {
        row.try_get(what).ok().flatten().ok_or(GuardError::Incomplete { what })
    };
    let number = |what: &'static str| -> Result<usize, GuardError> {
        text(what)?.parse().map_err(|_| GuardError::Incomplete { what })
    };
    let yes = |what: &'static str| Ok(text(what)? == "t");
    Ok(Found {
        kind: kind(row)?,
        name: text("name")?.to_owned(),
        function_schema: text("function_schema")?.to_owned(),
        function: text("function")?.to_owned(),
        title: text("title")?.to_owned(),
        place: if yes("in_catalog")? { FoundPlace::Catalog } else { FoundPlace::Path },
        // With defaults for more than it takes it takes none.
        least: number("least").unwrap_or(0),
        most: text("most").ok().map(str::parse).transpose().ok().flatten(),
        takes: if yes("takes_rows")? { Takes::Rows } else { Takes::Values },
        origin: if yes("harmless_extension")? {
            FoundOrigin::Extension
        } else {
            FoundOrigin::Database
        },
    })
}

/// The answers to questions after columns.
pub(crate) fn answers(
    questions: &[ColumnQuestion],
    answer: &[SimpleQueryMessage],
) -> Result<BTreeMap<ColumnQuestion, ColumnAnswer>, GuardError> {
    let mut answers = BTreeMap::new();
    for row in answer.iter().filter_map(row) {
        let number = row.try_get("number").ok().flatten().and_then(|n| n.parse::<usize>().ok());
        let question = number.and_then(|n| questions.get(n));
        let question = question.ok_or(GuardError::Incomplete { what: "number" })?;
        let answer = match row.try_get("answer") {
            Ok(Some("yes")) => ColumnAnswer::Yes,
            Ok(Some("no")) => ColumnAnswer::No,
            Ok(None) => ColumnAnswer::Nothing,
            _ => return Err(GuardError::Incomplete { what: "answer" }),
        };
        answers.insert(question.clone(), answer);
    }
    match answers.len() == questions.len() {
        true => Ok(answers),
        false => Err(GuardError::Incomplete { what: "answers" }),
    }
}

#[cfg(test)]
mod tests {
    use clonegate_sql::ReadOnlyStatement;

    use super::*;

    #[test]
    fn nothing_of_a_callers_text_is_in_the_question_but_as_digits() {
        let sql = "select t.\"x'); drop table canary; --\", length(t.y), a = b from t";
        let statement = ReadOnlyStatement::judge(sql).unwrap();
        let asked = query(statement.lookups());
        assert!(!asked.contains("canary") && !asked.contains("drop"), "{asked}");
        let noted = [Noted { kind: FoundKind::Type, number: 16_384 }];
        assert!(details_query(&noted).contains("array[16384]") && details_query(&[]).is_empty());
        for placeholder in [":functions", ":operators", ":types", "--"] {
            assert!(!asked.contains(placeholder), "{placeholder}");
        }
        let path = vec!["s'".to_owned(), "a\"b".to_owned()];
        let column = "c'd".to_owned();
        let question = ColumnQuestion::Relation { path, column };
        let asked = columns_query(&[question]);
        assert!(!asked.contains("c'd") && !asked.contains("a\"b") && !asked.contains(":questions"));
    }
}
