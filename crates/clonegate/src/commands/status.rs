//! `clonegate status`: what is the matter with each run.

use clonegate_gate::lock_seen;
use clonegate_model::{Exit, RunRecord};
use clonegate_profile::Profile;
use clonegate_report::{Block, Document};
use clonegate_store::{Event, Kind, Marked, RunState, Store, Stored, Taking};
use serde_json::json;

use super::Failure;
use crate::cli;
use crate::console::Console;

pub(super) async fn run(
    options: cli::Status,
    store: &Store,
    console: &Console,
) -> Result<Exit, Failure> {
    if let Some(name) = options.run {
        let run = super::run_id(&name)?;
        let stored = store.run(&run)?.ok_or_else(|| {
            let store = store.root().to_owned();
            clonegate_gate::GateError::NoSuchRun { run, store }
        })?;
        return one(&stored, store, console).await;
    }
    let runs = store.runs()?;
    if console.wants_json() {
        let list: Vec<serde_json::Value> = runs.iter().map(as_json).collect();
        console.print(&serde_json::Value::from(list).to_string());
        return Ok(Exit::Pass);
    }
    if runs.is_empty() {
        console.print(&format!("no runs in {}", store.root().display()));
        return Ok(Exit::Pass);
    }
    let clone = |r: &Stored| r.clone_database().map(ToString::to_string).unwrap_or_default();
    let rows =
        runs.iter().map(|r| vec![r.run.to_string(), clone(r), state(r), last_step(r)]).collect();
    let header = ["run", "clone", "state", "last step"].map(str::to_owned).to_vec();
    console.print_document(&Document { blocks: vec![Block::Table { header, rows }] });
    for run in &runs {
        if let Some(next) = next(run) {
            console.note(&format!("{}: {next}", run.run));
        }
    }
    Ok(Exit::Pass)
}

/// One run, with what the clone's server says of its lock.
async fn one(run: &Stored, store: &Store, console: &Console) -> Result<Exit, Failure> {
    let record = store.record(&run.run).ok();
    let lock = if is_over(run) { None } else { Some(lock(run, store).await) };
    console.rest();
    if console.wants_json() {
        let mut value = as_json(run);
        value["lock"] = json!(lock);
        console.print(&value.to_string());
        return Ok(Exit::Pass);
    }
    let mut rows = vec![
        ("state", state(run)),
        ("clone", run.clone_database().map(ToString::to_string).unwrap_or_default()),
        ("profile", run.profile().unwrap_or_default().to_owned()),
        ("begun", run.journal.first().map(|e| e.at.to_string()).unwrap_or_default()),
        ("last step", last_step(run)),
        ("process", run.owner.as_ref().map(ToString::to_string).unwrap_or_default()),
    ];
    for attempt in run.progress().attempts {
        let transaction = match (attempt.transaction, &attempt.ending) {
            (Some(xid), Some(ending)) => format!(", its {ending} of transaction {xid} was next"),
            _ => ", its ending was not sent".to_owned(),
        };
        let said = attempt.outcome.unwrap_or_else(|| format!("sent{transaction}"));
        rows.push(("script", format!("{}: {said}", attempt.script)));
    }
    rows.extend(lock.map(|lock| ("lock", lock)));
    rows.extend(next(run).map(|next| ("next", next)));
    rows.extend(
        record
            .as_ref()
            .map(RunRecord::reasons)
            .unwrap_or_default()
            .into_iter()
            .take(if is_over(run) { 10 } else { 0 })
            .map(|why| ("why", why)),
    );
    rows.push(("evidence", run.path.display().to_string()));
    let header = ["run".to_owned(), run.run.to_string()].to_vec();
    let rows = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    console.print_document(&Document { blocks: vec![Block::Table { header, rows }] });
    Ok(Exit::Pass)
}

fn is_over(run: &Stored) -> bool {
    matches!(run.state(), RunState::Ended(_) | RunState::Done | RunState::Damaged)
}

/// What the server says, or why it can't be asked: a status tells what it knows and never fails for this.
async fn lock(run: &Stored, store: &Store) -> String {
    let Some(path) = run.profile() else { return "its journal names no profile".to_owned() };
    match Profile::load(std::path::Path::new(path)) {
        Err(error) => format!("can't be asked: {error}"),
        Ok(profile) => match lock_seen(&profile, store).await {
            Ok(seen) => seen.to_string(),
            Err(error) => format!("can't be asked: {error}"),
        },
    }
}

fn as_json(run: &Stored) -> serde_json::Value {
    json!({
        "run": run.run,
        "state": state(run),
        "kind": match run.kind() {
            Some(Kind::Passage) => "run",
            Some(Kind::Rollback) => "rollback",
            Some(Kind::Unlock) => "unlock",
            None => "none",
        },
        "clone": run.clone_database(),
        "profile": run.profile(),
        "owner": run.owner,
        "marked": run.progress().marked != Marked::No,
        "next": next(run),
        "path": run.path,
        "journal": run.journal,
    })
}

fn state(run: &Stored) -> String {
    match (run.state(), run.kind()) {
        (RunState::Done, Some(Kind::Rollback)) => "rollback".to_owned(),
        (RunState::Done, Some(Kind::Unlock)) => "unlock".to_owned(),
        (state, _) => state.word().to_owned(),
    }
}

/// What a person can do about it.
fn next(run: &Stored) -> Option<String> {
    let name = &run.run;
    let is_rollback = run.kind() == Some(Kind::Rollback);
    match run.state() {
        RunState::Killed if is_rollback => Some(
            "run `clonegate rollback` again; it asks the server what became of this one".to_owned(),
        ),
        RunState::Killed => Some(format!(
            "`clonegate resume {name}` goes on, `clonegate close {name}` takes its exit, `clonegate abandon {name} --reason TEXT` ends it without; a new `clonegate gate` ends it too, and says what it left"
        )),
        RunState::Open => Some(format!(
            "`clonegate close {name}` when the work is done, or `clonegate abandon {name} --reason TEXT`"
        )),
        RunState::Empty => Some("it did nothing".to_owned()),
        RunState::InProgress | RunState::Ended(_) | RunState::Done | RunState::Damaged => None,
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
        Event::RunEnded { .. } => "ended".to_owned(),
        Event::ProductionRead { phase } => format!("about to read production at {phase}"),
        Event::ProductionAsserted { .. } => "production read".to_owned(),
        Event::CloneMarking => "about to mark the clone".to_owned(),
        Event::CloneMarked => "clone marked".to_owned(),
        Event::CloneUnmarked => "clone given back".to_owned(),
        Event::RunOpened => "opened".to_owned(),
        Event::RunTaken { to, .. } => match to {
            Taking::Resume => "about to be resumed".to_owned(),
            Taking::Close => "about to be closed".to_owned(),
            Taking::Abandon(reason) => format!("about to be abandoned: {reason}"),
        },
        Event::UnlockBegun { holder, .. } => format!("about to free the clone from {holder}"),
        Event::UnlockEnded { outcome } => outcome.clone(),
        _ => "a step that this version does not know".to_owned(),
    };
    format!("{what}, {at}")
}
