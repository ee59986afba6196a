//! psql is killed at each step, wherever it is on the way.

use super::{assert_clean, assert_true, small, tables, take_back};
use crate::harness::{Gate, set, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_psql_that_is_killed_at_a_step_never_gives_a_wrong_verdict() {
    let trial = small().await;
    // Each psql leaves its number, so that only the trial's own are killed.
    let real = clonegate_sandbox::find_postgres(None).expect("a local PostgreSQL").program("psql");
    let pids = trial.profile_folder().join("pids");
    let wrapper = trial.profile_folder().join("psql");
    std::fs::create_dir(&pids).unwrap();
    let text = format!("#!/bin/sh\n: >'{}'/$$\nexec '{}' \"$@\"\n", pids.display(), real.display());
    std::fs::write(&wrapper, text).unwrap();
    std::fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let wrapper = wrapper.to_str().unwrap().to_owned();
    trial.edit(|document| set(document, "clone.psql", Some(wrapper.into())));
    let lines = [
        "\"event\":\"script-closed\",\"script\":\"2_second.sql\"",
        "\"event\":\"scratch-made\"",
        "\"phase\":\"exit\"",
    ];
    for line in lines {
        let mut gate = Gate::start(&trial.store(), trial.config());
        gate.noted(line).await;
        for pid in std::fs::read_dir(&pids).unwrap().flatten() {
            let pid = pid.file_name().into_string().unwrap();
            let cmdline =
                std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            if cmdline.contains("ON_ERROR_STOP=1") {
                let killed = std::process::Command::new("kill").args(["-9", &pid]).status();
                assert!(killed.is_ok());
            }
        }
        let ended = gate.end().await;
        assert!(matches!(ended.code, Some(0 | 3)), "{line}: {}", ended.said());
        let record = trial.records().pop().expect("there is a record");
        let there = tables(&trial).await;
        // The kill may come too late for a PASS to be wrong, and then everything has to be there.
        assert_true(&record, &there, line);
        let config = trial.config().to_str().unwrap().to_owned();
        // What the killed psql was about to drop or to take away, the next command does.
        take_back(&trial).await;
        until("the clone can be had again", async || {
            trial.command(&["gate", "--config", &config]).await.code == Some(0)
        })
        .await;
        assert_clean(&trial, line).await;
        take_back(&trial).await;
        for pid in std::fs::read_dir(&pids).unwrap().flatten() {
            std::fs::remove_file(pid.path()).unwrap();
        }
    }
}
