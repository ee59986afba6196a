//! `clonegate clone create`, `list`, `extend` and `drop`.

use clonegate_gate::{
    BeforeExpiry, CloneKind, Depth, DropTerms, Gate, GateError, Handled, ListedClone, Wish,
};
use clonegate_model::Exit;
use clonegate_report::{Block, Document, clone_report, render_markdown};
use clonegate_store::Store;

use super::{Failure, as_json, load};
use crate::cli::{CloneOf, Clones};
use crate::console::Console;
use crate::signals;

pub(super) async fn run(
    command: Clones,
    store: &Store,
    console: &Console,
) -> Result<Exit, Failure> {
    let config = match &command {
        Clones::List(config) => &config.config,
        Clones::Create(options) => &options.of.config,
        Clones::Extend(options) => &options.of.config,
        Clones::Drop(options) => &options.of.config,
    };
    let profile = load(config)?;
    let stop = signals::listen(console);
    let gate = Gate { profile: &profile, store, observer: console, stop, depth: Depth::Usual };
    let handled = match command {
        Clones::List(_) => {
            let listed = gate.list_clones().await;
            console.rest();
            return list(&listed?, console);
        }
        Clones::Create(options) => {
            let wish = wish(options.name, &options.of);
            gate.create_clone(wish, options.expires.as_deref()).await
        }
        Clones::Extend(options) => {
            gate.extend_clone(wish(Some(options.name), &options.of), &options.expires).await
        }
        Clones::Drop(options) => {
            let before_expiry = if options.force { BeforeExpiry::Yes } else { BeforeExpiry::No };
            let terms = DropTerms { before_expiry, dump: options.dump };
            gate.drop_clone(wish(Some(options.name), &options.of), terms).await
        }
    };
    console.rest();
    show(handled, console)
}

fn wish(name: Option<String>, of: &CloneOf) -> Wish {
    let user = || ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let by = of.by.clone().or_else(user).unwrap_or_else(|| "somebody".to_owned());
    Wish { name, by, reason: of.reason.clone() }
}

fn show(handled: Result<Handled, GateError>, console: &Console) -> Result<Exit, Failure> {
    let Handled { record, folder } = handled?;
    let document = clone_report(&record);
    let path = folder.store_report(&render_markdown(&document))?;
    let verdict = record.verdict();
    if console.wants_json() {
        console.print(&as_json(&record)?);
    } else if console.is_quiet() {
        let reason = record.reasons().into_iter().next();
        let reason = reason.map_or(String::new(), |reason| format!(": {reason}"));
        console.print(&format!("{verdict}: clone {} {}{reason}", record.act, record.clone));
    } else {
        console.print_document(&document);
    }
    console.note(&format!("report: {}", path.display()));
    Ok(verdict.into())
}

fn list(clones: &[ListedClone], console: &Console) -> Result<Exit, Failure> {
    if console.wants_json() {
        console.print(&as_json(&clones)?);
        return Ok(Exit::Pass);
    }
    if clones.is_empty() {
        console.print("no database on the clone's server has a clone's name");
        return Ok(Exit::Pass);
    }
    let now = jiff::Timestamp::now();
    let header = ["clone", "of", "owner", "size", "sessions", "by", "age", "expires", "last run"];
    let rows = clones.iter().map(|clone| cells(clone, now)).collect();
    let header = header.map(str::to_owned).to_vec();
    console.print_document(&Document { blocks: vec![Block::Table { header, rows }] });
    let expired = clones.iter().filter(|c| c.expired == Some(true)).count();
    if expired > 0 {
        console.note(&format!("{expired} expired: `clonegate clone drop NAME` drops one"));
    }
    Ok(Exit::Pass)
}

fn cells(clone: &ListedClone, now: jiff::Timestamp) -> Vec<String> {
    let day = |at: jiff::Timestamp| at.strftime("%Y-%m-%d").to_string();
    let mark = clone.mark.as_ref();
    let expires = match (mark, clone.expired) {
        (Some(mark), Some(true)) => format!("{} (expired)", day(mark.expires)),
        (Some(mark), _) => day(mark.expires),
        (None, _) => "not said".to_owned(),
    };
    let of = match (mark, clone.kind) {
        (Some(mark), _) if mark.state == clonegate_model::CloneState::Proven => mark.of.to_string(),
        (Some(mark), _) => format!("{} ({})", mark.of, mark.state),
        (None, CloneKind::Scratch) => "a scratch copy".to_owned(),
        (None, _) => "not said".to_owned(),
    };
    let age = |mark: &clonegate_model::CloneMark| {
        let hours = now.duration_since(mark.made).as_hours();
        if hours < 48 { format!("{hours} h") } else { format!("{} d", hours / 24) }
    };
    vec![
        clone.name.clone(),
        of,
        clone.owner.clone(),
        clone.bytes.map_or("not seen".to_owned(), size),
        clone.sessions.to_string(),
        mark.map_or(String::new(), |m| m.by.clone()),
        mark.map_or(String::new(), age),
        expires,
        clone.last_run.as_ref().map_or(String::new(), ToString::to_string),
    ]
}

fn size(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
