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

/// Kills the gate at a line; the next command is each of three in turn. `None` where the gate came to its end.
async fn killed_at(trial: &Trial, side: &str, line: u64) -> Option<Verdict> {
    let config = trial.config().to_str().expect("the path is text").to_owned();
    let at = format!("{side} line {line}");
    let killed = gate_with(trial, &format!("{side}:{line}")).await;
    if killed.code.is_some() {
        assert_eq!(killed.code, Some(0), "{at}: {}", killed.said());
        take_back(trial).await;
        return None;
    }
    let status = trial.command(&["status", "--json"]).await;
    let (run, state) = last_state(&status.stdout).unwrap_or_default();
    let next = match (state.as_str(), line % 3) {
        ("killed", 0) => trial.command(&["close", &run]).await,
        ("killed", 1) => trial.command(&["resume", &run]).await,
        ("killed", _) => trial.command(&["gate", "--config", &config]).await,
        // The first line was not written, or the last one was.
        ("empty" | "PASS", _) => trial.command(&["status"]).await,
        other => panic!("{at}: {other:?}: {}", status.said()),
    };
    assert!(matches!(next.code, Some(0 | 3)), "{at}: {}", next.said());
    let runs = clonegate_store::Store::new(trial.store()).runs().expect("the store can be read");
    let stored = runs.iter().find(|stored| stored.run.as_str() == run);
    if stored.is_some_and(|stored| stored.is_interrupted()) {
        // Only where nothing had been touched, and then it says so.
        assert!(next.stderr.contains("had touched nothing"), "{at}: {}", next.said());
        assert_eq!(tables(trial).await, [false, false], "{at}");
        let over = trial.command(&["abandon", &run, "--reason", "a test"]).await;
        assert_eq!(over.code, Some(3), "{at}: {}", over.said());
    }
    // A new gate that found nothing in its way has built.
    let built = line % 3 == 2 && next.code == Some(0) && state == "killed";
    let record = trial.records().into_iter().find(|r| r.run.as_str() == run);
    if let (Some(record), false) = (&record, built) {
        assert_true(record, &tables(trial).await, &at);
    }
    assert_clean(trial, &at).await;
    take_back(trial).await;
    Some(record.map_or(Verdict::Inconclusive, |record| record.verdict()))
}

/// Kills it before each of these lines; gives what became of the runs.
async fn killed_before(lines: std::ops::Range<u64>) -> Vec<Verdict> {
    let trial = small().await;
    let mut verdicts = Vec::new();
    for line in lines {
        match killed_at(&trial, "kill-before", line).await {
            Some(verdict) => verdicts.push(verdict),
            None => break,
        }
    }
    verdicts
}

/// The line behind the first script's COMMIT.
const MIDDLE: u64 = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_before_each_line_up_to_a_commit_a_run_is_finished_or_closed_and_nothing_is_left() {
    let verdicts = killed_before(1..MIDDLE + 1).await;
    assert_eq!(verdicts.len() as u64, MIDDLE);
    assert!(verdicts.contains(&Verdict::Pass), "some went on: {verdicts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_before_each_line_after_a_commit_a_run_is_finished_or_closed_and_nothing_is_left() {
    let verdicts = killed_before(MIDDLE + 1..MANY).await;
    assert_eq!(verdicts.len(), 14, "the journal has 26 lines: {verdicts:?}");
    let passed = verdicts.iter().filter(|v| **v == Verdict::Pass).count();
    assert!(passed > 2 && passed < verdicts.len(), "{verdicts:?}");
}

/// Behind the other lines is no step of its own: a kill there is one before the next line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_a_line_that_announces_a_step_a_run_is_finished_or_closed_and_nothing_is_left()
{
    let trial = small().await;
    let announced = [
        (2, "clone-marking"),
        (10, "script-sent"),
        (11, "script-closed"),
        (17, "scratch-made"),
        (22, "production-read"),
        (26, "run-ended"),
    ];
    for (line, event) in announced {
        let verdict = killed_at(&trial, "kill-after", line).await;
        assert!(verdict.is_some(), "there is a line {line}");
        let runs = clonegate_store::Store::new(trial.store()).runs().unwrap();
        let noted = runs.iter().any(|run| {
            let entry = run.journal.get(line as usize - 1);
            entry.is_some_and(|e| serde_json::to_value(e).unwrap()["event"] == event)
        });
        assert!(noted, "line {line} is no {event}");
    }
}
