//! A disk that is full from some line of the journal on: the step is not taken.

use super::{assert_clean, assert_true, gate_with, small, tables, take_back};
use crate::harness::{Trial, run};

async fn end_it(trial: &Trial, at: &str) {
    let config = trial.config().to_str().expect("the path is text").to_owned();
    // There is room again: the next gate ends what could not be ended, and says what it left.
    let next = trial.command(&["gate", "--config", &config]).await;
    assert!(matches!(next.code, Some(0 | 3)), "{at}: {}", next.said());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_for_a_line_its_step_is_not_taken_and_the_next_gate_tells_the_truth() {
    let trial = small().await;
    // In each phase, around a COMMIT, and at both ends.
    for line in [1, 3, 11, 12, 17, 23] {
        let at = format!("full at line {line}");
        let full = gate_with(&trial, &format!("full:{line}")).await;
        assert_eq!(full.code, Some(1), "{at}: {}", full.said());
        assert!(full.stderr.contains("the evidence could not be stored"), "{at}: {}", full.said());
        let there = tables(&trial).await;
        for (name, there) in ["1_first.sql", "2_second.sql"].iter().zip(&there) {
            // What it names is there; of what it does not name it says that this is as far as the journal goes.
            assert!(!full.stderr.contains(name) || *there, "{at}: {}", full.said());
        }
        trial.assert_nothing_left().await;
        let first = clonegate_store::Store::new(trial.store()).runs().unwrap().remove(0).run;
        end_it(&trial, &at).await;
        if let Some(record) = trial.records().iter().find(|r| r.run == first) {
            assert_true(record, &there, &at);
        }
        take_back(&trial).await;
        let store = trial.store();
        assert_clean(&trial, &at).await;
        std::fs::remove_dir_all(store).unwrap();
    }
}

/// A real full disk: a tmpfs of one page more than the first files need. Needs root and mount.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_system_that_is_full_is_said_and_nothing_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let mount = |size: &str| {
        let options = format!("size={size}");
        let path = folder.path().to_str().unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "clonegate-test", path])
            .output();
        mounted.is_ok_and(|m| m.status.success())
    };
    if !mount("64k") {
        eprintln!(
            "not run: a_file_system_that_is_full_is_said_and_nothing_is_committed needs root and mount"
        );
        return;
    }
    let trial = small().await;
    let config = trial.config().to_str().unwrap().to_owned();
    let full = run(folder.path(), &["gate", "--config", &config]).await;
    let unmounted = std::process::Command::new("umount").arg(folder.path()).status();
    assert!(unmounted.is_ok_and(|u| u.success()));
    assert_eq!(full.code, Some(1), "{}", full.said());
    assert!(full.stderr.contains("No space left on device"), "{}", full.said());
    assert_eq!(tables(&trial).await, [false, false]);
    trial.assert_nothing_left().await;
    // Its evidence is gone with its store: the clone stays its own until somebody says otherwise.
    let other = trial.command(&["gate", "--config", &config]).await;
    assert_eq!(other.code, Some(5), "{}", other.said());
    let force = ["unlock", "--config", &config, "--force", "--reason", "its store is lost"];
    let freed = trial.command(&force).await;
    assert_eq!(freed.code, Some(0), "{}", freed.said());
    assert_clean(&trial, "a full file system").await;
}
