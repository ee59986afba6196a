//! The engine's own questions go through this judge too, and all of them are accepted.

use std::fs;
use std::path::{Path, PathBuf};

use clonegate_sql::ReadOnlyStatement;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.ends_with("probe/attestation") {
            // Parts of one statement, which the channel itself puts together before any caller's.
            continue;
        }
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "sql") {
            found.push(path);
        }
    }
}

/// Placeholders as the crates fill them: a question inside a question, a literal, an expression.
fn filled(text: &str) -> String {
    text.replace("{question}", "select 1 as n, 'x' as t")
        .replace("{clone_role}", "'clone_owner'")
        .replace(
            ":system_identifier",
            "(select c.system_identifier from pg_catalog.pg_control_system() as c)",
        )
}

#[test]
fn the_engines_own_reads_and_the_checks_are_accepted() {
    let sql = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sql");
    let mut found = Vec::new();
    for folder in ["engine/witness", "engine/gate", "engine/probe", "one-roof/checks"] {
        files(&sql.join(folder), &mut found);
    }
    assert!(found.len() > 40, "{}", found.len());
    let refused: Vec<String> = found
        .iter()
        .filter_map(|path| {
            let text = filled(&fs::read_to_string(path).expect("it can be read"));
            Some(format!("{}: {}", path.display(), ReadOnlyStatement::judge(&text).err()?))
        })
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
