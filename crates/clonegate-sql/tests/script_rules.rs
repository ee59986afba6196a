//! Each rule for scripts, by scripts that break it and scripts that nearly do.

use std::collections::BTreeMap;

use clonegate_sql::{GuardedScript, Remark, ScriptPolicy, ScriptRule, Severity};

/// What is only known of several scripts, or of a script and its rollback, is the linter's.
const OF_A_SET: [ScriptRule; 5] = [
    ScriptRule::TouchesExisting,
    ScriptRule::MayReplace,
    ScriptRule::MissingMarker,
    ScriptRule::MissingRollback,
    ScriptRule::MayKeep,
];

fn remarks(text: &str) -> Vec<Remark> {
    GuardedScript::lint("s.sql", text, &ScriptPolicy::default()).remarks
}

#[test]
fn every_rule_is_broken_and_nearly_broken() {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    let file = include_str!("script_rules.txt");
    for case in file.split("\n== ").skip(1) {
        let (head, body) = case.split_once('\n').expect("a case has a body");
        let (what, name) = head.split_once(' ').expect("a case says what it is");
        let rule = ScriptRule::ALL.iter().find(|r| r.name() == name).expect("the rule exists");
        let text = body.trim_end().replace("<CR>", "\r").replace("<NUL>", "\0");
        let remarks = remarks(&text);
        let broken = remarks.iter().any(|r| r.rule == *rule && r.severity == rule.severity());
        let worse = remarks.iter().any(|r| r.severity == Severity::Refused);
        let count = counts.entry(rule.name()).or_default();
        let right = match what {
            "broken" => {
                count.0 += 1;
                broken
            }
            "near" => {
                count.1 += 1;
                !broken && !worse
            }
            other => panic!("no such case: {other}"),
        };
        if !right {
            let all: Vec<_> = remarks
                .iter()
                .map(|r| format!("{} {}: {}", r.severity, r.rule, r.problem))
                .collect();
            wrong.push(format!("{what} {name}\n{text}\n{all:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n\n"));
    for rule in ScriptRule::ALL.iter().filter(|r| !OF_A_SET.contains(r)) {
        if *rule == ScriptRule::TooLarge {
            continue;
        }
        let (broken, near) = counts.get(rule.name()).copied().unwrap_or_default();
        assert!(broken >= 2, "{rule} has {broken} cases that break it");
        assert!(near >= 1, "{rule} has no near miss");
    }
}

#[test]
fn the_example_of_every_rule_breaks_it() {
    for rule in ScriptRule::ALL.iter().filter(|r| !OF_A_SET.contains(r)) {
        let example = match rule {
            ScriptRule::TooLarge => format!("select {}1{}", "(".repeat(300), ")".repeat(300)),
            _ => rule.example().to_owned(),
        };
        let remarks = remarks(&example);
        assert!(
            remarks.iter().any(|r| r.rule == *rule && r.severity == rule.severity()),
            "{rule}: {example}\n{remarks:#?}"
        );
    }
}
