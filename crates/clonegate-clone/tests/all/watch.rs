//! Who else is on the clone: seen by looking, or found by the server's count.

use clonegate_model::Facts;
use clonegate_sql::ReadOnlyStatement;

use crate::harness::{Fixture, fixture};

/// The channel at work, so that there are sessions of its own.
async fn work(channel: &clonegate_clone::CloneChannel) {
    let statement = ReadOnlyStatement::judge("select 1").unwrap();
    for _ in 0..2 {
        for _ in 0..2 {
            channel.read(std::slice::from_ref(&statement), &Facts::none()).await;
        }
        channel.rest().await;
    }
    // This psql is ended by the watch, so that its session is counted.
    channel.read(std::slice::from_ref(&statement), &Facts::none()).await;
}

fn foreign(fixture: &Fixture) -> std::process::Child {
    let mut child = std::process::Command::new(&fixture.settings.psql);
    child.args(["-X", "-U", "postgres", "-d", fixture.database(), "-c", "select pg_sleep(60)"]);
    child.arg("-h").arg(fixture.settings.host.as_ref().unwrap()).env("PGAPPNAME", "somebody");
    child.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    child.spawn().unwrap()
}

/// Asked elsewhere, so that the question itself is no session on the clone.
async fn until_there(fixture: &Fixture, question: &str) {
    for _ in 0..400 {
        if fixture.server.sql("postgres", question) == "t" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("this did not come true: {question}");
}

#[tokio::test]
async fn a_clone_that_is_the_runs_alone_is_seen_to_be() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let watch = channel.watch().await;
    work(&channel).await;
    let seen = watch.end().await;
    assert_eq!((seen.unseen(), seen.own, &seen.failure), (Some(0), 3, &None), "{seen:?}");
    assert!(seen.foreign.is_empty() && seen.samples >= 2, "{seen:?}");
}

#[tokio::test]
async fn somebody_who_stays_is_seen_and_named() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let watch = channel.watch().await;
    let mut somebody = foreign(&fixture);
    let there = format!(
        "select count(*) = 1 from pg_stat_activity where datname = '{}' and application_name = 'somebody'",
        fixture.database()
    );
    until_there(&fixture, &there).await;
    work(&channel).await;
    let seen = watch.end().await;
    somebody.kill().unwrap();
    somebody.wait().unwrap();
    assert_eq!(seen.foreign.len(), 1, "{seen:?}");
    assert_eq!(seen.foreign[0].application, "somebody");
}

#[tokio::test]
async fn somebody_who_comes_and_goes_between_two_looks_is_counted() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let watch = channel.watch().await;
    // Each is shorter than the time between two looks; some may be seen all the same.
    for _ in 0..4 {
        fixture.sql("select 1");
    }
    work(&channel).await;
    let seen = watch.end().await;
    let strangers = seen.unseen().unwrap() + i64::try_from(seen.foreign.len()).unwrap();
    assert_eq!(strangers, 4, "{seen:?}");
}
