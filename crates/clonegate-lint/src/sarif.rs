//! For code review: SARIF 2.1.0, as GitHub, GitLab and editors read it.
//!
//! Written as JSON and not through `serde-sarif`: its build script parses the schema by a crate that
//! is no longer kept, for the thirty keys that stand here.

use clonegate_sql::{Rule, ScriptRule, Severity};
use serde_json::{Value, json};

use crate::place::End;
use crate::{Entry, Linted, Report};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A report as a SARIF 2.1.0 log with one run. Its rules are all rules, broken or not, so that what
/// reads it can tell a rule that was not broken from one that did not exist.
#[must_use]
pub fn render_sarif(report: &Report) -> String {
    let rules = all_rules();
    let results: Vec<Value> = report
        .files
        .iter()
        .flat_map(|file| file.entries.iter().map(|entry| result(file, entry, &rules)))
        .collect();
    let artifacts: Vec<Value> = report
        .files
        .iter()
        .map(|file| json!({ "location": location(&file.source.path), "sourceLanguage": "sql" }))
        .collect();
    let descriptors: Vec<Value> = rules.iter().map(descriptor).collect();
    let whole = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "clonegate",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": descriptors,
            }},
            "columnKind": "unicodeCodePoints",
            "artifacts": artifacts,
            "results": results,
        }],
    });
    format!("{whole:#}")
}

/// The rules for scripts, and those for checks that scripts don't have.
fn all_rules() -> Vec<Rule> {
    let scripts = ScriptRule::ALL.iter().map(|rule| Rule::Script(*rule));
    let mut rules: Vec<Rule> = scripts.collect();
    for rule in Rule::ALL {
        if rules.iter().all(|known| known.name() != rule.name()) {
            rules.push(rule);
        }
    }
    rules
}

fn descriptor(rule: &Rule) -> Value {
    let (description, help, severity) = match rule {
        Rule::Script(rule) => (
            rule.description().to_owned(),
            format!("For instance: {} Instead: {}.", rule.example(), rule.instead()),
            rule.severity(),
        ),
        other => (
            format!("a check that breaks the rule {other} of the judge for reads"),
            "docs/reading.md describes the rules for reads.".to_owned(),
            Severity::Refused,
        ),
    };
    json!({
        "id": rule.name(),
        "shortDescription": { "text": description },
        "help": { "text": help },
        "defaultConfiguration": { "level": level(severity) },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Refused => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn result(file: &Linted, entry: &Entry, rules: &[Rule]) -> Value {
    let end = End::of(&file.source.text, entry);
    let name = entry.rule.name();
    let mut region = json!({
        "startLine": entry.line,
        "startColumn": entry.column,
        "endLine": end.line,
        "endColumn": end.column,
        "byteOffset": entry.range.start,
        "byteLength": entry.range.len(),
    });
    if entry.range.is_empty() {
        // An empty region with an end is one character to some readers; a point has none.
        region = json!({ "startLine": entry.line, "startColumn": entry.column });
    }
    json!({
        "ruleId": name,
        "ruleIndex": rules.iter().position(|rule| rule.name() == name),
        "level": level(entry.severity),
        "message": { "text": format!("{}. Instead: {}.", entry.problem, entry.hint) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": location(&file.source.path),
            "region": region,
        }}],
    })
}

/// A path as a URI reference.
fn location(path: &str) -> Value {
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    json!({ "uri": uri })
}
