//! docs/scripts.md has the rules and the extensions as the code has them.

use clonegate_sql::{ScriptPolicy, ScriptRule};

const DOCS: &str = include_str!("../../../docs/scripts.md");

fn between(mark: &str) -> String {
    let (_, rest) = DOCS.split_once(&format!("<!-- {mark} -->\n")).expect("the mark is there");
    let (inside, _) = rest.split_once(&format!("<!-- /{mark} -->")).expect("its end is there");
    inside.to_owned()
}

#[test]
fn the_table_of_rules_is_the_codes() {
    let mut table = "| rule | | what it is about | for instance | instead |\n".to_owned();
    table.push_str("| --- | --- | --- | --- | --- |\n");
    for rule in ScriptRule::ALL {
        let example = rule.example().replace('\n', " ").replace('|', "\\|");
        // A code span with backticks in it needs longer ones around it.
        let example =
            if example.contains('`') { format!("`` {example} ``") } else { format!("`{example}`") };
        table.push_str(&format!(
            "| `{rule}` | {} | {} | {example} | {} |\n",
            rule.severity(),
            rule.description().replace('|', "\\|"),
            rule.instead().replace('|', "\\|"),
        ));
    }
    assert!(between("rules") == table, "write this table into docs/scripts.md:\n{table}");
}

#[test]
fn the_list_of_extensions_is_the_codes() {
    let policy = ScriptPolicy::default();
    let names: Vec<String> = policy.extensions().map(|name| format!("`{name}`")).collect();
    let list = format!("{}.\n", names.join(", "));
    assert!(between("extensions") == list, "write this list into docs/scripts.md:\n{list}");
}
