//! Scripts that arrive: committed, rolled back, failing, bounded.

use std::time::Duration;

use clonegate_clone::{
    CloneChannel, Ending, Limits, OpenError, Outcome, ScriptError, ScriptFailure, ScriptRun, Step,
    XactStatus,
};
use clonegate_sql::GuardedScript;

use crate::harness::{ROLE, contents_of, fixture};

pub(crate) fn script(text: &str) -> GuardedScript {
    GuardedScript::judge("A.sql", text).unwrap()
}

pub(crate) async fn run(
    channel: &CloneChannel,
    text: &str,
    ending: Ending,
) -> Result<ScriptRun, Box<ScriptError>> {
    channel.run(&script(text), ending, |_| Ok(())).await
}

#[tokio::test]
async fn a_script_is_committed_and_the_server_says_so() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let mut steps = Vec::new();
    let mut seen_before_commit = None;
    let outcome = channel
        .run(
            &script("create table made as select 7 as i;\nselect 'shown';"),
            Ending::Commit,
            |step| {
                if let Step::Ending(..) = step {
                    seen_before_commit = Some(fixture.exists("made"));
                }
                steps.push(step);
                Ok(())
            },
        )
        .await
        .unwrap();
    assert_eq!(outcome.outcome, Outcome::Committed);
    assert!(!outcome.asked_anew);
    assert_eq!(outcome.output.tail, "shown\n");
    assert_eq!(seen_before_commit, Some(false));
    assert_eq!(fixture.sql("select i from made"), "7");
    let transaction = outcome.transaction;
    assert_eq!(
        steps,
        [
            Step::Accepted,
            Step::Opened(transaction),
            Step::Closed(transaction),
            Step::Ending(transaction, Ending::Commit)
        ]
    );
    assert_eq!(fixture.sql("select xmin from made"), transaction.xid.to_string());
    assert_eq!(channel.transaction_status(transaction.xid).await.unwrap(), XactStatus::Committed);
    fixture.until_no_session_is_left().await;
}

#[tokio::test]
async fn a_prototype_run_leaves_nothing() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let outcome =
        run(&channel, "create table made (i int); delete from kept;", Ending::RollBack).await;
    let outcome = outcome.unwrap();
    assert_eq!(outcome.outcome, Outcome::RolledBack);
    assert!(!fixture.exists("made"));
    assert_eq!(fixture.sql("select count(*) from kept"), "3");
    let status = channel.transaction_status(outcome.transaction.xid).await.unwrap();
    assert_eq!(status, XactStatus::Aborted);
}

#[tokio::test]
async fn a_script_that_fails_half_way_leaves_nothing_and_names_its_line() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let text = "create table made (i int);\n\n-- a comment\ninsert into made\nselect 'x'::int;\ndelete from kept;";
    let error = run(&channel, text, Ending::Commit).await.unwrap_err();
    let ScriptFailure::Sql { line, diagnostic } = &error.failure else { panic!("{error:?}") };
    assert_eq!((*line, diagnostic.sqlstate.as_deref()), (Some(5), Some("22P02")));
    assert!(!error.failure.is_of_the_connection());
    assert_eq!(error.outcome, Outcome::RolledBack);
    assert_eq!(
        error.to_string(),
        "A.sql: line 5: ERROR 22P02: invalid input syntax for type integer: \"x\"; nothing of it is committed"
    );
    assert!(!fixture.exists("made"));
    assert_eq!(fixture.sql("select count(*) from kept"), "3");
}

#[tokio::test]
async fn what_a_script_raises_is_its_own_failure_whatever_it_calls_it() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let text = "create table made (i int);\ndo $$ begin raise exception 'no' using errcode = '57P01'; end $$;";
    let error = run(&channel, text, Ending::Commit).await.unwrap_err();
    assert!(
        matches!(&error.failure, ScriptFailure::Sql { diagnostic, .. } if diagnostic.sqlstate.as_deref() == Some("57P01")),
        "{error:?}"
    );
    assert!(!error.failure.is_of_the_connection(), "{error:?}");
    assert!(!fixture.exists("made"));
}

#[tokio::test]
async fn a_deferred_constraint_fails_before_commit_is_sent() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let text = "create table made (i int unique deferrable initially deferred);\ninsert into made values (1), (1);";
    let mut ending = false;
    let error = channel
        .run(&script(text), Ending::Commit, |step| {
            ending |= matches!(step, Step::Ending(..));
            Ok(())
        })
        .await
        .unwrap_err();
    assert!(
        matches!(&error.failure, ScriptFailure::Sql { line: None, diagnostic } if diagnostic.sqlstate.as_deref() == Some("23505")),
        "{error:?}"
    );
    assert!(!ending);
    assert!(!fixture.exists("made"));
}

#[tokio::test]
async fn a_deferred_trigger_runs_with_the_sessions_own_search_path() {
    let fixture = fixture();
    let database = fixture.database();
    fixture.sql(&format!(
        "create schema app authorization {ROLE}; alter database {database} set search_path = app"
    ));
    let channel = fixture.open().await;
    let text = "create table seen (i int); create table t (i int);
        create function see() returns trigger language plpgsql as $$ begin insert into seen values (new.i); return null; end $$;
        create constraint trigger late after insert on t deferrable initially deferred for each row execute function see();
        insert into t values (5);";
    run(&channel, text, Ending::Commit).await.unwrap();
    assert_eq!(fixture.sql("select i from app.seen"), "5");
}

#[tokio::test]
async fn notices_come_apart_from_output_and_copy_data_is_carried() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let text = "do $$ begin raise notice 'seen'; raise warning 'mind'; end $$;\ncopy kept from stdin;\n8\n9\n\\.\nselect count(*) from kept;\n";
    let outcome = run(&channel, text, Ending::Commit).await.unwrap();
    let notices: Vec<_> =
        outcome.notices.iter().map(|n| (n.severity.as_str(), n.message.as_str())).collect();
    assert_eq!(notices, [("NOTICE", "seen"), ("WARNING", "mind")]);
    assert_eq!(outcome.output.tail, "5\n");
    assert_eq!(fixture.sql("select count(*) from kept"), "5");
}

#[tokio::test]
async fn a_script_without_line_break_or_semicolon_at_its_end_is_whole() {
    let fixture = fixture();
    let channel = fixture.open().await;
    run(
        &channel,
        "create table made (t text); insert into made values ('it''s \\ € %s $x `y`\n\n')",
        Ending::Commit,
    )
    .await
    .unwrap();
    assert_eq!(fixture.sql("select t = E'it\\'s \\\\ € %s $x `y`\\n\\n' from made"), "t");
    run(&channel, "create table more (i int); -- the end", Ending::Commit).await.unwrap();
    assert!(fixture.exists("more"));
}

#[tokio::test]
async fn ten_megabytes_go_in_and_out_in_bounded_memory() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let mut text = String::from("create table made (t text);\n");
    let row = "y".repeat(1000);
    for _ in 0..10_000 {
        text.push_str(&format!("insert into made values ('{row}') returning t;\n"));
    }
    let outcome = run(&channel, &text, Ending::Commit).await.unwrap();
    assert_eq!(outcome.output.bytes, 10_000 * 1001);
    assert_eq!(outcome.output.tail.len(), fixture.limits.output_bytes);
    assert_eq!(fixture.sql("select count(*), sum(length(t)) from made"), "10000|10000000");
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_cut_by_the_server() {
    let mut fixture = fixture();
    fixture.limits = Limits { statement_timeout: Duration::from_millis(300), ..fixture.limits };
    let channel = fixture.open().await;
    let text = "create table made (i int);\nselect pg_sleep(30);";
    let error = run(&channel, text, Ending::Commit).await.unwrap_err();
    assert!(
        matches!(&error.failure, ScriptFailure::Sql { line: Some(2), diagnostic } if diagnostic.sqlstate.as_deref() == Some("57014")),
        "{error:?}"
    );
    assert_eq!(error.outcome, Outcome::RolledBack);
    assert!(!fixture.exists("made"));
}

#[tokio::test]
async fn a_lock_that_is_not_given_ends_the_script() {
    let mut fixture = fixture();
    fixture.limits = Limits { lock_timeout: Duration::from_millis(200), ..fixture.limits };
    let channel = fixture.open().await;
    let other = fixture.open().await;
    let (holding, held) = tokio::sync::oneshot::channel::<()>();
    let mut holding = Some(holding);
    let script = script("lock table kept; select pg_sleep(1);");
    let first = other.run(&script, Ending::RollBack, |step| {
        if let Step::Opened(_) = step {
            let _ = holding.take().expect("it is opened once").send(());
        }
        Ok(())
    });
    let second = async {
        held.await.unwrap();
        fixture
            .until(
                "select count(*) = 1 from pg_locks where relation = 'kept'::regclass and granted",
            )
            .await;
        run(&channel, "delete from kept;", Ending::Commit).await
    };
    let (first, second) = tokio::join!(first, second);
    first.unwrap();
    let error = second.unwrap_err();
    assert!(
        matches!(&error.failure, ScriptFailure::Sql { diagnostic, .. } if diagnostic.sqlstate.as_deref() == Some("55P03")),
        "{error:?}"
    );
    assert_eq!(fixture.sql("select count(*) from kept"), "3");
}

#[tokio::test]
async fn past_the_clients_deadline_the_backend_is_ended() {
    let mut fixture = fixture();
    fixture.limits = Limits { script_deadline: Duration::from_millis(700), ..fixture.limits };
    fixture.outliving();
    let channel = fixture.open().await;
    let text = "create table made (i int); select pg_sleep(30);";
    let error = run(&channel, text, Ending::Commit).await.unwrap_err();
    assert!(matches!(error.failure, ScriptFailure::Deadline(_)), "{error:?}");
    assert_eq!(error.outcome, Outcome::RolledBack);
    assert!(error.elapsed < Duration::from_secs(10), "{error:?}");
    fixture.until_no_session_is_left().await;
    assert!(!fixture.exists("made"));
}

#[tokio::test]
async fn a_cancelled_script_says_what_became_of_it() {
    let mut fixture = fixture();
    fixture.outliving();
    let channel = fixture.open().await;
    let (opened, is_open) = tokio::sync::oneshot::channel::<()>();
    let mut opened = Some(opened);
    let text = script("create table made (i int); select pg_sleep(30);");
    let observer = |step| {
        if let Step::Opened(_) = step {
            let _ = opened.take().expect("it is opened once").send(());
        }
        Ok(())
    };
    let cancel = async {
        let _ = is_open.await;
    };
    let error = channel.run_until(&text, Ending::Commit, observer, cancel).await.unwrap_err();
    assert!(matches!(error.failure, ScriptFailure::Cancelled), "{error:?}");
    assert_eq!(error.outcome, Outcome::RolledBack);
    fixture.until_no_session_is_left().await;
    assert!(!fixture.exists("made"));
}

#[tokio::test]
async fn a_dropped_run_leaves_no_backend() {
    let mut fixture = fixture();
    fixture.outliving();
    let channel = fixture.open().await;
    let text = script("create table made (i int); select pg_sleep(30);");
    let (opened, is_open) = tokio::sync::oneshot::channel::<()>();
    let mut opened = Some(opened);
    let observer = |step| {
        if let Step::Opened(_) = step {
            let _ = opened.take().expect("it is opened once").send(());
        }
        Ok(())
    };
    tokio::select! {
        _ = channel.run(&text, Ending::Commit, observer) => panic!("it was not dropped"),
        _ = is_open => {}
    }
    fixture.until_no_session_is_left().await;
    assert!(!fixture.exists("made"));
}

#[tokio::test]
async fn an_observer_that_fails_keeps_commit_from_being_sent() {
    let fixture = fixture();
    let channel = fixture.open().await;
    for stop in 0..4 {
        let mut step = 0;
        let error = channel
            .run(&script("create table made (i int);"), Ending::Commit, |_| {
                step += 1;
                if step > stop { Err("the journal is full".into()) } else { Ok(()) }
            })
            .await
            .unwrap_err();
        assert!(matches!(error.failure, ScriptFailure::Observer(_)), "{error:?}");
        assert_eq!(error.outcome, Outcome::RolledBack);
        assert!(!fixture.exists("made"), "after step {stop}");
    }
}

#[tokio::test]
async fn a_clone_that_was_dropped_and_made_again_is_refused() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let name = fixture.database();
    fixture.server.sql("postgres", &format!("drop database {name}"));
    fixture.server.sql("postgres", &format!("create database {name} owner {ROLE}"));
    let error = run(&channel, "create schema made;", Ending::Commit).await.unwrap_err();
    assert!(
        matches!(&error.failure, ScriptFailure::Guard(why) if why.contains("dropped and made again")),
        "{error:?}"
    );
    assert_eq!(error.outcome, Outcome::NotRun);
    assert_eq!(fixture.sql("select count(*) from pg_namespace where nspname = 'made'"), "0");
}

#[tokio::test]
async fn a_role_that_became_superuser_is_refused() {
    let fixture = fixture();
    let mut settings = fixture.settings.clone();
    settings.role = format!("promoted_{}", fixture.database());
    fixture.role_sql(&format!("create role {} login superuser", settings.role));
    let open = || CloneChannel::open(settings.clone(), &fixture.run, fixture.limits.clone());
    assert!(matches!(open().await, Err(OpenError::Superuser { .. })));
    fixture.role_sql(&format!("alter role {} nosuperuser", settings.role));
    let channel = open().await.unwrap();
    fixture.role_sql(&format!("alter role {} superuser", settings.role));
    let error = run(&channel, "create schema made;", Ending::Commit).await.unwrap_err();
    assert!(
        matches!(&error.failure, ScriptFailure::Guard(why) if why.contains("superuser")),
        "{error:?}"
    );
    assert_eq!(error.outcome, Outcome::NotRun);
    assert_eq!(fixture.sql("select count(*) from pg_namespace where nspname = 'made'"), "0");
}

#[tokio::test]
async fn a_shadowed_function_or_operator_does_not_deceive_the_guard() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let name = fixture.database();
    fixture.sql(&format!(
        "create schema evil; grant usage on schema evil to public;
         create function evil.set_config(text, text, boolean) returns text language sql as $$ select 'x' $$;
         create function evil.ne(text, text) returns boolean language sql as $$ select false $$;
         create operator evil.<> (leftarg = text, rightarg = text, function = evil.ne);
         create function evil.pg_is_in_recovery() returns boolean language sql as $$ select true $$;
         alter database {name} set search_path = evil, pg_catalog, public"
    ));
    run(&channel, "create table public.made (i int);", Ending::Commit).await.unwrap();
    assert!(fixture.exists("public.made"));
}

#[tokio::test]
async fn nothing_of_the_environment_or_the_container_redirects_psql() {
    let mut fixture = fixture();
    fixture.container(
        "export PGSERVICE=elsewhere PGHOSTADDR=192.0.2.1 PGDATABASE=postgres PGOPTIONS=--search_path=no PGHOST=/nowhere PGPORT=1\nexec \"$@\"",
    );
    let channel = fixture.open().await;
    run(&channel, "create table made (i int);", Ending::Commit).await.unwrap();
    assert!(fixture.exists("made"));
    assert!(channel.route().contains(" exec -i far "), "{}", channel.route());
}

#[tokio::test]
async fn an_old_psql_is_refused_with_what_to_install() {
    let mut fixture = fixture();
    // Before the fix, \restrict was an unknown command.
    fixture.psql(r#"for a; do shift; case $a in "\\restrict "*) a='\restrct x';; esac; set -- "$@" "$a"; done; "$psql" "$@" 2>&1 | sed 's/restrct/restrict/' >&2; exit 1"#);
    let error = CloneChannel::open(fixture.settings.clone(), &fixture.run, fixture.limits.clone())
        .await
        .unwrap_err();
    let OpenError::Ask { source, .. } = error else { panic!("{error:?}") };
    assert!(
        source.to_string().contains("update it to 13.22, 14.19, 15.14, 16.10, 17.6, 18"),
        "{source}"
    );
}

#[tokio::test]
async fn a_psql_that_is_not_there_is_named() {
    let mut fixture = fixture();
    fixture.settings.psql = "psql-of-nowhere".to_owned();
    let error = CloneChannel::open(fixture.settings.clone(), &fixture.run, fixture.limits.clone())
        .await
        .unwrap_err();
    let OpenError::Ask { source, .. } = error else { panic!("{error:?}") };
    assert!(
        source.to_string().starts_with("there is no psql-of-nowhere where the clone is"),
        "{source}"
    );
}

#[tokio::test]
async fn psql_is_killed_in_the_middle() {
    let mut fixture = fixture();
    let channel = fixture.open().await;
    drop(channel);
    let mark = fixture.folder.path().join("pid");
    fixture.psql(&format!("echo $$ >{}\nexec \"$psql\" \"$@\"", mark.display()));
    let channel = fixture.open().await;
    std::fs::remove_file(&mark).unwrap();
    let killer = async {
        let pid = contents_of(&mark).await;
        fixture
            .until(
                "select count(*) = 1 from pg_stat_activity
                 where query ~ 'pg_sleep' and datname = current_catalog and pid <> pg_backend_pid()",
            )
            .await;
        std::process::Command::new("kill").args(["-9", &pid]).status().unwrap();
    };
    let text = script("create table made (i int); select pg_sleep(30);");
    let (outcome, ()) = tokio::join!(channel.run(&text, Ending::Commit, |_| Ok(())), killer);
    let error = outcome.unwrap_err();
    assert!(matches!(error.failure, ScriptFailure::Lost(_)), "{error:?}");
    assert!(error.failure.is_of_the_connection());
    assert_eq!(error.outcome, Outcome::RolledBack);
    fixture.until_no_session_is_left().await;
    assert!(!fixture.exists("made"));
}
