//! `clonegate open`, `resume`, `close`, `abandon` and `unlock`: runs that are more than one command.

use std::path::{Path, PathBuf};

use clonegate_gate::{Closed, Depth, Finished, Force, Gate, GateError, Opened, Stop, Unlocked};
use clonegate_model::{Exit, RunId};
use clonegate_profile::Profile;
use clonegate_report::{render_markdown, report};
use clonegate_store::{RunState, Store, Stored};

use super::gate::{report_closed, show};
use super::{Failure, load};
use crate::cli;
use crate::console::Console;
use crate::signals;

pub(super) async fn open(
    options: cli::Open,
    store: &Store,
    console: &Console,
) -> Result<Exit, Failure> {
    let profile = load(&options.config)?;
    let depth = if options.deep { Depth::Deep } else { Depth::Usual };
    let stop = signals::listen(console);
    let gate = Gate { profile: &profile, store, observer: console, stop, depth };
    let opened = gate.open().await;
    console.rest();
    match opened {
        Ok(Opened::Open { run, closed }) => {
            report_closed(&closed, store)?;
            if console.wants_json() {
                let clone = &profile.clone.database;
                let open =
                    serde_json::json!({"run": run, "state": "open", "clone": clone.as_str()});
                console.print(&open.to_string());
            } else {
                console.print(&format!(
                    "{run} is open: entry is taken, and the clone {} is yours until `clonegate close {run}`",
                    profile.clone.database
                ));
            }
            Ok(Exit::Pass)
        }
        Ok(Opened::Ended(finished)) => ended(&finished, store, console),
        Err(GateError::Interrupted(closed)) => {
            report_closed(&closed, store)?;
            Err(GateError::Interrupted(closed).into())
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn resume(
    options: cli::OfRun,
    store: &Store,
    console: &Console,
) -> Result<Exit, Failure> {
    let stored = pick(options.run, store, &[RunState::Killed])?;
    let profile = profile_of(&stored, options.config)?;
    let stop = signals::listen(console);
    let gate = gate(&profile, store, console, stop);
    let finished = gate.resume(&stored.run).await;
    console.rest();
    ended(&finished?, store, console)
}

pub(super) async fn close(
    options: cli::OfRun,
    store: &Store,
    console: &Console,
) -> Result<Exit, Failure> {
    let stored = pick(options.run, store, &[RunState::Open, RunState::Killed])?;
    let profile = profile_of(&stored, options.config)?;
    let stop = signals::listen(console);
    let gate = gate(&profile, store, console, stop);
    let finished = gate.close(&stored.run).await;
    console.rest();
    ended(&finished?, store, console)
}

pub(super) async fn abandon(
    options: cli::Abandon,
    store: &Store,
    console: &Console,
) -> Result<Exit, Failure> {
    let states = [RunState::Open, RunState::Killed, RunState::Empty];
    let stored = pick(options.of.run, store, &states)?;
    let reason = reason(&options.reason)?;
    let profile = profile_of(&stored, options.of.config)?;
    let stop = signals::listen(console);
    let closed = gate(&profile, store, console, stop).abandon(&stored.run, reason).await;
    console.rest();
    let closed = closed?;
    if let Some(record) = &closed.record {
        store.reopen(&closed.run)?.store_report(&render_markdown(&report(record)))?;
    }
    if console.wants_json() {
        console.print(&as_json(&closed).to_string());
    } else {
        console.print(&closed.to_string());
    }
    Ok(closed.record.as_ref().map_or(Exit::Inconclusive, |record| record.verdict().into()))
}

fn as_json(closed: &Closed) -> serde_json::Value {
    let scripts: Vec<_> = (closed.scripts.iter())
        .map(|(script, fate)| serde_json::json!({"script": script, "fate": fate}))
        .collect();
    serde_json::json!({
        "run": closed.run,
        "verdict": closed.record.as_ref().map(|r| r.verdict().to_string()),
        "clone": closed.clone.as_str(),
        "scripts": scripts,
        "left-on-the-clone": closed.left_something,
        "scratch-copies": closed.scratch,
        "path": closed.path,
    })
}

pub(super) async fn unlock(
    options: cli::Unlock,
    store: &Store,
    console: &Console,
) -> Result<Exit, Failure> {
    let profile = load(&options.config)?;
    let force = match (options.force, &options.reason) {
        (false, None) => Force::No,
        (true, Some(text)) => Force::Because(reason(text)?),
        (true, None) => {
            let why = "--force takes the clone from whoever has it: say why with --reason TEXT";
            return Err(Failure::Usage(why.to_owned()));
        }
        (false, Some(_)) => {
            let why = "--reason is for --force; what is only forgotten is freed without either";
            return Err(Failure::Usage(why.to_owned()));
        }
    };
    let stop = signals::listen(console);
    let unlocked = gate(&profile, store, console, stop).unlock(force).await;
    console.rest();
    match unlocked? {
        Unlocked::Nobody => {
            console.print(&format!("nobody has the clone {}", profile.clone.database));
        }
        Unlocked::Freed(freed) => {
            for what in freed {
                console.print(&format!("taken away: {what}"));
            }
        }
    }
    Ok(Exit::Pass)
}

/// A reason is for whoever reads the journal later.
fn reason(text: &str) -> Result<&str, Failure> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::Usage(
            "the reason is empty; whoever reads the journal later wants to know why".to_owned(),
        ));
    }
    Ok(text)
}

fn gate<'a>(profile: &'a Profile, store: &'a Store, console: &'a Console, stop: Stop) -> Gate<'a> {
    Gate { profile, store, observer: console, stop, depth: Depth::Usual }
}

fn ended(finished: &Finished, store: &Store, console: &Console) -> Result<Exit, Failure> {
    report_closed(&finished.closed, store)?;
    show(finished, console)?;
    Ok(finished.record.exit())
}

/// The run that is named; without a name the only one that the command could be about.
fn pick(named: Option<String>, store: &Store, states: &[RunState]) -> Result<Stored, Failure> {
    if let Some(name) = named {
        let run = super::run_id(&name)?;
        let stored = store.run(&run)?;
        return stored
            .ok_or_else(|| GateError::NoSuchRun { run, store: store.root().to_owned() }.into());
    }
    let mut runs = store.runs()?;
    runs.retain(|run| states.contains(&run.state()));
    match runs.len() {
        1 => Ok(runs.remove(0)),
        0 => {
            let words: Vec<&str> = states.iter().map(|s| s.word()).collect();
            Err(Failure::Usage(format!(
                "no run in {} is {}; `clonegate status` lists them",
                store.root().display(),
                words.join(" or ")
            )))
        }
        _ => {
            let names: Vec<RunId> = runs.into_iter().map(|r| r.run).collect();
            let names: Vec<&str> = names.iter().map(RunId::as_str).collect();
            Err(Failure::Usage(format!("name one of the runs {}", names.join(", "))))
        }
    }
}

/// The profile that is named, or the one that the run began with.
fn profile_of(stored: &Stored, named: Option<PathBuf>) -> Result<Profile, Failure> {
    match (named, stored.profile()) {
        (Some(path), _) => load(&path),
        (None, Some(path)) => load(Path::new(path)),
        (None, None) => Err(Failure::Usage(format!(
            "the journal of {} names no profile; name it with --config FILE",
            stored.run
        ))),
    }
}
