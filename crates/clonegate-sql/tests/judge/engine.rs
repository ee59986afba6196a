//! The engine's own questions go through this judge too, and all of them are accepted.

use std::fs;
use std::path::{Path, PathBuf};

use clonegate_sql::{Permitted, ReadOnlyStatement};

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

/// What `clonegate-witness` puts into its templates, in its simplest form. What it makes of a real database goes
/// through the judge in the server tests.
const WITNESS: &[(&str, &str)] = &[
    ("{pages}", "3"),
    ("{page}", "1"),
    ("{relations}", "{16384,16385}"),
    ("{piece}", "0"),
    (
        "{parts}",
        "select 1, pg_catalog.count(*), pg_catalog.min(pg_catalog.age(t.xmin)), null, null from only {relation} as t",
    ),
    ("{members}", "select 1, t.xmin, row(t.id) from only {relation} as t"),
    ("(piece, xid{written})", "(piece, xid, written)"),
    ("{written}", ", row(t.id)"),
    ("{oid}", "16384"),
    ("{oldest}", "742"),
    ("{relation}", "public.orders"),
    ("{range}", ""),
    (
        "{sum}",
        "pg_catalog.sum(pg_catalog.hash_record_extended(row(pg_catalog.record_send(row(t.id))), 7))",
    ),
    ("{columns}", "null"),
    ("{newer}", "pg_catalog.age(t.xmin) operator(pg_catalog.<=) 5"),
    ("{recent}", "pg_catalog.age(t.xmin) operator(pg_catalog.<=) 9"),
    ("{key}", "null"),
    ("{limit}", "100"),
    ("{schema}", "\"Extensions\""),
];

/// Placeholders as the crates fill them: a question inside a question, a literal, an expression.
fn filled(text: &str) -> String {
    let text =
        WITNESS.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    text.replace("'{from}'", "'0/1000000'")
        .replace("'{to}'", "'0/2000000'")
        .replace("{question}", "select 1 as n, 'x' as t")
        .replace("{clone_role}", "'clone_owner'")
        .replace(":functions", "array['length']::pg_catalog.name[]")
        .replace(":operators", "array['=']::pg_catalog.name[]")
        .replace(":types", "array['json']::pg_catalog.name[]")
        .replace(":numbers", "array[16384]::pg_catalog.oid[]")
        .replace(
            ":questions",
            "(0, 'relation', 't', null::pg_catalog.name, null::pg_catalog.name, 't'::pg_catalog.name, 'a'::pg_catalog.name)",
        )
        .replace("{database}", "'app_clone_1'")
        .replace("t.{column}", "t.\"made_by\"")
        .replace("{column}", "'made_by'")
        .replace("{prefix}", "'TEST_CLONE'")
        .replace("{which}", "true")
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
    // The negative control is what has to be refused.
    let control = sql.join("engine/probe/row-lock.sql");
    let before = found.len();
    found.retain(|path| *path != control);
    assert_eq!(found.len() + 1, before);
    let text = fs::read_to_string(&control).expect("it can be read");
    assert!(ReadOnlyStatement::judge(&text).is_err());
    assert!(found.len() > 40, "{}", found.len());
    // The one extension that the witnesses use, as the gate permits it.
    let permitted = Permitted::in_any_schema(["pg_get_wal_records_info"]);
    let refused: Vec<String> = found
        .iter()
        .filter_map(|path| {
            let text = filled(&fs::read_to_string(path).expect("it can be read"));
            let refusal = ReadOnlyStatement::judge_with(&text, &permitted).err()?;
            Some(format!("{}: {refusal}", path.display()))
        })
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
