//! The clone's server ends at once, as by `pg_ctl stop -m immediate`, and comes back.

use clonegate_model::Verdict;

use super::{assert_clean, assert_true, small, tables, take_back};
use crate::harness::{Gate, Side};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_ends_at_a_step_leaves_a_run_that_is_told_truthfully_when_it_is_back() {
    let trial = small().await;
    let lines = [
        "\"event\":\"script-closed\",\"script\":\"1_first.sql\"",
        "\"event\":\"scratch-made\"",
        "\"event\":\"phase-begun\",\"phase\":\"exit\"",
    ];
    let config = trial.config().to_str().unwrap().to_owned();
    for line in lines {
        let mut gate = Gate::start(&trial.store(), trial.config());
        gate.noted(line).await;
        let server = trial.stop_at_once(Side::Clone).await;
        let ended = gate.end().await;
        // In one server production is gone, too. Whatever it says, it is not PASS and not FAIL.
        assert_eq!(ended.code, Some(3), "{line}: {}", ended.said());
        trial.start_again(Side::Clone, server).await;
        let record = trial.records().pop().expect("there is a record");
        assert_eq!(record.verdict(), Verdict::Inconclusive, "{line}");
        let there = tables(&trial).await;
        assert_true(&record, &there, line);
        // A mark that could not be taken away is taken by the next command of the same store, and so is a
        // scratch copy.
        let next = trial.command(&["unlock", "--config", &config]).await;
        assert_eq!(next.code, Some(0), "{line}: {}", next.said());
        take_back(&trial).await;
        let next = trial.command(&["gate", "--config", &config]).await;
        assert_eq!(next.code, Some(0), "{line}: {}", next.said());
        assert_clean(&trial, line).await;
        take_back(&trial).await;
    }
}
