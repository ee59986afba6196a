//! What a judge would refuse, run all the same: the executor's own guards have to hold without it.

#[path = "../tests/harness/mod.rs"]
mod harness;

use crate::script::run_text;
use crate::{Ending, Outcome, ScriptError, ScriptFailure, ScriptRun};
use harness::{Fixture, fixture};

async fn run(fixture: &Fixture, text: &str) -> Result<ScriptRun, Box<ScriptError>> {
    let channel = fixture.open().await;
    let never = std::future::pending();
    run_text(&channel.inner, "A.sql", text, Ending::Commit, |_| Ok(()), never).await
}

#[tokio::test]
async fn a_script_that_commits_by_itself_is_detected() {
    let fixture = fixture();
    let error = run(&fixture, "create table made (i int); commit;").await.unwrap_err();
    assert!(
        matches!(error.failure, ScriptFailure::OwnTransactionControl { closed: None, .. }),
        "{error:?}"
    );
    // It could not be prevented here, and so it is not called rolled back.
    assert!(
        matches!(&error.outcome, Outcome::Unknown(why) if why.contains("is committed")),
        "{error:?}"
    );
    assert!(fixture.exists("made"));
}

#[tokio::test]
async fn a_script_that_opens_another_transaction_is_detected_and_that_one_is_not_committed() {
    let fixture = fixture();
    let text = "create table made (i int); rollback; begin read write; create table other (i int);";
    let error = run(&fixture, text).await.unwrap_err();
    assert!(
        matches!(error.failure, ScriptFailure::OwnTransactionControl { closed: Some(_), .. }),
        "{error:?}"
    );
    assert!(
        matches!(&error.outcome, Outcome::Unknown(why) if why.contains("is rolled back")),
        "{error:?}"
    );
    assert!(!fixture.exists("made") && !fixture.exists("other"));
}

#[tokio::test]
async fn after_its_own_rollback_a_script_can_not_write_outside_a_transaction() {
    let fixture = fixture();
    let error = run(&fixture, "rollback; create table made (i int);").await.unwrap_err();
    assert!(
        matches!(&error.failure, ScriptFailure::Sql { diagnostic, .. } if diagnostic.sqlstate.as_deref() == Some("25006")),
        "{error:?}"
    );
    assert!(!fixture.exists("made"));
}

#[tokio::test]
async fn meta_commands_are_locked() {
    let fixture = fixture();
    for command in [
        "\\connect postgres",
        "\\! touch /tmp/no",
        "\\q",
        "\\set ON_ERROR_STOP off",
        "\\unrestrict x",
        "\\i /dev/null",
        "\\gexec",
        "\\copy kept to program 'cat'",
        "select 'drop table kept' \\g | cat",
    ] {
        let error = run(&fixture, &format!("delete from kept;\n{command}\n")).await.unwrap_err();
        assert!(
            matches!(error.failure, ScriptFailure::Sql { line: Some(2), .. }),
            "{command}: {error:?}"
        );
        assert_eq!(error.outcome, Outcome::RolledBack, "{command}");
    }
    assert_eq!(fixture.sql("select count(*) from kept"), "3");
}

#[tokio::test]
async fn copy_data_without_their_end_do_not_swallow_what_follows() {
    let fixture = fixture();
    let error = run(&fixture, "create table made (t text);\ncopy made from stdin;\n1\n2\n")
        .await
        .unwrap_err();
    assert!(matches!(error.failure, ScriptFailure::OpenCopy), "{error:?}");
    assert_eq!(error.outcome, Outcome::RolledBack);
    assert!(!fixture.exists("made"));
}

#[tokio::test]
async fn open_quotes_and_comments_do_not_swallow_what_follows() {
    let fixture = fixture();
    for text in ["select 'open", "select $$open", "/* open", "select \"open", "select (1"] {
        let error =
            run(&fixture, &format!("create table made (i int);\n{text}")).await.unwrap_err();
        assert!(matches!(error.failure, ScriptFailure::Sql { .. }), "{text}: {error:?}");
        assert_eq!(error.outcome, Outcome::RolledBack, "{text}");
    }
    assert!(!fixture.exists("made"));
}

#[tokio::test]
async fn a_script_that_becomes_another_role_is_refused_at_its_end() {
    let fixture = fixture();
    let role = format!("other_{}", fixture.database());
    fixture.role_sql(&format!("create role {role}; grant {role} to {}", harness::ROLE));
    let error =
        run(&fixture, &format!("create table made (i int); set role {role};")).await.unwrap_err();
    assert!(
        matches!(&error.failure, ScriptFailure::Guard(why) if why.contains(&role)),
        "{error:?}"
    );
    assert_eq!(error.outcome, Outcome::RolledBack);
    assert!(!fixture.exists("made"));
}

#[tokio::test]
async fn a_script_can_not_forge_the_guards_word() {
    let fixture = fixture();
    // Without the guard's word no row comes, however the setting is forged.
    let text = "create table made (i int); set role none; select set_config('clonegate.guarded', 'x', true); commit;";
    run(&fixture, text).await.unwrap_err();
    let text = "set clonegate.expected = '{}'; create table more (i int);";
    run(&fixture, text).await.unwrap();
    assert!(fixture.exists("more"));
}

#[tokio::test]
async fn a_nul_byte_is_no_script() {
    let fixture = fixture();
    let error = run(&fixture, "create table made (i int);\0 drop table made;").await.unwrap_err();
    assert!(matches!(error.failure, ScriptFailure::Altered(_)), "{error:?}");
    assert_eq!(error.outcome, Outcome::NotRun);
    assert!(!fixture.exists("made"));
}
