//! For a program of one's own.

use clonegate_sql::Severity;
use serde_json::{Value, json};

use crate::{Report, place::End};

/// A report as JSON, format 1: files, and of each what is said with its place in lines, characters
/// (from 1) and bytes (from 0).
#[must_use]
pub fn render_json(report: &Report) -> String {
    let files: Vec<Value> = report
        .files
        .iter()
        .map(|file| {
            let remarks: Vec<Value> = file
                .entries
                .iter()
                .map(|entry| {
                    let end = End::of(&file.source.text, entry);
                    json!({
                        "rule": entry.rule.name(),
                        "severity": entry.severity.to_string(),
                        "line": entry.line,
                        "column": entry.column,
                        "end_line": end.line,
                        "end_column": end.column,
                        "start": entry.range.start,
                        "end": entry.range.end,
                        "problem": entry.problem,
                        "hint": entry.hint,
                    })
                })
                .collect();
            json!({ "path": file.source.path, "remarks": remarks })
        })
        .collect();
    let whole = json!({
        "format": 1,
        "refused": report.count(Severity::Refused),
        "warnings": report.count(Severity::Warning),
        "notes": report.count(Severity::Note),
        "files": files,
    });
    format!("{whole:#}")
}
