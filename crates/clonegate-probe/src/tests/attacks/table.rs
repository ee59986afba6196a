//! The result as tables, on the terminal and in `docs/attacks.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::layers::Layer;
use super::payload::Role;
use super::suite::Passages;

/// Who can stop a payload, in the order in which it meets them.
const STOPPED_BY: [&str; 9] =
    ["judge", "role", "guard", "names", "channel", "server", "bounds", "breach", "answered"];

/// The document's tables are written anew when this is set.
const UPDATE: &str = "CLONEGATE_UPDATE_ATTACKS";

/// Who stopped how many, and what each layer alone stops.
pub(super) fn render(whole: &Passages, without: &BTreeMap<&'static str, Passages>) -> String {
    let mut text = String::from("| role | payloads |");
    for who in STOPPED_BY {
        write!(text, " {who} |").unwrap();
    }
    text.push_str(" effects |\n| --- | ---: |");
    text.push_str(&" ---: |".repeat(STOPPED_BY.len() + 1));
    text.push('\n');
    for role in Role::ALL {
        let of_role: Vec<_> = whole.iter().filter(|((r, _), _)| *r == role).collect();
        if of_role.is_empty() {
            continue;
        }
        let stopped = |who: &str| {
            of_role.iter().filter(|(_, p)| p.outcome.split(' ').next() == Some(who)).count()
        };
        write!(text, "| {} | {} |", role.title(), of_role.len()).unwrap();
        for who in STOPPED_BY {
            write!(text, " {} |", stopped(who)).unwrap();
        }
        let effects = of_role.iter().filter(|(_, p)| !p.effects.is_empty()).count();
        writeln!(text, " {effects} |").unwrap();
    }
    text.push_str(
        "\n| layer taken out | payloads it alone stops | which |\n| --- | ---: | --- |\n",
    );
    for layer in Layer::ALL {
        let name = layer.to_string();
        let mut which: BTreeSet<&str> = BTreeSet::new();
        for ((role, payload), passage) in without.get(name.as_str()).into_iter().flatten() {
            let stopped = whole.get(&(*role, payload.clone())).is_none_or(|p| p.effects.is_empty());
            if !passage.effects.is_empty() && stopped {
                which.insert(payload);
            }
        }
        let which: Vec<&str> = which.into_iter().collect();
        writeln!(text, "| {name} | {} | {} |", which.len(), which.join(", ")).unwrap();
    }
    let told: BTreeSet<&str> = whole
        .iter()
        .filter(|(_, passage)| !passage.told.is_empty())
        .map(|((_, payload), _)| payload.as_str())
        .collect();
    if !told.is_empty() {
        let told: Vec<&str> = told.into_iter().collect();
        write!(text, "\nTold to pg_read_all_data, and granted to nobody: {}.\n", told.join(", "))
            .unwrap();
    }
    text
}

/// Holds the document against what was seen.
pub(super) fn check_document(major: u32, table: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/attacks.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (begin, end) = (format!("<!-- PostgreSQL {major} -->\n"), "<!-- end -->");
    let Some((before, rest)) = text.split_once(&begin) else {
        println!("docs/attacks.md has no table for PostgreSQL {major}; nothing to compare with");
        return;
    };
    let (written, after) = rest.split_once(end).unwrap();
    let table = format!("\n{table}\n");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(path, format!("{before}{begin}{table}{end}{after}")).unwrap();
    } else {
        let differs: Vec<_> = table.lines().filter(|line| !written.contains(line)).collect();
        assert!(
            written == table,
            "docs/attacks.md does not say what was seen; {UPDATE}=1 writes it anew. Seen now:\n{}",
            differs.join("\n")
        );
    }
}
