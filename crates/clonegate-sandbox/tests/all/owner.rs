//! What happens when the owner of a sandbox is killed. The owner is this test binary once more, told by
//! the environment to play that part.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use clonegate_sandbox::{Backend, SweepScope, Topology, start, sweep};

use crate::{id_of, open_root, options, outside_folders, processes_in};

const PART: &str = "CLONEGATE_TEST_OWNER_ROOT";

/// Not a test: the part of the owner, which waits to be killed.
#[tokio::test]
async fn plays_the_owner() {
    let Some(root) = std::env::var_os(PART).map(PathBuf::from) else { return };
    let sandbox = start(&options(&root, Topology::TwoInstances, Backend::Local), &|_: &str| {})
        .await
        .unwrap();
    println!("\nfolder {}", sandbox.folder().display());
    println!(
        "data {}",
        sandbox.production().socket_dir.as_ref().unwrap().parent().unwrap().display()
    );
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn the_next_start_removes_what_a_killed_owner_left() {
    for private in [false, true] {
        let root = if private { tempfile::tempdir().unwrap() } else { open_root() };
        let mut owner = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "owner::plays_the_owner", "--nocapture"])
            .env(PART, root.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(owner.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut told = |key: &str| {
            PathBuf::from(
                lines.by_ref().find_map(|line| Some(line.strip_prefix(key)?.to_owned())).unwrap(),
            )
        };
        let (folder, server) = (told("folder "), told("data "));
        owner.kill().unwrap();
        owner.wait().unwrap();
        assert_eq!(processes_in(&server).len(), 1, "the postmaster of production lives on");

        let swept = sweep(root.path(), SweepScope::AbandonedOnly).await.unwrap();
        assert_eq!(swept.removed, std::slice::from_ref(&folder));
        assert!(!folder.exists() && !server.exists());
        assert_eq!(processes_in(&server), Vec::<String>::new());
        assert_eq!(outside_folders(&id_of(&folder)), Vec::<PathBuf>::new());
    }
}

#[tokio::test]
async fn an_owner_killed_at_any_point_of_the_start_leaves_nothing_either() {
    for milliseconds in [150, 500, 1000, 1800] {
        let root = open_root();
        let mut owner = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "owner::plays_the_owner", "--nocapture"])
            .env(PART, root.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // The point itself is what is tried here; whichever it is, the same must hold afterwards.
        tokio::time::sleep(std::time::Duration::from_millis(milliseconds)).await;
        owner.kill().unwrap();
        owner.wait().unwrap();
        sweep(root.path(), SweepScope::AbandonedOnly).await.unwrap();
        let left: Vec<_> =
            std::fs::read_dir(root.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["lock"], "after {milliseconds} ms");
        let begin = std::time::Instant::now();
        // psql notices by itself that its server is gone.
        while !processes_in(root.path()).is_empty() {
            let limit = std::time::Duration::from_secs(10);
            assert!(
                begin.elapsed() < limit,
                "{:?} after {milliseconds} ms",
                processes_in(root.path())
            );
        }
    }
}

#[tokio::test]
async fn a_start_that_is_given_up_half_way_leaves_nothing() {
    let root = open_root();
    let options = options(root.path(), Topology::TwoInstances, Backend::Local);
    // Some of these fall into initdb, some into the servers' start, some into the fixture.
    for milliseconds in [50, 400, 900, 1500] {
        let limit = std::time::Duration::from_millis(milliseconds);
        let outcome = tokio::time::timeout(limit, start(&options, &|_: &str| {})).await;
        drop(outcome);
        let left: Vec<_> =
            std::fs::read_dir(root.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["lock"], "after {milliseconds} ms");
        assert_eq!(processes_in(root.path()), Vec::<String>::new(), "after {milliseconds} ms");
    }
}
