//! What only shows in a set of scripts, and how it is shown.

use std::collections::BTreeMap;

use clonegate_lint::{
    Color, Entry, Report, Rollback, Set, Source, lint, render_json, render_sarif, render_text,
};
use clonegate_sql::{Rule, ScriptRule, Severity};

const OF_A_SET: [ScriptRule; 5] = [
    ScriptRule::TouchesExisting,
    ScriptRule::MayReplace,
    ScriptRule::MayKeep,
    ScriptRule::MissingMarker,
    ScriptRule::MissingRollback,
];

fn source(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

/// A case's text as a set.
fn set(text: &str) -> Set {
    let (build, rollback) = match text.split_once("\n-- rollback\n") {
        Some((build, rollback)) => (build, Rollback::Script(source("undo.sql", rollback))),
        None => (text, Rollback::NotAsked),
    };
    let scripts = build.split("\n-- next\n").enumerate();
    Set {
        scripts: scripts.map(|(n, text)| source(&format!("{n}.sql"), text)).collect(),
        rollback,
        marker: Some("TEST_CLONE".to_owned()),
        ..Set::default()
    }
}

fn entries(report: &Report) -> impl Iterator<Item = &Entry> {
    report.files.iter().flat_map(|file| &file.entries)
}

#[test]
fn every_rule_of_a_set_is_broken_and_nearly_broken() {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in include_str!("set_rules.txt").split("\n== ").skip(1) {
        let (head, body) = case.split_once('\n').expect("a case has a body");
        let (what, name) = head.split_once(' ').expect("a case says what it is");
        let rule = OF_A_SET.iter().find(|r| r.name() == name).expect("it is a rule of a set");
        let report = lint(set(body.trim_end()));
        let said: Vec<String> =
            entries(&report).map(|e| format!("{} {}", e.rule, e.problem)).collect();
        let broken = entries(&report).any(|e| e.rule == Rule::Script(*rule));
        let count = counts.entry(rule.name()).or_default();
        let right = match what {
            "broken" => {
                count.0 += 1;
                broken && report.count(Severity::Refused) == 0
            }
            "near" => {
                count.1 += 1;
                said.is_empty() || (*rule == ScriptRule::MayKeep && !broken)
            }
            other => panic!("no such case: {other}"),
        };
        if !right {
            wrong.push(format!("{what} {name}\n{body}\n{said:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n\n"));
    for rule in OF_A_SET {
        let (broken, near) = counts.get(rule.name()).copied().unwrap_or_default();
        assert!(broken >= 2 && near >= 1, "{rule}: {broken} broken, {near} near");
    }
}

#[test]
fn a_missing_rollback_script_is_said_once() {
    let set = Set {
        scripts: vec![source("a.sql", "select 1;"), source("b.sql", "select 2;")],
        rollback: Rollback::Missing("undo.sql".to_owned()),
        ..Set::default()
    };
    let report = lint(set);
    let said: Vec<_> = entries(&report).map(|e| e.problem.as_str()).collect();
    assert_eq!(said, ["there is no rollback script at undo.sql"]);
}

#[test]
fn what_a_profile_calls_organic_may_be_written_and_not_altered() {
    let of = |text: &str| Set { organic: ["app.log".to_owned()].into(), ..set(text) };
    assert_eq!(lint(of("insert into app.log values (1);")).count(Severity::Warning), 0);
    assert_eq!(lint(of("alter table app.log add column a int;")).count(Severity::Warning), 1);
}

#[test]
fn what_is_touched_often_is_said_once() {
    let report = lint(set(
        "insert into a values (1);\ninsert into a values (2);\ninsert into a values (3);\ndelete from a;",
    ));
    let said: Vec<_> = entries(&report).map(|e| (e.line, e.problem.as_str())).collect();
    assert_eq!(
        said,
        [
            (
                1,
                "INSERT touches table public.a, which no script of the set made (and at 2 more places)"
            ),
            (4, "DELETE touches table public.a, which no script of the set made"),
        ]
    );
}

#[test]
fn a_dump_of_many_tables_is_held_against_its_rollback_in_time() {
    let mut build = String::new();
    let mut undo = String::new();
    for n in 0..4_000 {
        build.push_str(&format!("create table t{n} ();\ncomment on table t{n} is 'TEST_CLONE';\n"));
        undo.push_str(&format!("drop table t{n};\n"));
    }
    let begun = std::time::Instant::now();
    let report = lint(set(&format!("{build}\n-- rollback\n{undo}")));
    assert_eq!(entries(&report).count(), 0);
    // Half a second where nothing else runs; the square of the number would be minutes.
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}

fn example() -> Report {
    let mut set = set(include_str!("example.sql"));
    set.scripts[0].path = "build/01 überblick.sql".to_owned();
    set.checks = vec![source("checks/01_gap.sql", "-- title: gap\nselect pg_sleep(10), 'x'\n")];
    lint(set)
}

#[test]
fn a_person_sees_each_place_with_its_line() {
    insta::assert_snapshot!(render_text(&example(), Color::Never));
}

#[test]
fn sarif_is_what_code_review_reads() {
    let sarif = render_sarif(&example());
    let mut log: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap().clone();
    for result in log["runs"][0]["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
    assert!(rules.len() > ScriptRule::ALL.len());
    // The table of rules is documentation; its first one stands for all.
    log["runs"][0]["tool"]["driver"]["rules"] = rules[..1].to_vec().into();
    log["runs"][0]["tool"]["driver"]["version"] = "[version]".into();
    insta::assert_snapshot!(format!("{log:#}"));
}

#[test]
fn json_is_what_a_program_reads() {
    let json: serde_json::Value = serde_json::from_str(&render_json(&example())).unwrap();
    assert_eq!(json["format"], 1);
    let report = example();
    assert_eq!(json["refused"], report.count(Severity::Refused));
    let first = &json["files"][0]["remarks"][0];
    let range = usize::try_from(first["start"].as_u64().unwrap()).unwrap()
        ..usize::try_from(first["end"].as_u64().unwrap()).unwrap();
    assert_eq!(&report.files[0].source.text[range], "create table public.notes (id int);");
}

#[test]
fn no_control_character_of_a_script_reaches_the_terminal() {
    let report = lint(set("alter\x1b[2J system;\nselect '\u{202e}' from dblink('\x07');"));
    let text = render_text(&report, Color::Never);
    assert!(report.count(Severity::Refused) > 0);
    assert!(!text.contains(['\x1b', '\x07', '\u{202e}']), "{text:?}");
}

#[test]
fn a_long_line_is_shown_in_part() {
    let line = format!("select {}, pg_read_file('x'), {};", "1, ".repeat(9_999) + "1", "2");
    let text = render_text(&lint(set(&line)), Color::Never);
    assert!(text.lines().all(|line| line.chars().count() < 200), "{text}");
    let (shown, marks) = (text.lines().nth(3).unwrap(), text.lines().nth(4).unwrap());
    let column = marks.chars().position(|c| c == '^').unwrap();
    let name: String = shown.chars().skip(column).take("pg_read_file".len()).collect();
    assert_eq!(name, "pg_read_file");
}

proptest::proptest! {
    #[test]
    fn any_text_is_linted_and_shown(
        text in proptest::collection::vec(
            proptest::sample::select(vec![
                "create table a", "(b int)", ";", "\n", "do ", "$$", "begin ", "end ", "execute ", "'", "\"", "E'", "\\",
                "copy a from stdin", "\\.", ":x", "drop ", "function f()", " language plpgsql as ", "é", "\r", "--", "/*", "*/",
                "alter system", "into x", "select 1", "U&", "comment on table a is ", "\u{feff}", "[", "]", "(", ")",
            ]), 0..40)
    ) {
        let text = text.concat();
        let report = lint(set(&text));
        for entry in entries(&report) {
            proptest::prop_assert!(entry.range.start <= entry.range.end && entry.range.end <= text.len());
        }
        let _ = render_text(&report, Color::Always);
        let _ = render_sarif(&report);
        let _ = render_json(&report);
    }
}
