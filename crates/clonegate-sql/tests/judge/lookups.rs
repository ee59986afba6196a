//! What a statement names that only a server knows, and what follows from what it says. No server here: what is found
//! is made up.

use std::collections::BTreeMap;

use clonegate_sql::lookups::{
    ColumnAnswer, ColumnQuestion, Found, FoundKind, FoundOrigin, FoundPlace, Judged, Takes,
};
use clonegate_sql::{Permitted, ReadOnlyStatement, Refusal, Rule};

fn own(kind: FoundKind, name: &str) -> Found {
    Found {
        kind,
        name: name.to_owned(),
        function_schema: "public".to_owned(),
        function: if kind == FoundKind::Operator { "own_op".to_owned() } else { name.to_owned() },
        title: format!("{name}(…)"),
        place: FoundPlace::Path,
        least: 1,
        most: Some(1),
        takes: Takes::Values,
        origin: FoundOrigin::Database,
    }
}

fn function(name: &str) -> Found {
    own(FoundKind::Function, name)
}

fn of_rows(name: &str) -> Found {
    Found { takes: Takes::Rows, ..function(name) }
}

fn statement(sql: &str) -> ReadOnlyStatement {
    ReadOnlyStatement::judge(sql).unwrap_or_else(|refusal| panic!("{refusal}\n{sql}"))
}

fn judged(sql: &str, found: &[Found]) -> Result<Judged, Refusal> {
    statement(sql).lookups().judge(found, &BTreeMap::new())
}

/// The same, where every relation has these columns and there is no other question.
fn with_columns(sql: &str, found: &[Found], columns: &[(&str, &str)]) -> Result<Judged, Refusal> {
    let statement = statement(sql);
    let questions = match statement.lookups().judge(found, &BTreeMap::new())? {
        Judged::Clear => return Ok(Judged::Clear),
        Judged::Ask(questions) => questions,
    };
    let answer = |question: ColumnQuestion| {
        let of = match &question {
            ColumnQuestion::Relation { path, column }
            | ColumnQuestion::Function { path, column, .. } => (path.join("."), column.clone()),
        };
        let known = columns.iter().any(|(relation, _)| *relation == of.0);
        let has = columns.contains(&(of.0.as_str(), of.1.as_str()));
        let answer = match (known, has) {
            (_, true) => ColumnAnswer::Yes,
            (true, false) => ColumnAnswer::No,
            (false, _) => ColumnAnswer::Nothing,
        };
        (question, answer)
    };
    statement.lookups().judge(found, &questions.into_iter().map(answer).collect())
}

fn is_refused(sql: &str, found: &[Found]) -> bool {
    match judged(sql, found) {
        Err(_) => true,
        Ok(Judged::Clear) => false,
        Ok(Judged::Ask(_)) => panic!("it depends on columns: {sql}"),
    }
}

#[test]
fn a_value_before_a_dot_makes_a_call_of_whatever_takes_it() {
    for base in [
        "('x'::text)",
        "('x')",
        "(select 'x'::text)",
        "(lower('x'))",
        "(array['x'])[1]",
        "(t.a)",
        "(t)",
        "t.a[1]",
        "(t.a).b",
    ] {
        let sql = format!("select {base}.evil from t");
        assert!(is_refused(&sql, &[function("evil")]), "{sql}");
        assert!(is_refused(&sql, &[own(FoundKind::Type, "evil")]), "{sql}");
        assert!(!is_refused(&sql, &[function("another")]), "{sql}");
    }
    for (least, most, refused) in
        [(1, Some(3), true), (0, None, true), (2, Some(2), false), (0, Some(0), false)]
    {
        let found = Found { least, most, ..function("evil") };
        assert_eq!(is_refused("select ('x').evil", &[found]), refused, "{least} {most:?}");
    }
}

#[test]
fn a_name_in_from_is_a_value_only_where_a_function_gives_one() {
    for from in
        ["lower('x') t", "cast('x' as text) t", "rows from (lower('x')) t", "current_user t"]
    {
        let sql = format!("select t.evil from {from}");
        assert!(with_columns(&sql, &[function("evil")], &[("lower", "t")]).is_err(), "{sql}");
    }
    for from in [
        "x as t",
        "(select 'x'::text as a) t",
        "(values ('x')) t",
        "(a join b on true) t",
        "json_table(j, '$' columns (a text)) t",
        "c t",
    ] {
        let sql = format!("with c as (select 1 as a) select t.evil from {from}");
        assert!(!is_refused(&sql, &[function("evil")]), "{sql}");
        // A function of any row can be called all the same.
        assert!(
            with_columns(&sql, &[of_rows("evil")], &[("x", "a"), ("a", "a"), ("b", "a")]).is_err(),
            "{sql}"
        );
    }
    // A name that is nowhere in FROM is taken for any value.
    assert!(is_refused("select nowhere.evil from t", &[function("evil")]));
}

#[test]
fn a_column_of_the_name_wins() {
    let found = [of_rows("status"), own(FoundKind::Type, "status")];
    for sql in [
        "select o.status from orders o",
        "select orders.status from orders",
        "select shop.orders.status from shop.orders",
        "select x.status from (select status from orders) x",
        "select x.status from (select o.status, 1 from orders o) x",
        "select x.status from (select 1 as status) x",
        "select x.status from (select * from orders) x",
        "select x.status from (select o.* from orders o join b on true) x",
        "select x.status from (select * from b join orders using (id)) x",
        "select x.status from (table orders) x",
        "select x.status from ((select status from orders) union all select 'a') x",
        "select x.status from (values (1)) x(status)",
        "with x as (select * from orders), y as (select * from x) select y.status from y where y.status = 'a'",
        "with x(status) as (select 1) select x.status from x",
        "with recursive x as (select 1 as status union all select status + 1 from x) select x.status from x",
        "select o.status from b, lateral (select * from orders where id = b.id) o",
        "select x.status from xmltable('/a' passing d columns status text) x",
        "select x.status from json_table(j, '$' columns (status text, nested path '$' columns (a int))) x",
        "select f.status from given(1) f",
        "select status.status from orders as status",
        "select o.status, (select o.status from b) from orders o",
    ] {
        let permitted = Permitted::new(["given".to_owned()], []).unwrap();
        let statement = ReadOnlyStatement::judge_with(sql, &permitted).unwrap();
        let has = |question: ColumnQuestion| {
            let (ColumnQuestion::Relation { path, .. } | ColumnQuestion::Function { path, .. }) =
                &question;
            let answer = match path.last().unwrap().as_str() {
                "orders" | "given" => ColumnAnswer::Yes,
                "x" | "y" => ColumnAnswer::Nothing,
                _ => ColumnAnswer::No,
            };
            (question, answer)
        };
        let lookups = statement.lookups();
        let answers = match lookups.judge(&found, &BTreeMap::new()).unwrap() {
            Judged::Clear => continue,
            Judged::Ask(questions) => questions.into_iter().map(has).collect(),
        };
        assert_eq!(lookups.judge(&found, &answers), Ok(Judged::Clear), "{sql}\n{answers:?}");
    }
}

#[test]
fn a_column_that_is_not_surely_there_does_not_win() {
    let columns = [("orders", "status"), ("b", "id"), ("talk", "evil")];
    for sql in [
        // Not among the columns.
        "select o.evil from orders o",
        "select x.evil from (select status from talk) x",
        "select x.evil from (select * from orders) x",
        "select x.evil from (values (1)) x",
        // The alias takes its name away, or may.
        "select t.evil from talk as t(a)",
        "with x(a) as (select evil from talk) select x.evil from x",
        // Which x it is depends on where it stands.
        "select (select x.evil from orders x) from talk x",
        "select (select x.evil from (select 1 as a) x) from talk x",
        "with talk as (select 1 as a) select talk.evil from talk",
        "select x.evil from (select y.* from talk y, lateral (select (select 1) from orders y) z) x",
        // Names that the server may read otherwise.
        "select größe.evil from talk as größe",
        "select \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\".evil from talk as \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
    ] {
        let judged = with_columns(sql, &[of_rows("evil")], &columns);
        assert!(judged.is_err(), "{sql}: {judged:?}");
    }
    // A function of values needs a value: the inner x is one.
    let sql = "select (select x.evil from lower('a') x) from talk x";
    assert!(with_columns(sql, &[function("evil")], &[("talk", "evil"), ("lower", "x")]).is_err());
}

#[test]
fn a_call_by_a_builtins_name_may_be_the_databases_own() {
    let own = Found { least: 2, most: Some(2), ..function("round") };
    for (sql, refused) in [
        ("select round(1.5, 1)", true),
        ("select \"round\"(1.5, 1)", true),
        ("select round(1.5)", false),
        ("select round(variadic array[1.5])", true),
        ("select pg_catalog.round(1.5, 1)", false),
        ("select * from round(1.5, 1)", true),
        ("select 'round(1.5, 1)'", false),
    ] {
        assert_eq!(is_refused(sql, std::slice::from_ref(&own)), refused, "{sql}");
    }
    let extension = Found { origin: FoundOrigin::Extension, ..own.clone() };
    assert!(!is_refused("select round(1.5, 1)", &[extension]));
    // What an extension put into pg_catalog is found there.
    let catalog = Found { place: FoundPlace::Catalog, ..own.clone() };
    assert!(is_refused("select pg_catalog.round(1.5, 1)", &[catalog]));
    for sql in [
        "select substring('abc', 1, 2)",
        "select json_object('{}')",
        "select substring('a' from 1)",
    ] {
        let name = if sql.contains("json") { "json_object" } else { "substring" };
        let own = Found { least: 1, most: None, ..function(name) };
        assert!(is_refused(sql, &[own]), "{sql}");
    }
    for permitted in ["round", "public.round"] {
        let permitted = Permitted::new([permitted.to_owned()], []).unwrap();
        let statement = ReadOnlyStatement::judge_with("select round(1.5, 1)", &permitted).unwrap();
        assert_eq!(
            statement.lookups().judge(std::slice::from_ref(&own), &BTreeMap::new()),
            Ok(Judged::Clear)
        );
    }
    let refusal = judged("select 1,\n  round(1.5, 1)", &[own]).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "line 2, column 3: round can be this database's own round(…) [function]; write pg_catalog.round \
         for PostgreSQL's own, or permit public.round in the profile"
    );
}

#[test]
fn operators_count_however_they_are_written() {
    for (symbol, sql) in [
        ("=", "select a = b from t"),
        ("=", "select a in (1, 2) from t"),
        ("=", "select nullif(a, b) from t"),
        ("=", "select case a when 1 then 2 end from t"),
        ("=", "select a is distinct from b from t"),
        ("=", "select a is not distinct from b from t"),
        ("=", "select * from t join u using (a)"),
        ("=", "select * from t natural join u"),
        ("=", "select a = any (array[1]) from t"),
        ("=", "select (a, b) = (1, 2) from t"),
        ("<>", "select a <> b from t"),
        ("<>", "select a != b from t"),
        ("<>", "select a not in (1) from t"),
        (">=", "select a between 1 and 2 from t"),
        ("<=", "select a between symmetric 1 and 2 from t"),
        ("~~", "select a like 'x' from t"),
        ("!~~", "select a not like 'x' from t"),
        ("~~*", "select a ilike 'x' from t"),
        ("~", "select a similar to 'x' from t"),
        ("-", "select -a from t"),
        ("*", "select a * 2 from t"),
        ("||", "select a || b from t"),
        ("->>", "select a ->> 'b' from t"),
        ("<", "select a from t order by a using <"),
        ("=", "select a operator(=) b from t"),
    ] {
        let found = own(FoundKind::Operator, symbol);
        let refusal = judged(sql, &[found]).expect_err(sql);
        assert_eq!(refusal.rule, Rule::Operator, "{sql}");
    }
    for (symbol, sql) in [
        ("=", "select a operator(pg_catalog.=) b from t"),
        ("<=", "select a operator ( pg_catalog . <= ) b from t"),
        ("<", "select a from t order by a using operator(pg_catalog.<)"),
        ("*", "select *, t.*, count(*) from t"),
        ("=", "select lower(x => 'a')"),
        ("-", "select a /* - */ from t -- -"),
    ] {
        assert!(!is_refused(sql, &[own(FoundKind::Operator, symbol)]), "{sql}");
    }
    let catalog = Found { place: FoundPlace::Catalog, ..own(FoundKind::Operator, "=") };
    assert!(is_refused("select a operator(pg_catalog.=) b from t", &[catalog]));
    let extension = Found { origin: FoundOrigin::Extension, ..own(FoundKind::Operator, "%") };
    assert!(!is_refused("select 5 % 2", &[extension]));
    let permitted = Permitted::new(["public.own_op".to_owned()], []).unwrap();
    let statement = ReadOnlyStatement::judge_with("select 1 = 2", &permitted).unwrap();
    let found = [own(FoundKind::Operator, "=")];
    assert_eq!(statement.lookups().judge(&found, &BTreeMap::new()), Ok(Judged::Clear));
}

#[test]
fn a_type_by_a_builtins_name_may_be_the_databases_own() {
    let found = [own(FoundKind::Type, "json")];
    for (sql, refused) in [
        ("select '{}'::json", true),
        ("select cast('{}' as json)", true),
        ("select json '{}'", true),
        ("select json('{}')", true),
        ("select '{}'::pg_catalog.json", false),
        ("select 1::int", false),
    ] {
        let refused_now = ReadOnlyStatement::judge(sql)
            .map_or(true, |s| s.lookups().judge(&found, &BTreeMap::new()).is_err());
        assert_eq!(refused_now, refused, "{sql}");
    }
}

#[test]
fn nothing_is_looked_up_for_a_statement_without_names() {
    assert!(statement("select 1").lookups().is_empty());
    assert!(statement("select a, b from t").lookups().is_empty());
    assert!(!statement("select t.a from t").lookups().is_empty());
    let own = statement("select length(t.a) = 1 from t").of_the_program();
    assert!(own.lookups().is_empty());
}

#[test]
fn only_what_is_white_space_to_the_server_is_taken_off_the_end() {
    for (sql, sent) in [
        ("select 1 as a \t\r\n\u{c};; ", "select 1 as a"),
        ("select 1 as a\u{a0}", "select 1 as a\u{a0}"),
        ("select 1 as a\u{3000}\u{85}\n", "select 1 as a\u{3000}\u{85}"),
        ("select x from t\u{2003};", "select x from t\u{2003}"),
    ] {
        assert_eq!(statement(sql).as_sql(), sent);
    }
}

#[test]
fn many_names_are_judged_in_bounded_time() {
    let begun = std::time::Instant::now();
    let mut sql = "select x.evil from ".to_owned();
    for n in 0..600 {
        sql.push_str(&format!(
            "(select * from (select x.*, y.* from x, y) x) {}, ",
            ["x", "y"][n % 2]
        ));
        if sql.len() > 28_000 {
            break;
        }
    }
    sql.push('t');
    let judged = with_columns(&sql, &[of_rows("evil")], &[("x", "a")]);
    assert!(judged.is_err());
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
}
