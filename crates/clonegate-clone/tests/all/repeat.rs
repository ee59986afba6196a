//! A script that is run again: what it changes is seen, and nothing of it is kept.

use std::collections::BTreeMap;

use clonegate_clone::{Declared, RepeatError, Repeated};
use clonegate_sql::GuardedScript;

use crate::harness::{Fixture, fixture};

async fn repeat(
    fixture: &Fixture,
    text: &str,
    declared: &Declared,
) -> Result<Repeated, RepeatError> {
    let script = GuardedScript::judge("scan.sql", text).unwrap();
    let before = fixture.sql("select string_agg(t::text, ',' order by t::text) from kept as t");
    let repeated = fixture.open().await.repeat(&script, declared, std::future::pending()).await;
    let after = fixture.sql("select string_agg(t::text, ',' order by t::text) from kept as t");
    assert_eq!(before, after, "nothing is kept");
    repeated
}

#[tokio::test]
async fn a_script_that_changes_nothing_is_seen_to_change_nothing() {
    let fixture = fixture();
    for text in [
        "select count(*) from kept;",
        "insert into kept select 1 where false; update kept set i = i where false;",
    ] {
        let seen = repeat(&fixture, text, &Declared::new()).await.unwrap();
        assert_eq!((seen.changed, &seen.shown), (0, &Vec::new()), "{text}");
        // The catalogs are among them.
        assert!(seen.relations > 30, "{seen:?}");
    }
}

#[tokio::test]
async fn whatever_a_script_changes_is_named() {
    let fixture = fixture();
    fixture.sql("create sequence numbers; grant all on numbers to public");
    for (text, named) in [
        ("insert into kept values (4);", "public.kept"),
        ("update kept set i = i;", "public.kept"),
        ("delete from kept where i = 1;", "public.kept"),
        ("delete from kept where i = 1; insert into kept values (1);", "public.kept"),
        ("truncate kept;", "public.kept"),
        (
            "do $$ begin insert into kept values (4); exception when others then null; end $$;",
            "public.kept",
        ),
        ("create table made (i int);", "public.made"),
        ("create index on kept (i);", "pg_catalog.pg_index"),
        ("comment on table kept is 'x';", "pg_catalog.pg_description"),
        ("create function f() returns int language sql as 'select 1';", "pg_catalog.pg_proc"),
        ("select nextval('numbers');", "public.numbers"),
    ] {
        let seen = repeat(&fixture, text, &Declared::new()).await.unwrap();
        assert!(seen.shown.iter().any(|s| s.starts_with(&format!("{named}:"))), "{text}: {seen:?}");
    }
    assert!(!fixture.exists("made"));
}

#[tokio::test]
async fn what_is_declared_may_change_and_nothing_beside_it() {
    let fixture = fixture();
    fixture.sql("alter table kept add column seen int not null default 0");
    let declared: Declared = BTreeMap::from([("public.kept".to_owned(), vec!["seen".to_owned()])]);
    let seen = repeat(&fixture, "update kept set seen = seen + 1;", &declared).await.unwrap();
    assert_eq!(seen.changed, 0, "{seen:?}");
    for text in [
        "update kept set seen = seen + 1, i = i + 1;",
        "insert into kept values (4, 0);",
        "delete from kept where i = 1;",
    ] {
        let seen = repeat(&fixture, text, &declared).await.unwrap();
        assert_eq!(seen.changed, 1, "{text}: {seen:?}");
    }
}

#[tokio::test]
async fn a_script_that_fails_when_it_is_run_again_says_so() {
    let fixture = fixture();
    let error = repeat(&fixture, "create table kept (i int);", &Declared::new()).await.unwrap_err();
    assert!(error.is_the_scripts(), "{error:?}");
    // It can't put another look in place of the first: the judge keeps it from the executor's settings, and
    // it does not know the names.
    let forged = "set local clonegate.look = '{}'; update kept set i = i;";
    assert!(GuardedScript::judge("scan.sql", forged).is_err());
}
