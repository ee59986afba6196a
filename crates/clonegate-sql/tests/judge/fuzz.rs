//! Arbitrary texts: no panic, no overflow, bounded time, and what is accepted is one read.

use std::time::{Duration, Instant};

use clonegate_sql::ReadOnlyStatement;
use proptest::prelude::*;
use proptest::sample::select;

use crate::corpus;

const FRAGMENTS: &[&str] = &[
    "select",
    "from",
    "where",
    "(",
    ")",
    ",",
    ";",
    ".",
    "::",
    "*",
    "+",
    "-",
    "--",
    "/*",
    "*/",
    "'",
    "\"",
    "$$",
    "$a$",
    "E'",
    "U&\"",
    "U&'",
    "\\",
    "\n",
    "\r",
    " ",
    "a",
    "t",
    "1",
    "pg_sleep",
    "lower",
    "int",
    "evil",
    "[",
    "]",
    ":",
    ":=",
    "=>",
    "<",
    ">",
    "=",
    "@",
    "operator(",
    "case",
    "when",
    "then",
    "end",
    "with",
    "as",
    "recursive",
    "union",
    "all",
    "values",
    "table",
    "show",
    "explain",
    "analyze",
    "into",
    "for update",
    "delete from t",
    "insert into t",
    "order by",
    "group by",
    "over",
    "partition by",
    "filter",
    "within group",
    "lateral",
    "rows from",
    "cast(",
    "treat(",
    "array",
    "row",
    "json_table(",
    "columns",
    "xmltable(",
    "tablesample",
    "uescape",
    "collate",
    "interval",
    "between",
    "and",
    "or",
    "not",
    "in",
    "is",
    "null",
    "like",
    "escape",
    "any",
    "exists",
    "$1",
    "0x1",
    "1e",
    ".5",
    "é",
    "\u{a0}",
    "\0",
    "#",
    "?",
    "|",
    "`",
    "~",
    "!",
    "set",
    "commit",
    "copy",
    "do",
    "call",
    "merge into",
    "limit",
    "fetch",
    "window",
];

fn judge_quickly(sql: &str) -> Result<(), TestCaseError> {
    let begin = Instant::now();
    let judged = ReadOnlyStatement::judge(sql);
    prop_assert!(begin.elapsed() < Duration::from_secs(60), "{:?} for {sql:?}", begin.elapsed());
    match judged {
        // What is accepted is accepted again, as it is sent.
        Ok(statement) => {
            let again = ReadOnlyStatement::judge(statement.as_sql());
            prop_assert_eq!(again.as_ref().map(|s| s.as_sql()), Ok(statement.as_sql()));
        }
        Err(refusal) => {
            prop_assert!(sql.get(refusal.range.clone()).is_some());
            prop_assert!(refusal.line >= 1 && refusal.column >= 1);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_text_is_judged(sql in "\\PC{0,200}") {
        judge_quickly(&sql)?;
    }

    #[test]
    fn token_soup_is_judged(
        parts in prop::collection::vec((select(FRAGMENTS), prop::bool::ANY), 0..60)
    ) {
        let sql: String = parts
            .into_iter()
            .flat_map(|(part, apart)| [part, if apart { " " } else { "" }])
            .collect();
        judge_quickly(&sql)?;
    }

    #[test]
    fn mutated_statements_are_judged(
        which in any::<prop::sample::Index>(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, select(FRAGMENTS)), 1..4),
    ) {
        let mut statements = corpus::honest();
        statements.extend(corpus::hostile());
        let mut chars: Vec<char> = which.get(&statements).sql.chars().collect();
        for (at, remove, insert) in cuts {
            let at = at.index(chars.len() + 1);
            let end = (at + remove).min(chars.len());
            chars.splice(at..end, insert.chars());
        }
        judge_quickly(&chars.into_iter().collect::<String>())?;
    }
}
