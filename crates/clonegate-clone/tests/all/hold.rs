//! One gate a clone.

use clonegate_clone::{
    CloneChannel, Found, HeldFor, HoldError, Holder, Mark, MarkError, OpenError,
};
use clonegate_model::RunId;

use crate::harness::{Fixture, fixture, me, run_id};

fn mark(run: &RunId) -> Mark {
    Mark {
        run: run.clone(),
        held: HeldFor::Work,
        since: "2026-11-26T10:00:00Z".to_owned(),
        owner: me(),
        store: "/somewhere/it's here".to_owned(),
    }
}

fn comment(fixture: &Fixture) -> String {
    let ask = format!(
        "select shobj_description(oid, 'pg_database') from pg_database where datname = '{}'",
        fixture.database()
    );
    fixture.server.sql("postgres", &ask)
}

#[tokio::test]
async fn a_second_gate_is_told_who_holds_the_clone() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let mut hold = channel.hold(&me()).await.unwrap();
    let other = CloneChannel::open(fixture.settings.clone(), &run_id(), fixture.limits.clone())
        .await
        .unwrap();
    // One that comes later is turned away before it opens a session on the clone.
    let (settings, limits) = (fixture.settings.clone(), fixture.limits.clone());
    let later = CloneChannel::open_free(settings.clone(), &run_id(), limits.clone()).await;
    let OpenError::Held(holder) = later.unwrap_err() else { panic!("it is held") };
    assert_eq!(holder.pid, hold.pid());
    let later = CloneChannel::open_held(settings, &run_id(), limits, &me()).await;
    let OpenError::Held(holder) = later.unwrap_err() else { panic!("it is held") };
    assert_eq!(holder.pid, hold.pid());
    let HoldError::Held(holder) = other.hold(&me()).await.unwrap_err() else {
        panic!("it is held")
    };
    assert_eq!(holder.by, fixture.run.application_name());
    assert_eq!(holder.pid, hold.pid());
    assert!(holder.since.is_some());
    assert_eq!(holder.owner, Some(me()));
    hold.mark_now().await.unwrap();
    // Asking again leaves the owner to be seen.
    assert_eq!(other.holder().await.unwrap().unwrap().owner, Some(me()));
    hold.release().await;
    assert!(channel.holder().await.unwrap().is_none());
    other.hold(&me()).await.unwrap();
}

#[tokio::test]
async fn two_clones_are_held_by_two_gates() {
    let (one, two) = (fixture(), fixture());
    let first = one.open().await.hold(&me()).await.unwrap();
    let second = two.open().await.hold(&me()).await.unwrap();
    first.release().await;
    second.release().await;
}

#[tokio::test]
async fn a_hold_ends_with_whoever_had_it() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let hold = channel.hold(&me()).await.unwrap();
    drop(hold);
    for _ in 0..400 {
        if channel.holder().await.unwrap().is_none() {
            channel.hold(&me()).await.unwrap();
            return;
        }
    }
    panic!("it is still held");
}

#[tokio::test]
async fn a_hold_whose_session_was_ended_says_so() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let mut hold = channel.hold(&me()).await.unwrap();
    fixture.server.sql("postgres", &format!("select pg_terminate_backend({}, 5000)", hold.pid()));
    let error = hold.still_held().await.unwrap_err();
    assert!(matches!(error, HoldError::Lost(_)), "{error:?}");
    channel.hold(&me()).await.unwrap();
}

#[tokio::test]
async fn a_holder_is_ended_only_if_it_is_the_one_that_was_shown() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let mut hold = channel.hold(&me()).await.unwrap();
    let shown = channel.holder().await.unwrap().unwrap();
    let mut another = shown.clone();
    another.since = Some("2001-01-01 00:00:00+00".to_owned());
    let end = async |holder: &Holder| {
        let Fixture { settings, run, limits, .. } = &fixture;
        CloneChannel::end_holder_of(settings, run, limits, holder, None).await.unwrap()
    };
    assert!(!end(&another).await);
    hold.mark_now().await.unwrap();
    assert!(end(&shown).await);
    assert_eq!(channel.holder().await.unwrap(), None);
    assert!(matches!(hold.mark_now().await, Err(HoldError::Lost(_))));
}

#[tokio::test]
async fn a_mark_outlives_its_lock_and_leaves_the_rest_of_the_comment_alone() {
    let fixture = fixture();
    let name = fixture.database().to_owned();
    fixture.server.sql("postgres", &format!("comment on database {name} is E'a clone\nof app'"));
    let channel = fixture.open().await;
    let mut hold = channel.hold(&me()).await.unwrap();
    assert_eq!(hold.found(), &Found::Nobody);
    assert!(matches!(hold.still_held().await, Err(HoldError::Lost(_))));
    channel.mark(&hold, &mark(&fixture.run)).await.unwrap();
    hold.still_held().await.unwrap();
    hold.release().await;
    let marked = comment(&fixture);
    assert!(marked.starts_with("a clone\nof app\nclonegate run: {"), "{marked}");

    // Another run, with a channel of its own, finds it and can neither take it nor take it away.
    let other = CloneChannel::open(fixture.settings.clone(), &run_id(), fixture.limits.clone())
        .await
        .unwrap();
    let mut theirs = other.hold(&me()).await.unwrap();
    assert_eq!(theirs.found(), &Found::Run(Box::new(mark(&fixture.run))));
    let taken = other.mark(&theirs, &mark(&run_id())).await.unwrap_err();
    assert!(matches!(taken, MarkError::Another(_)), "{taken:?}");
    let taken = other.unmark(&theirs, &run_id()).await.unwrap_err();
    assert!(matches!(taken, MarkError::Another(_)), "{taken:?}");
    assert_eq!(comment(&fixture), marked);
    assert!(matches!(theirs.still_held().await, Err(HoldError::Lost(_))));

    other.unmark(&theirs, &fixture.run).await.unwrap();
    assert_eq!(comment(&fixture), "a clone\nof app");
}

#[tokio::test]
async fn a_role_that_does_not_own_the_clone_is_told_that_it_can_not_mark_it() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let hold = channel.hold(&me()).await.unwrap();
    let name = fixture.database();
    fixture.server.sql("postgres", &format!("alter database {name} owner to postgres"));
    let denied = channel.mark(&hold, &mark(&fixture.run)).await.unwrap_err();
    assert!(matches!(denied, MarkError::Denied { .. }), "{denied:?}");
    assert_eq!(comment(&fixture), "");
}
