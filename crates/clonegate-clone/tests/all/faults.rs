//! Connections that lie: bytes that change, streams that are cut, answers that are lost.

use clonegate_clone::{Ending, Outcome, ScriptFailure, Step};

use crate::harness::fixture;
use crate::script::{run, script};

#[tokio::test]
async fn a_script_that_changed_on_its_way_is_not_run() {
    let mut fixture = fixture();
    let channel_is_good = fixture.open().await;
    run(&channel_is_good, "select 1;", Ending::Commit).await.unwrap();
    let text = "create table made (i int);";
    for at in 0..text.len() {
        // One byte becomes an X. What is sent without a script goes through as it is.
        fixture.container(&format!(
            "case $5 in -) exec \"$@\";; esac\n{{ head -c {at}; head -c 1 >/dev/null; printf X; head -c {}; }} | \"$@\"",
            text.len() - at - 1
        ));
        let channel = fixture.open().await;
        let error = run(&channel, text, Ending::Commit).await.unwrap_err();
        assert!(matches!(error.failure, ScriptFailure::Altered(_)), "byte {at}: {error:?}");
        assert_eq!(error.outcome, Outcome::NotRun);
    }
    assert!(!fixture.exists("made"));
}

/// Cuts the stream at every byte of the script and of what follows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_cut_at_any_byte_leaves_everything_or_nothing() {
    let text = "create table made(i int);";
    let cut_in_script = 0..=text.len();
    let cut_in_ending = text.len() + 1..text.len() + 20;
    let all: Vec<usize> = cut_in_script.chain(cut_in_ending).collect();
    let mut committed = Vec::new();
    for at in all {
        let mut fixture = fixture();
        // The script's psql is cut; those that ask afterwards are not. Two heads, because one keeps what
        // it has until it has all.
        let (script, ending) = (at.min(text.len()), at.saturating_sub(text.len()));
        fixture.container(&format!(
            "case $5 in -) exec \"$@\";; esac\n{{ head -c {script}; head -c {ending}; }} | \"$@\""
        ));
        let channel = fixture.open().await;
        let outcome = run(&channel, text, Ending::Commit).await;
        let (outcome, why) = match outcome {
            Ok(run) => (run.outcome, None),
            Err(error) => (error.outcome, Some(error.failure)),
        };
        let there = fixture.exists("made");
        match (there, &outcome) {
            (true, Outcome::Committed) => committed.push(at),
            (false, Outcome::RolledBack | Outcome::NotRun) => {}
            other => panic!("cut at byte {at}: {other:?}, {why:?}"),
        }
        fixture.until_no_session_is_left().await;
    }
    // The word COMMIT is all that it takes, and nothing before it does.
    let commit = text.len() + "commit".len();
    assert_eq!(committed.first(), Some(&commit), "{committed:?}");
}

#[tokio::test]
async fn an_answer_to_commit_that_is_lost_is_asked_for_anew() {
    let mut fixture = fixture();
    fixture.psql(r#""$psql" "$@" | sed -u '/|ended|/d'"#);
    let channel = fixture.open().await;
    let outcome = run(&channel, "create table made (i int);", Ending::Commit).await.unwrap();
    assert_eq!((outcome.outcome, outcome.asked_anew), (Outcome::Committed, true));
    assert!(fixture.exists("made"));
}

#[tokio::test]
async fn a_commit_that_never_arrives_is_reported_as_rolled_back() {
    let mut fixture = fixture();
    let text = "create table made (i int);";
    // The stream stays open and silent, as over a network that is gone.
    fixture.container(&format!(
        "case $5 in -) exec \"$@\";; esac\n{{ head -c {}; sleep 20; }} | \"$@\"",
        text.len()
    ));
    fixture.limits.ending_deadline = std::time::Duration::from_secs(4);
    let channel = fixture.open().await;
    let error = run(&channel, text, Ending::Commit).await.unwrap_err();
    assert!(matches!(error.failure, ScriptFailure::EndingDeadline(_)), "{error:?}");
    assert_eq!(error.outcome, Outcome::RolledBack);
    fixture.until_no_session_is_left().await;
    assert!(!fixture.exists("made"));
}

#[tokio::test]
async fn psql_is_killed_around_commit_and_the_outcome_is_what_the_database_shows() {
    for delay in [0, 0, 1, 2, 4, 8] {
        let mut fixture = fixture();
        let mark = fixture.folder.path().join("pid");
        fixture.psql(&format!("echo $$ >{}\nexec \"$psql\" \"$@\"", mark.display()));
        let channel = fixture.open().await;
        let outcome = channel
            .run(&script("create table made (i int);"), Ending::Commit, |step| {
                if let Step::Ending(..) = step {
                    let pid = std::fs::read_to_string(&mark).unwrap();
                    std::process::Command::new("sh")
                        .args(["-c", &format!("(sleep 0.00{delay}; kill -9 {pid}) &")])
                        .status()
                        .unwrap();
                }
                Ok(())
            })
            .await;
        let outcome = outcome.map_or_else(|e| e.outcome, |r| r.outcome);
        let there = fixture.exists("made");
        let expected = if there { Outcome::Committed } else { Outcome::RolledBack };
        assert_eq!(outcome, expected, "killed after {delay} ms");
        fixture.until_no_session_is_left().await;
    }
}

#[tokio::test]
async fn a_backend_that_is_ended_in_the_middle_is_reported() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let text = script("create table made (i int); select pg_sleep(30);");
    let error = channel
        .run(&text, Ending::Commit, |step| {
            if let Step::Opened(transaction) = step {
                fixture.sql(&format!("select pg_terminate_backend({})", transaction.pid));
            }
            Ok(())
        })
        .await
        .unwrap_err();
    // The server says 57P01, of an administrator's command; that is not the script's failure.
    assert!(error.failure.is_of_the_connection(), "{error:?}");
    assert_eq!(error.outcome, Outcome::RolledBack, "{error:?}");
    assert!(!fixture.exists("made"));
}

#[tokio::test]
async fn a_container_that_is_not_there_is_an_error_and_no_outcome() {
    let mut fixture = fixture();
    let channel = fixture.open().await;
    drop(channel);
    fixture.container("echo 'Error response from daemon: No such container: far' >&2; exit 1");
    let opened = clonegate_clone::CloneChannel::open(
        fixture.settings.clone(),
        &fixture.run,
        fixture.limits.clone(),
    )
    .await;
    let error = opened.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("No such container: far"), "{source}");
}

#[tokio::test]
async fn a_machine_without_a_digest_program_is_refused() {
    let mut fixture = fixture();
    // A PATH with what the wrapper needs and no more.
    let bin = fixture.folder.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    for program in ["sh", "head", "cat"] {
        let found = ["/bin", "/usr/bin"].map(|d| std::path::Path::new(d).join(program));
        let found = found.iter().find(|p| p.exists()).unwrap();
        std::os::unix::fs::symlink(found, bin.join(program)).unwrap();
    }
    fixture.container(&format!("PATH={}\nexport PATH\nexec \"$@\"", bin.display()));
    let channel = fixture.open().await;
    let error = run(&channel, "create table made (i int);", Ending::Commit).await.unwrap_err();
    assert!(matches!(error.failure, ScriptFailure::NoDigest), "{error:?}");
    assert_eq!(error.outcome, Outcome::NotRun);
    assert!(!fixture.exists("made"));
}
