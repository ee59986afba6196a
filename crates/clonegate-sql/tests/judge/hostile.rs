//! What does more than read, or hides that it does, is refused by the rule that it breaks.

use clonegate_sql::{Permitted, ReadOnlyStatement, Rule};

use crate::corpus;

#[test]
fn hostile_statements_are_refused_by_their_rule() {
    let statements = corpus::hostile();
    assert!(statements.len() >= 150, "{}", statements.len());
    let mut wrong = Vec::new();
    for statement in &statements {
        let sql = statement.sql.strip_suffix('\n').unwrap_or(&statement.sql);
        match ReadOnlyStatement::judge(sql) {
            Ok(_) => wrong.push(format!("accepted: {sql}")),
            Err(refusal) if refusal.rule.name() != statement.tag => {
                wrong.push(format!(
                    "{} and not {}: {sql}\n  {refusal}",
                    refusal.rule, statement.tag
                ));
            }
            Err(refusal) => {
                assert!(sql.get(refusal.range.clone()).is_some(), "{sql}: {:?}", refusal.range);
                assert!(!refusal.hint.is_empty() && !refusal.problem.is_empty());
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_rule_for_reads_has_a_hostile_statement() {
    let statements = corpus::hostile();
    for rule in Rule::ALL {
        assert!(statements.iter().any(|s| s.tag == rule.name()), "{rule}");
    }
}

#[test]
fn a_refusal_names_the_place() {
    let sql = "-- größe\nselect 'ä', pg_sleep(1)";
    let refusal = ReadOnlyStatement::judge(sql).unwrap_err();
    assert_eq!((refusal.line, refusal.column), (2, 13));
    assert_eq!(&sql[refusal.range.clone()], "pg_sleep");
    assert_eq!(
        refusal.to_string(),
        "line 2, column 13: pg_sleep keeps the connection and its snapshot without asking anything \
         [function]; leave it out"
    );
}

#[test]
fn what_a_profile_permits_is_accepted_by_just_that_name() {
    let permitted = Permitted::new(
        ["shop.tax".to_owned(), "net_price".to_owned()],
        ["shop.status".to_owned(), "\"Kind\"".to_owned()],
    )
    .unwrap();
    for sql in [
        "select shop.tax(1), \"shop\".\"tax\"(2), net_price(3), Net_Price(4)",
        "select * from shop.tax(1) t, lateral net_price(t.a)",
        "select 'a'::shop.status, cast('{}' as shop.status[]), \"Kind\" 'x'",
    ] {
        ReadOnlyStatement::judge_with(sql, &permitted).unwrap();
        assert!(ReadOnlyStatement::judge(sql).is_err(), "{sql}");
    }
    for sql in [
        "select tax(1)",
        "select public.net_price(1)",
        "select other.tax(1)",
        "select \"NET_PRICE\"(1)",
        "select 'a'::status",
        "select 'a'::kind",
        "select shop.status(1)",
        "select (t).pg_sleep",
        "select shop.tax(pg_sleep(1))",
    ] {
        assert!(ReadOnlyStatement::judge_with(sql, &permitted).is_err(), "{sql}");
    }
}
