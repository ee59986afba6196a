//! Runs on a real disk.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use clonegate_model::{Phase, Verdict};
use clonegate_store::{Event, Store, StoreError};

#[test]
fn a_run_is_owned_while_it_is_made_and_interrupted_when_its_maker_is_gone() {
    let disk = tempfile::tempdir().unwrap();
    let store = Store::new(disk.path().join(".clonegate"));
    let run = "20260602-abc".parse().unwrap();
    let mut folder = store.begin(&run).unwrap();
    folder.note(Event::PhaseBegun { phase: Phase::Build }).unwrap();
    assert!(store.runs().unwrap()[0].owned);
    assert!(matches!(store.reopen(&run), Err(StoreError::Owned { .. })));
    drop(folder);

    let runs = store.runs().unwrap();
    assert!(runs[0].is_interrupted());
    assert_eq!(runs[0].journal.len(), 1);

    let mut folder = store.reopen(&run).unwrap();
    folder.note(Event::RunEnded { verdict: Verdict::Inconclusive }).unwrap();
    drop(folder);
    assert!(!store.runs().unwrap()[0].is_interrupted());
}

#[test]
fn a_torn_line_is_taken_away_and_a_damaged_journal_hides_no_other_run() {
    let disk = tempfile::tempdir().unwrap();
    let store = Store::new(disk.path());
    let (torn, damaged) = ("torn".parse().unwrap(), "damaged".parse().unwrap());
    for run in [&torn, &damaged] {
        store.begin(run).unwrap().note(Event::PhaseBegun { phase: Phase::Build }).unwrap();
    }
    let journal = disk.path().join("runs/torn/journal.jsonl");
    let whole = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, format!("{whole}{}", &whole[..20])).unwrap();
    store.reopen(&torn).unwrap().note(Event::RunEnded { verdict: Verdict::Inconclusive }).unwrap();
    std::fs::write(disk.path().join("runs/damaged/journal.jsonl"), "{\n").unwrap();

    let runs = store.runs().unwrap();
    let find = |run| runs.iter().find(|r| r.run == run).unwrap();
    assert_eq!(find(torn).journal.len(), 2);
    assert!(find(damaged).damaged);
}

#[test]
fn a_record_of_another_format_is_not_read() {
    let disk = tempfile::tempdir().unwrap();
    let store = Store::new(disk.path());
    let run = "r".parse().unwrap();
    let folder = store.begin(&run).unwrap();
    std::fs::write(folder.path().join("run.json"), r#"{"format": 99}"#).unwrap();
    assert!(matches!(store.record(&run), Err(StoreError::Format { found: 99, .. })));
    std::fs::write(folder.path().join("run.json"), r#"{"format": "#).unwrap();
    assert!(matches!(store.record(&run), Err(StoreError::Damaged { .. })));
}

#[test]
fn a_failed_write_leaves_the_old_file() {
    let disk = tempfile::tempdir().unwrap();
    let store = Store::new(disk.path());
    let folder = store.begin(&"r".parse().unwrap()).unwrap();
    let report = folder.store_report("first").unwrap();
    // A folder in the place of the temporary file makes the next write fail.
    std::fs::create_dir(report.with_file_name("report.md.part")).unwrap();
    assert!(folder.store_report("second").is_err());
    assert_eq!(std::fs::read_to_string(report).unwrap(), "first");
}
