//! SIGKILL before and after every line of the journal.

use clonegate_model::Verdict;

use super::{assert_clean, assert_true, gate_with, small, tables, take_back};
use crate::harness::Trial;

/// Longer than any journal of the small gate.
const MANY: u64 = 80;

fn last_state(status: &str) -> Option<(String, String)> {
    let runs: serde_json::Value = serde_json::from_str(status).expect("a status is JSON");
    let last = runs.as_array()?.last()?.clone();
    Some((last["run"].as_str()?.to_owned(), last["state"].as_str()?.to_owned()))
}

/// Kills the gate at every line; the next command is each of three in turn. Gives how many lines there were.
async fn killed_at_every_line(trial: &Trial, side: &str) -> (u64, [u64; 2]) {
    let config = trial.config().to_str().unwrap().to_owned();
    let mut verdicts = [0, 0];
    for line in 1..MANY {
        let at = format!("{side} line {line}");
        let killed = gate_with(trial, &format!("{side}:{line}")).await;
        if killed.code.is_some() {
            assert_eq!(killed.code, Some(0), "{at}: {}", killed.said());
            take_back(trial).await;
            return (line - 1, verdicts);
        }
        let status = trial.command(&["status", "--json"]).await;
        let known = last_state(&status.stdout);
        let (run, state) = known.unwrap_or_default();
        let next = match (state.as_str(), line % 3) {
            ("killed", 0) => trial.command(&["close", &run]).await,
            ("killed", 1) => trial.command(&["resume", &run]).await,
            ("killed", _) => trial.command(&["gate", "--config", &config]).await,
            // The first line was not written, or the last one was.
            ("empty" | "PASS", _) => trial.command(&["status"]).await,
            other => panic!("{at}: {other:?}: {}", status.said()),
        };
        assert!(matches!(next.code, Some(0 | 3)), "{at}: {}", next.said());
        let stored = clonegate_store::Store::new(trial.store()).run(&run.parse().unwrap());
        if stored.unwrap().unwrap().state() == clonegate_store::RunState::Killed {
            // Only where nothing had been touched, and then it says so.
            assert!(next.stderr.contains("had touched nothing"), "{at}: {}", next.said());
            assert_eq!(tables(trial).await, [false, false], "{at}");
            let over = trial.command(&["abandon", &run, "--reason", "a test"]).await;
            assert_eq!(over.code, Some(3), "{at}: {}", over.said());
        }
        // A new gate that found nothing in its way has built.
        let built = line % 3 == 2 && next.code == Some(0) && state == "killed";
        let records = trial.records();
        let record = records.iter().find(|r| r.run.as_str() == run);
        if let (Some(record), false) = (record, built) {
            assert_true(record, &tables(trial).await, &at);
            verdicts[usize::from(record.verdict() == Verdict::Pass)] += 1;
        }
        assert_clean(trial, &at).await;
        take_back(trial).await;
    }
    panic!("the journal has no end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_before_every_line_of_its_journal_a_run_is_finished_or_closed_and_nothing_is_left() {
    let trial = small().await;
    let (lines, [inconclusive, passed]) = killed_at_every_line(&trial, "kill-before").await;
    // It was killed in every phase, and some of the runs went on to a PASS.
    assert!(lines > 25 && inconclusive > 3 && passed > 3, "{lines} {inconclusive} {passed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_every_line_of_its_journal_a_run_is_finished_or_closed_and_nothing_is_left() {
    let trial = small().await;
    let (lines, [inconclusive, passed]) = killed_at_every_line(&trial, "kill-after").await;
    assert!(lines > 25 && inconclusive > 3 && passed > 3, "{lines} {inconclusive} {passed}");
}
