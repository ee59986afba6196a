//! Scratch copies.

use std::time::Duration;

use clonegate_clone::{Ending, Outcome, ScratchError, Step};

use crate::harness::{Fixture, clone_name, fixture};
use crate::script::{run, script};

fn scratch_name(fixture: &Fixture) -> String {
    format!("{}_scratch", fixture.database())
}

fn there(fixture: &Fixture) -> bool {
    let name = scratch_name(fixture);
    fixture
        .server
        .sql("postgres", &format!("select count(*) from pg_database where datname = '{name}'"))
        == "1"
}

#[tokio::test]
async fn a_scratch_copy_is_made_used_and_dropped() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let name = scratch_name(&fixture);
    let scratch = channel.create_scratch(clone_name(&name)).await.unwrap();
    assert_ne!(scratch.channel().identity().database_oid, channel.identity().database_oid);
    let outcome = run(scratch.channel(), "delete from kept;", Ending::Commit).await.unwrap();
    assert_eq!(outcome.outcome, Outcome::Committed);
    assert_eq!(fixture.server.sql(&name, "select count(*) from kept"), "0");
    assert_eq!(fixture.sql("select count(*) from kept"), "3");
    let copies = channel.scratches().await.unwrap();
    assert!(copies.contains(scratch.copy()), "{copies:?}");
    scratch.drop_database().await.unwrap();
    assert!(!there(&fixture));
    assert_eq!(fixture.sql("select count(*) from kept"), "3");
}

#[tokio::test]
async fn a_busy_clone_is_not_copied() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let (opened, is_open) = tokio::sync::oneshot::channel::<()>();
    let mut opened = Some(opened);
    let text = script("select pg_sleep(30);");
    let busy = channel.run_until(
        &text,
        Ending::RollBack,
        |step| {
            if let Step::Opened(_) = step {
                let _ = opened.take().expect("it is opened once").send(());
            }
            Ok(())
        },
        async { tokio::time::sleep(Duration::from_secs(8)).await },
    );
    let copy = async {
        is_open.await.unwrap();
        channel.create_scratch(clone_name(&scratch_name(&fixture))).await
    };
    let (_, copied) = tokio::join!(busy, copy);
    let error = copied.unwrap_err();
    assert!(matches!(error, ScratchError::TemplateBusy { .. }), "{error:?}");
    assert!(error.to_string().contains("There is 1 other session"), "{error}");
    assert!(!there(&fixture));
}

#[tokio::test]
async fn a_database_that_took_the_copys_place_is_left_alone() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let name = scratch_name(&fixture);
    let scratch = channel.create_scratch(clone_name(&name)).await.unwrap();
    fixture.server.sql("postgres", &format!("drop database {name}"));
    fixture.server.sql("postgres", &format!("create database {name} owner gate"));
    // Even where it carries the same mark.
    let mark = &scratch.copy().mark;
    fixture.server.sql("postgres", &format!("comment on database {name} is '{mark}'"));
    let error = scratch.drop_database().await.unwrap_err();
    assert!(matches!(error, ScratchError::NotOurs(_)), "{error:?}");
    assert!(there(&fixture));
}

#[tokio::test]
async fn a_copy_that_lost_its_mark_is_left_alone() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let name = scratch_name(&fixture);
    let scratch = channel.create_scratch(clone_name(&name)).await.unwrap();
    fixture.server.sql("postgres", &format!("comment on database {name} is 'mine now'"));
    let error = scratch.drop_database().await.unwrap_err();
    assert!(matches!(error, ScratchError::NotOurs(_)), "{error:?}");
    assert!(there(&fixture));
}

#[tokio::test]
async fn a_name_that_is_taken_and_a_clone_that_was_replaced_are_refused() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let error = channel.create_scratch(clone_name(fixture.database())).await.unwrap_err();
    assert!(matches!(error, ScratchError::Taken(_)), "{error:?}");
    let name = fixture.database();
    fixture.server.sql("postgres", &format!("drop database {name}"));
    fixture.server.sql("postgres", &format!("create database {name} owner gate"));
    let error = channel.create_scratch(clone_name(&scratch_name(&fixture))).await.unwrap_err();
    assert!(matches!(error, ScratchError::OtherClone { .. }), "{error:?}");
    assert!(!there(&fixture));
}

#[tokio::test]
async fn a_forgotten_copy_is_found_and_dropped() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let name = scratch_name(&fixture);
    let copy = {
        let scratch = channel.create_scratch(clone_name(&name)).await.unwrap();
        scratch.copy().clone()
    };
    channel.drop_scratch(&copy).await.unwrap();
    assert!(!there(&fixture));
    // Gone already: nothing to do.
    channel.drop_scratch(&copy).await.unwrap();
}

#[tokio::test]
async fn a_role_that_may_not_copy_is_told_what_it_needs() {
    let mut fixture = fixture();
    let role = format!("humble_{}", fixture.database());
    fixture.role_sql(&format!("create role {role} login"));
    fixture.settings.maintenance_role = Some(role.clone());
    let channel = fixture.open().await;
    let error = channel.create_scratch(clone_name(&scratch_name(&fixture))).await.unwrap_err();
    assert!(matches!(&error, ScratchError::Denied { role: r, .. } if *r == role), "{error:?}");
    assert!(error.to_string().contains("CREATEDB"), "{error}");
}
