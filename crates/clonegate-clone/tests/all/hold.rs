//! One gate a clone.

use clonegate_clone::{CloneChannel, HoldError, OpenError};

use crate::harness::{fixture, run_id};

#[tokio::test]
async fn a_second_gate_is_told_who_holds_the_clone() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let open = async |run| {
        CloneChannel::open(fixture.settings.clone(), &run, fixture.limits.clone()).await
    };
    let other = open(run_id()).await.unwrap();
    let mut hold = channel.hold().await.unwrap();
    // One that comes later is turned away before it opens a session on the clone.
    let OpenError::Held(holder) = open(run_id()).await.unwrap_err() else { panic!("it is held") };
    assert_eq!(holder.pid, hold.pid());
    let HoldError::Held(holder) = other.hold().await.unwrap_err() else { panic!("it is held") };
    assert_eq!(holder.by, fixture.run.application_name());
    assert_eq!(holder.pid, hold.pid());
    assert!(holder.since.is_some());
    hold.still_held().await.unwrap();
    hold.release().await;
    assert!(channel.holder().await.unwrap().is_none());
    other.hold().await.unwrap();
}

#[tokio::test]
async fn two_clones_are_held_by_two_gates() {
    let (one, two) = (fixture(), fixture());
    let first = one.open().await.hold().await.unwrap();
    let second = two.open().await.hold().await.unwrap();
    first.release().await;
    second.release().await;
}

#[tokio::test]
async fn a_hold_ends_with_whoever_had_it() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let hold = channel.hold().await.unwrap();
    drop(hold);
    for _ in 0..400 {
        if channel.holder().await.unwrap().is_none() {
            channel.hold().await.unwrap();
            return;
        }
    }
    panic!("it is still held");
}

#[tokio::test]
async fn a_hold_whose_session_was_ended_says_so() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let mut hold = channel.hold().await.unwrap();
    fixture.server.sql("postgres", &format!("select pg_terminate_backend({}, 5000)", hold.pid()));
    let error = hold.still_held().await.unwrap_err();
    assert!(matches!(error, HoldError::Lost(_)), "{error:?}");
    channel.hold().await.unwrap();
}
