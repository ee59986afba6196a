//! `clonegate status`.

use clonegate_model::{Exit, Verdict};
use clonegate_report::{Block, Document};
use clonegate_store::{Event, Store, Stored};

use super::Failure;
use crate::console::Console;

pub(super) fn run(store: &Store, console: &Console) -> Result<Exit, Failure> {
    let runs = store.runs()?;
    if console.wants_json() {
        let list: Vec<serde_json::Value> = runs
            .iter()
            .map(|r| serde_json::json!({"run": r.run, "state": state(r), "path": r.path, "journal": r.journal}))
            .collect();
        console.print(&serde_json::Value::from(list).to_string());
        return Ok(Exit::Pass);
    }
    if runs.is_empty() {
        console.print(&format!("no runs in {}", store.root().display()));
        return Ok(Exit::Pass);
    }
    let rows =
        runs.iter().map(|r| vec![r.run.to_string(), clone_of(r), state(r), last_step(r)]).collect();
    let header = ["run", "clone", "state", "last step"].map(str::to_owned).to_vec();
    console.print_document(&Document { blocks: vec![Block::Table { header, rows }] });
    if runs.iter().any(Stored::is_interrupted) {
        console.note("a killed run is closed by the next `clonegate gate` with its profile, which asks the server what was committed");
    }
    Ok(Exit::Pass)
}

fn clone_of(run: &Stored) -> String {
    let begun = run.journal.iter().find_map(|e| match &e.event {
        Event::RunBegun { clone, .. }
        | Event::RollbackBegun { clone, .. }
        | Event::CloneBegun { clone, .. } => Some(clone.to_string()),
        _ => None,
    });
    begun.unwrap_or_default()
}

fn state(run: &Stored) -> String {
    let verdict: Option<Verdict> = run.journal.iter().rev().find_map(|e| match e.event {
        Event::RunEnded { verdict } => Some(verdict),
        _ => None,
    });
    if run.journal.iter().any(|e| matches!(e.event, Event::RollbackEnded { .. })) {
        return "rollback".to_owned();
    }
    match verdict {
        Some(verdict) => verdict.to_string(),
        None if run.damaged => "damaged".to_owned(),
        None if run.owned => "running".to_owned(),
        None => "killed".to_owned(),
    }
}

fn last_step(run: &Stored) -> String {
    let Some(last) = run.journal.last() else { return "none".to_owned() };
    let at = last.at.strftime("%Y-%m-%d %H:%M:%S UTC");
    let what = match &last.event {
        Event::RunBegun { .. } => "begun".to_owned(),
        Event::SnapshotStored { target, phase, .. } => format!("{target} read at {phase}"),
        Event::PhaseBegun { phase } => format!("{phase} begun"),
        Event::ScriptSent { script, .. } => format!("{script} sent"),
        Event::ScriptClosed { script, ending, .. } => format!("{script} at its {ending}"),
        Event::ScriptEnded { script, outcome } => format!("{script} {outcome}"),
        Event::ScratchMade { database } => format!("{database} made"),
        Event::ScratchDropped { database } => format!("{database} dropped"),
        Event::RollbackBegun { .. } => "rollback begun".to_owned(),
        Event::RollbackEnded { outcome } => format!("rollback {outcome}"),
        Event::CloneBegun { act, .. } => format!("clone {act} begun"),
        Event::RunEnded { .. } => "ended".to_owned(),
        _ => "a step that this version does not know".to_owned(),
    };
    format!("{what}, {at}")
}
