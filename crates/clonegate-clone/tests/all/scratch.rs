//! Scratch copies.

use std::time::Duration;

use clonegate_clone::{Ending, Outcome, ScratchError, Step};

use crate::harness::{Fixture, clone_name, fixture};
use crate::read::read;
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
    // The psql that is kept after a reading is in nobody's way, neither on the clone nor on the copy.
    assert!(read(&channel, &["select 1"]).await.answers[0].is_ok());
    let scratch = channel.create_scratch(clone_name(&name)).await.unwrap();
    assert!(read(scratch.channel(), &["select 1"]).await.answers[0].is_ok());
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

#[tokio::test]
async fn a_clone_that_can_be_no_template_is_dumped_and_restored() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let name = scratch_name(&fixture);
    let scratch = channel.restore_scratch(clone_name(&name)).await.unwrap();
    assert_eq!(fixture.server.sql(&name, "select sum(i) from kept"), "6");
    assert!(channel.scratches().await.unwrap().contains(scratch.copy()));
    scratch.drop_database().await.unwrap();
    assert!(!there(&fixture));
}

#[tokio::test]
async fn half_a_dump_is_an_error_and_leaves_no_copy() {
    for dump in [
        // The pipe's end looks like any other.
        r#""$real/pg_dump" "$@" | head -c 900"#,
        // Everything arrived, and still it failed.
        r#""$real/pg_dump" "$@"; exit 1"#,
    ] {
        let mut fixture = fixture();
        let real = std::path::PathBuf::from(&fixture.settings.psql);
        let real = real.parent().unwrap().display().to_string();
        fixture.psql(r#"exec "$psql" "$@""#);
        fixture.program("pg_dump", &format!("real={real}\n{dump}"));
        fixture.program("pg_restore", &format!(r#"exec "{real}/pg_restore" "$@""#));
        let channel = fixture.open().await;
        let error = channel.restore_scratch(clone_name(&scratch_name(&fixture))).await.unwrap_err();
        assert!(matches!(error, ScratchError::Copy { .. }), "{error:?}");
        assert!(!there(&fixture), "{dump}");
    }
}

#[tokio::test]
async fn a_copy_without_a_mark_is_found_by_its_name_where_it_is_the_roles_own() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let name = clone_name(&scratch_name(&fixture));
    assert_eq!(channel.unmarked(&name).await.unwrap(), None);
    fixture.server.sql("postgres", &format!("create database {name} owner postgres"));
    assert_eq!(channel.unmarked(&name).await.unwrap(), None, "another role's");
    fixture.server.sql("postgres", &format!("alter database {name} owner to gate"));
    let copy = channel.unmarked(&name).await.unwrap().unwrap();
    fixture.server.sql("postgres", &format!("comment on database {name} is 'mine'"));
    assert_eq!(channel.unmarked(&name).await.unwrap(), None, "it says whose it is");
    // Nor is it dropped by what was found before.
    let error = channel.drop_scratch(&copy).await.unwrap_err();
    assert!(matches!(error, ScratchError::NotOurs(_)), "{error:?}");
    fixture.server.sql("postgres", &format!("comment on database {name} is null"));
    channel.drop_scratch(&copy).await.unwrap();
    assert!(!there(&fixture));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn room_is_seen_only_where_the_server_is() {
    let mut fixture = fixture();
    let room = fixture.open().await.room().await.unwrap();
    assert!(room.database.unwrap() > 1 << 20 && room.free.unwrap() > 0);
    // Where psql runs there is another process under the backend's number: the server is elsewhere.
    fixture.container(
        r#"shift 2; script=$1; shift
        case $script in *"df -P"*) set -- sh "$2" "$$" "$4" "$5" "$6" ;; esac
        exec sh -c "$script" "$@""#,
    );
    let room = fixture.open().await.room().await.unwrap();
    assert_eq!(room.free.unwrap_err(), "the server does not run where psql runs");
}

/// Kills the first psql that has this statement, as soon as the server is at work on it.
fn psql_is_lost_at(fixture: &mut Fixture, statement: &str) {
    let server = fixture.server.folder.display().to_string();
    let killed = fixture.folder.path().join("killed").display().to_string();
    fixture.psql(&format!(
        r#"case "$*" in *"{statement}"*) mkdir {killed} 2>/dev/null || exec "$psql" "$@" ;; *) exec "$psql" "$@" ;; esac
"$psql" "$@" &
at_work="select count(*) from pg_stat_activity where query like '{statement}%' and state = 'active'"
for n in $(seq 200); do
    test "$("$psql" -XAt -h {server} -U postgres -d template1 -c "$at_work")" = 0 || break
done
kill -9 $! $$"#
    ));
}

#[tokio::test]
async fn what_a_lost_psql_has_the_server_make_is_ended_and_dropped() {
    for killed_at in ["create database", "comment on database"] {
        let mut fixture = fixture();
        psql_is_lost_at(&mut fixture, killed_at);
        let channel = fixture.open().await;
        let name = clone_name(&scratch_name(&fixture));
        let error = channel.create_scratch(name.clone()).await.unwrap_err();
        assert!(matches!(error, ScratchError::Ask { .. }), "{killed_at}: {error:?}");
        assert!(fixture.folder.path().join("killed").is_dir());
        assert!(!there(&fixture), "{killed_at}");
        // Nor does it come to be afterwards: its name is free.
        channel.create_scratch(name).await.unwrap().drop_database().await.unwrap();
        assert!(!there(&fixture), "{killed_at}");
    }
}

#[tokio::test]
async fn a_copy_whose_drop_lost_its_psql_is_dropped_all_the_same() {
    let mut fixture = fixture();
    psql_is_lost_at(&mut fixture, "drop database");
    let channel = fixture.open().await;
    let scratch = channel.create_scratch(clone_name(&scratch_name(&fixture))).await.unwrap();
    scratch.drop_database().await.unwrap();
    assert!(fixture.folder.path().join("killed").is_dir());
    assert!(!there(&fixture));
}
