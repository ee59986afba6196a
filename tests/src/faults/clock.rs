//! The wall clock jumps: nothing about who holds a clone, or what became of a run, is decided by it.

use super::{assert_clean, assert_true, small, tables, take_back};
use crate::harness::Trial;

/// Moves every time that a run's evidence has.
fn move_the_clock(trial: &Trial, run: &str, year: &str) {
    let path = trial.store().join("runs").join(run).join("journal.jsonl");
    let text = std::fs::read_to_string(&path).expect("there is a journal");
    let moved = regex::Regex::new("\"at\":\"[0-9]{4}")
        .expect("it is an expression")
        .replace_all(&text, format!("\"at\":\"{year}"));
    assert_ne!(text, moved);
    std::fs::write(&path, moved.as_bytes()).expect("the journal can be written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_takes_no_clone_and_ends_no_run() {
    let trial = small().await;
    let config = trial.config().to_str().unwrap().to_owned();
    for year in ["1971", "2171"] {
        let opened = trial.command(&["open", "--config", &config]).await;
        assert_eq!(opened.code, Some(0), "{year}: {}", opened.said());
        let run = trial.records().iter().find(|r| r.finished_at.is_none()).unwrap().run.to_string();
        move_the_clock(&trial, &run, year);
        // Opened a century ago or in a century, it is open, and the clone is its own.
        let other = trial.command(&["gate", "--config", &config]).await;
        assert_eq!(other.code, Some(5), "{year}: {}", other.said());
        let closed = trial.command(&["close", &run]).await;
        assert_eq!(closed.code, Some(0), "{year}: {}", closed.said());
        assert_clean(&trial, year).await;

        // A run that was killed goes on with its own entry, whatever time that was.
        let killed = super::gate_with(&trial, "kill-before:12").await;
        assert_eq!(killed.code, None, "{year}: {}", killed.said());
        let run = trial.records().iter().find(|r| r.finished_at.is_none()).unwrap().run.to_string();
        move_the_clock(&trial, &run, year);
        let resumed = trial.command(&["resume", &run]).await;
        assert_eq!(resumed.code, Some(0), "{year}: {}", resumed.said());
        let record = trial.records().into_iter().find(|r| r.run.as_str() == run).unwrap();
        assert_true(&record, &tables(&trial).await, year);
        assert_clean(&trial, year).await;
        take_back(&trial).await;
    }
}
