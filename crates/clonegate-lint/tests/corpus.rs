//! What people's tools write: whether it is refused, and what is said about it.

use clonegate_lint::{Report, Set, Source, lint};
use clonegate_sql::Severity;

fn corpus() -> Vec<Source> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    let mut files: Vec<Source> = std::fs::read_dir(folder)
        .expect("the corpus is there")
        .map(|entry| {
            let path = entry.expect("its files can be listed").path();
            let text = std::fs::read_to_string(&path).expect("they are text");
            let name = path.file_stem().expect("they have names").to_string_lossy().into_owned();
            Source { path: name, text }
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn alone(source: Source) -> Report {
    lint(Set { scripts: vec![source], ..Set::default() })
}

#[test]
fn what_is_said_about_scripts_of_many_tools() {
    let mut said = String::new();
    for source in corpus() {
        said.push_str(&format!("{}\n", source.path));
        let report = alone(source);
        for entry in report.files.iter().flat_map(|file| &file.entries) {
            let (line, column) = (entry.line, entry.column);
            said.push_str(&format!(
                "  {line}:{column} {} {}: {}\n",
                entry.severity, entry.rule, entry.problem
            ));
        }
    }
    insta::assert_snapshot!(said);
}

/// Only these need another server, another session or psql itself; everything else is SQL that a
/// clone's owner may run.
#[test]
fn only_what_reaches_outside_is_refused() {
    let refused: Vec<String> = corpus()
        .into_iter()
        .filter(|source| alone(source.clone()).count(Severity::Refused) > 0)
        .map(|source| source.path)
        .collect();
    assert_eq!(
        refused,
        [
            "django_concurrent_index",
            "ef_core_idempotent",
            "fdw_setup",
            "flyway_placeholders",
            "logical_replication",
            "psql_runbook",
            "roles_setup",
            "sqitch_verify",
        ]
    );
}
