//! An answer as a table, as JSON, as CSV. No value of a database can drive a terminal.

use std::fmt::Write as _;

use clonegate_model::{Reading, RunId, Value};
use clonegate_query::{Served, is_plain};
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

/// Who reads what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// A person: lines fit the screen.
    Terminal,
    /// A file or another program: lines are as long as they are.
    Program,
}

/// The text with everything that is not seen, or does more than stand there, written out.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_plain(c) => out.push(c),
            c => out.extend(c.escape_unicode()),
        }
    }
    out
}

pub(super) fn table(reading: &Reading, reader: Reader) -> String {
    let count = reading.rows.len();
    let rows = if count == 1 { "(1 row)".to_owned() } else { format!("({count} rows)") };
    if reading.columns.is_empty() {
        return rows;
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_content_arrangement(match reader {
        Reader::Terminal => ContentArrangement::Dynamic,
        Reader::Program => ContentArrangement::Disabled,
    });
    table.set_header(reading.columns.iter().map(|name| Cell::new(plain(name))));
    for row in &reading.rows {
        table.add_row(row.iter().map(cell));
    }
    format!("{table}\n{rows}")
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::new("NULL"),
        // So that a text is not taken for the absence of one.
        Value::Text(text) if text == "NULL" => Cell::new("\"NULL\""),
        Value::Text(text) => Cell::new(plain(text)),
        Value::Bool(_) => Cell::new(value),
        Value::Integer(_) | Value::Decimal { .. } => {
            Cell::new(value).set_alignment(CellAlignment::Right)
        }
    }
}

/// Integers that fit 64 bits are numbers, booleans are booleans, NULL is null, and everything else
/// is a text as PostgreSQL writes it: decimals too, whose digits a float would not keep.
pub(super) fn json(served: &Served, run: &RunId) -> String {
    let Served { id, database, sha256, reading, column_types, bytes, elapsed, limits } = served;
    let columns: Vec<_> = reading
        .columns
        .iter()
        .zip(column_types)
        .map(|(name, type_name)| serde_json::json!({"name": name, "type": type_name}))
        .collect();
    let value = |value: &Value| match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(b) => (*b).into(),
        Value::Integer(i) => (*i).into(),
        Value::Decimal { decimal } => decimal.as_str().into(),
        Value::Text(text) => text.as_str().into(),
    };
    let rows: Vec<Vec<serde_json::Value>> =
        reading.rows.iter().map(|row| row.iter().map(value).collect()).collect();
    let envelope = serde_json::json!({
        "database": database,
        "columns": columns,
        "rows": rows,
        "truncated": reading.truncated,
        "bytes": bytes,
        "elapsed_ms": elapsed.as_secs_f64() * 1000.0,
        "limits": {
            "rows": limits.rows,
            "bytes": limits.bytes,
            "statement_timeout_ms": u64::try_from(limits.statement_timeout.as_millis()).unwrap_or(u64::MAX),
        },
        "audit": id,
        "run": run,
        "sha256": sha256,
    });
    // Such characters stand only within texts, where JSON has an escape for each.
    let mut out = String::new();
    for c in envelope.to_string().chars() {
        if is_plain(c) {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String can't fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// RFC 4180, with NULL and the empty text told apart as PostgreSQL's COPY does: nothing, and `""`.
/// Values are not altered, whatever a spreadsheet may make of them; only on a terminal what could
/// drive it is replaced.
pub(super) fn csv(reading: &Reading, reader: Reader) -> String {
    let mut out = String::new();
    let names = reading.columns.iter().map(|name| Some(name.clone()));
    line(&mut out, names, reader);
    for row in &reading.rows {
        let values = row.iter().map(|value| match value {
            Value::Null => None,
            // As PostgreSQL writes it.
            Value::Bool(b) => Some(if *b { "t" } else { "f" }.to_owned()),
            other => Some(other.to_string()),
        });
        line(&mut out, values, reader);
    }
    out
}

fn line(out: &mut String, fields: impl Iterator<Item = Option<String>>, reader: Reader) {
    for (n, field) in fields.enumerate() {
        if n > 0 {
            out.push(',');
        }
        let Some(mut field) = field else { continue };
        if reader == Reader::Terminal {
            field = field
                .chars()
                .map(|c| if is_plain(c) || matches!(c, '\n' | '\t') { c } else { '\u{FFFD}' })
                .collect();
        }
        // `\.` alone on a line would end a COPY.
        if field.is_empty() || field == "\\." || field.contains([',', '"', '\r', '\n']) {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(&field);
        }
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading() -> Reading {
        let text = |t: &str| Value::Text(t.to_owned());
        Reading {
            columns: vec!["n".into(), "a\u{1b}[31m,b".into()],
            rows: vec![
                vec![Value::Integer(1), text("plain")],
                vec![Value::Null, text("")],
                vec![Value::decimal("1.50"), Value::Null],
                vec![Value::Bool(true), text("NULL")],
                vec![
                    Value::Integer(-7),
                    text("say \"é\", 漢字\nand \u{1b}]0;x\u{7}\u{9b}2J\u{202e}"),
                ],
                vec![Value::Integer(8), text("=1+1")],
            ],
            truncated: false,
        }
    }

    #[test]
    fn a_table_shows_null_and_drives_no_terminal() {
        for reader in [Reader::Program, Reader::Terminal] {
            let table = table(&reading(), reader);
            assert!(table.chars().all(|c| c == '\n' || is_plain(c)), "{table:?}");
        }
        let table = table(&reading(), Reader::Program);
        for text in [" NULL ", "\"NULL\"", "漢字\\nand \\u{1b}]0;x", "1.50", "(6 rows)"] {
            assert!(table.contains(text), "{text}\n{table}");
        }
        assert_eq!(
            super::table(&Reading { rows: vec![vec![]], ..Reading::default() }, Reader::Program),
            "(1 row)"
        );
    }

    #[test]
    fn csv_is_rfc_4180_and_keeps_what_it_is_given() {
        assert_eq!(
            csv(&reading(), Reader::Program),
            "n,\"a\u{1b}[31m,b\"\r\n1,plain\r\n,\"\"\r\n1.50,\r\nt,NULL\r\n-7,\"say \"\"é\"\", 漢字\nand \u{1b}]0;x\u{7}\u{9b}2J\u{202e}\"\r\n8,=1+1\r\n"
        );
        let shown = csv(&reading(), Reader::Terminal);
        assert!(shown.chars().all(|c| matches!(c, '\r' | '\n') || is_plain(c)), "{shown:?}");
    }
}
