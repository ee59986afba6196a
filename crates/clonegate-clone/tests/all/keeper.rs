//! Clones as a whole.

use std::time::Duration;

use clonegate_clone::{ArchiveError, KeepError, Keeper, Kept, Piece, RestoreOptions};
use clonegate_model::CloneName;
use tokio::sync::mpsc;

use crate::harness::{Fixture, clone_name, fixture};

async fn keeper(fixture: &Fixture) -> Keeper {
    let (settings, limits) = (fixture.settings.clone(), fixture.limits.clone());
    Keeper::open(settings, &fixture.run, limits).await.unwrap()
}

fn other(fixture: &Fixture) -> CloneName {
    clone_name(&format!("{}_other", fixture.database()))
}

fn there(fixture: &Fixture, name: &CloneName) -> bool {
    let ask = format!("select count(*) from pg_database where datname = '{name}'");
    fixture.server.sql("postgres", &ask) == "1"
}

#[tokio::test]
async fn a_clone_is_dropped_only_while_it_is_the_one_that_was_looked_at() {
    let fixture = fixture();
    let keeper = keeper(&fixture).await;
    let name = other(&fixture);
    let like = keeper.like(fixture.database()).await.unwrap();
    let made = keeper.create(&name, &like, "mine").await.unwrap();
    let closed = format!("select has_database_privilege('public', '{name}', 'connect')");
    assert_eq!(fixture.server.sql("postgres", &closed), "f");
    let again = keeper.create(&name, &like, "mine").await.unwrap_err();
    assert!(matches!(again, KeepError::Taken(_)), "{again:?}");
    let sql = |sql: &str| fixture.server.sql("postgres", &sql.replace("NAME", name.as_str()));
    for (change, back) in [
        ("comment on database NAME is 'yours'", "comment on database NAME is 'mine'"),
        ("alter database NAME owner to postgres", "alter database NAME owner to gate"),
    ] {
        sql(change);
        let error = keeper.drop_clone(&name, &made).await.unwrap_err();
        assert!(matches!(error, KeepError::NotPinned(_)), "{change}: {error:?}");
        let error = keeper.mark(&name, &made, "marked").await.unwrap_err();
        assert!(matches!(error, KeepError::NotPinned(_)), "{change}: {error:?}");
        assert!(there(&fixture, &name), "{change}");
        sql(back);
    }
    // Another database under its name, with everything else alike.
    sql("drop database NAME");
    sql("create database NAME owner gate");
    sql("comment on database NAME is 'mine'");
    let error = keeper.drop_clone(&name, &made).await.unwrap_err();
    assert!(matches!(error, KeepError::NotPinned(_)), "{error:?}");
    // What was looked at under another name is not dropped under this one.
    let standing = keeper.databases().await.unwrap();
    let clone = standing.iter().find(|d| d.name == fixture.database()).unwrap();
    assert!(keeper.drop_clone(&name, clone).await.is_err());
    assert!(there(&fixture, &name));
    let now = standing.iter().find(|d| d.name == name.as_str()).unwrap();
    keeper.drop_clone(&name, now).await.unwrap();
    assert!(!there(&fixture, &name));
}

#[tokio::test]
async fn an_archive_counts_only_where_its_end_was_sent() {
    let fixture = fixture();
    let keeper = keeper(&fixture).await;
    let deadline = Duration::from_secs(60);
    let clone = clone_name(fixture.database());
    let (sender, mut receiver) = mpsc::channel(8);
    let collect = async {
        let mut archive = Vec::new();
        let mut whole = false;
        while let Some(piece) = receiver.recv().await {
            match piece {
                Piece::Bytes(bytes) => archive.extend(bytes),
                Piece::End => whole = true,
            }
        }
        (archive, whole)
    };
    let (dumped, (archive, whole)) = tokio::join!(keeper.dump(&clone, sender, deadline), collect);
    dumped.unwrap();
    assert!(whole && archive.starts_with(b"PGDMP"));

    let like = keeper.like(fixture.database()).await.unwrap();
    let options = RestoreOptions { owners: Kept::No, privileges: Kept::No, deadline };
    let half = archive[..archive.len() / 2].to_vec();
    for (bytes, end, restored) in [
        (half.clone(), false, false),
        (half, true, false),
        (archive.clone(), false, false),
        (archive, true, true),
    ] {
        let name = other(&fixture);
        keeper.create(&name, &like, "mine").await.unwrap();
        let (sender, receiver) = mpsc::channel(8);
        let send = async move {
            for piece in bytes.chunks(100) {
                let _ = sender.send(Piece::Bytes(piece.to_vec())).await;
            }
            if end {
                let _ = sender.send(Piece::End).await;
            }
        };
        let (outcome, ()) = tokio::join!(keeper.restore(&name, receiver, options), send);
        match (restored, end) {
            (true, _) => {
                outcome.unwrap();
                assert_eq!(fixture.server.sql(name.as_str(), "select sum(i) from kept"), "6");
            }
            (false, true) => {
                assert!(matches!(outcome, Err(ArchiveError::Failed { .. })), "{outcome:?}")
            }
            (false, false) => assert!(matches!(outcome, Err(ArchiveError::Cut)), "{outcome:?}"),
        }
        // A restore that was broken off may take a moment to go.
        fixture
            .until(&format!("select count(*) = 0 from pg_stat_activity where datname = '{name}'"))
            .await;
        fixture.server.sql("postgres", &format!("drop database {name}"));
    }
}
