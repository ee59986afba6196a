//! `docs/guards.md` names tests that are there.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

#[test]
fn every_guard_names_tests_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let table = fs::read_to_string(root.join("docs/guards.md")).expect("the table can be read");
    let mut sources = String::new();
    for folder in ["crates", "tests/src"] {
        collect(&root.join(folder), &mut sources);
    }
    let cases = Regex::new(r"\*([a-z][a-z_]+)\*").expect("a pattern");
    let mut found = 0;
    for name in cases.captures_iter(&table).map(|c| c[1].to_owned()) {
        let case = root.join("tests/cases").join(&name).join("case.toml");
        assert!(case.is_file(), "there is no case {name}");
        found += 1;
    }
    let tests = Regex::new(r"`(?:[a-z_]+::)+([a-z_]+)`").expect("a pattern");
    for name in tests.captures_iter(&table).map(|c| c[1].to_owned()) {
        // The last word is a test, or a module of them.
        let there = ["fn ", "mod "].iter().any(|word| {
            ["(", ";", " {"].iter().any(|end| sources.contains(&format!("{word}{name}{end}")))
        });
        assert!(there, "there is no test {name}");
        found += 1;
    }
    assert!(found > 20, "only {found} names were found in the table");
}

fn collect(folder: &Path, sources: &mut String) {
    let entries = fs::read_dir(folder).expect("a folder of sources can be read");
    for path in entries.map(|e| e.expect("an entry").path()).collect::<Vec<PathBuf>>() {
        if path.is_dir() && path.file_name().is_some_and(|n| n != "target") {
            collect(&path, sources);
        } else if path.extension().is_some_and(|e| e == "rs") {
            sources.push_str(&fs::read_to_string(&path).expect("a source can be read"));
        }
    }
}
