//! Faults at each step: what is killed, cut or full, the verdict is never a wrong one, no script is half
//! committed, and nothing is left behind.
//!
//! `kill` ends the gate before and after every line of its journal, `full` has no room for one; `server`
//! ends the server, `psql` the program that speaks with it, `clock` moves the time.

mod clock;
mod full;
mod kill;
mod psql;
mod server;

use clonegate_model::{RunRecord, ScriptOutcome, Verdict};
use toml_edit::{Array, Value};

use crate::harness::{Ended, Side, Trial, authorize, command, set};

const SCRIPTS: [(&str, &str); 2] = [("1_first.sql", "made_first"), ("2_second.sql", "made_second")];
const COMMENT: &str = "select coalesce(shobj_description(oid, 'pg_database'), '') from pg_database where datname = current_catalog";

/// A trial whose gate is short: two scripts, a check for each database, few lines in the journal.
async fn small() -> Trial {
    let trial = Trial::new().await;
    let check =
        "-- title: one is one\n-- require: one = 1\n-- across: unchanged\nselect 1 as one\n";
    trial.write("small/production/01_one_is_one.sql", check);
    trial.write("small/clone/01_one_is_one.sql", check);
    let mut drop = String::new();
    for (script, table) in SCRIPTS {
        let create = format!(
            "create table {table} (id integer);\ncomment on table {table} is 'TEST_CLONE';\ninsert into {table} values (1);\n"
        );
        trial.write(&format!("build/{script}"), &create);
        drop.push_str(&format!("drop table if exists {table};\n"));
    }
    trial.write("rollback/drop.sql", &drop);
    trial.edit(|document| {
        let scripts: Array = SCRIPTS.iter().map(|(script, _)| format!("build/{script}")).collect();
        set(document, "build.scripts", Some(Value::Array(scripts)));
        set(document, "build.rollback", Some("rollback/drop.sql".into()));
        set(document, "production.checks", Some("small/production".into()));
        set(document, "clone.checks", Some("small/clone".into()));
        for key in ["row-marker", "repeatable", "bounds"] {
            set(document, &format!("build.{key}"), None);
        }
        let reason = "faults are tried, and what they leave is looked at";
        set(document, "clone.accept.unwatched", Some(reason.into()));
    });
    authorize(trial.config());
    trial
}

/// The gate with a fault in its store.
async fn gate_with(trial: &Trial, fault: &str) -> Ended {
    let config = trial.config().to_str().expect("the path is text").to_owned();
    let mut gate = command(&trial.store(), &["gate", "--config", &config]);
    gate.env("CLONEGATE_FAULT", fault);
    Ended::of(gate.output().await.expect("the gate starts"))
}

/// Which of the tables are there, by the database itself; a table without its row would be half a script.
async fn tables(trial: &Trial) -> Vec<bool> {
    let asked = SCRIPTS.map(|(_, table)| {
        format!(
            "case when to_regclass('public.{table}') is null then 'no' else (xpath('/row/n/text()', query_to_xml('select count(*) as n from {table}', false, true, '')))[1]::text end"
        )
    });
    let answer =
        trial.sql(Side::Clone, &format!("select concat_ws(' ', {})", asked.join(", "))).await;
    answer
        .split(' ')
        .map(|word| match word {
            "no" => false,
            "1" => true,
            other => panic!("a script is half committed: {other}"),
        })
        .collect()
}

/// Makes the clone what it was.
async fn take_back(trial: &Trial) {
    let drops = SCRIPTS.map(|(_, table)| format!("drop table if exists {table};"));
    trial.sql(Side::Clone, &drops.concat()).await;
}

/// What must hold of a run that is over, whatever happened to it.
fn assert_true(record: &RunRecord, tables: &[bool], at: &str) {
    for (script, there) in record.build.iter().zip(tables) {
        let said = &script.outcome;
        assert!(
            matches!(said, ScriptOutcome::Unknown(_))
                || (*said == ScriptOutcome::Committed) == *there,
            "{at}: {} is {said:?} by the record, and its table is there: {there}",
            script.name
        );
    }
    match record.verdict() {
        Verdict::Fail => {
            panic!("{at}: nothing was wrong, and the verdict is FAIL: {:?}", record.reasons())
        }
        Verdict::Pass => assert!(tables.iter().all(|there| *there), "{at}: PASS without the build"),
        Verdict::Inconclusive => assert!(!record.reasons().is_empty(), "{at}: no reason is given"),
    }
}

/// No scratch copy, no session, no mark and no half file.
async fn assert_clean(trial: &Trial, at: &str) {
    trial.assert_nothing_left().await;
    assert_eq!(trial.sql(Side::Clone, COMMENT).await, "", "{at}: the mark is left");
    let mut folders = vec![trial.store()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the store can be read").flatten() {
            let path = entry.path();
            assert!(
                path.extension().is_none_or(|e| e != "part"),
                "{at}: {} is left",
                path.display()
            );
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
}
