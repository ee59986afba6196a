//! The catch matrix, tried on other tools: what they see of each change, and what they report of what is
//! none.

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../../tests/src/matrix/mutation.rs"]
mod mutation;
mod tools;
mod zoo;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

use self::mutation::{Catch, Mutation, Server};
use self::tools::Tools;
use self::zoo::Zoo;
use crate::{Done, note, peers, say};

/// What to try.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only the changes whose names contain this.
    #[arg(long, default_value = "")]
    only: String,
    /// After how many minutes it is given up.
    #[arg(long, default_value_t = 40)]
    limit: u64,
    /// The result is written to this file too.
    #[arg(long)]
    write: Option<PathBuf>,
}

/// The tools, in the order of the columns.
const TOOLS: [&str; 4] = ["pg_dump \\| sha256sum", "reladiff", "migra", "check_postgres"];

/// What a tool made of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It said something else than without the change.
    Seen,
    /// It said the same.
    Silent,
    /// It failed, and did not without the change.
    Failed,
    /// It is not installed, or fails without any change.
    Absent,
}

/// What each tool says, or why it says nothing.
type Said = [Option<Result<String, String>>; 4];

pub(crate) async fn run(options: &Options) -> Done {
    note("starting a server with the zoo");
    let mut zoo = Zoo::start().await?;
    let limit = Duration::from_secs(options.limit * 60);
    let tried = tokio::select! {
        tried = tokio::time::timeout(limit, all(options, &mut zoo)) => tried.unwrap_or_else(|_| {
            Err(anyhow::anyhow!("{} minutes were not enough; see --limit", options.limit))
        }),
        why = crate::interrupted() => Err(why),
    };
    zoo.stop().await?;
    let text = tried?;
    say(&text);
    if let Some(path) = &options.write {
        std::fs::write(path, format!("{text}\n"))
            .with_context(|| format!("{} can't be written", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn all(options: &Options, zoo: &mut Zoo) -> Result<String> {
    let mut tools = Tools::find(&zoo.server).await?;
    let major = zoo.server.installation().major();
    let mutations = mutation::all(&zoo::tests().join("matrix"));
    let chosen: Vec<&Mutation> =
        mutations.iter().filter(|m| m.since <= major && m.name.contains(&options.only)).collect();
    ensure!(!chosen.is_empty(), "no change has {:?} in its name", options.only);
    zoo.copy().await?;
    let untouched = ask(zoo, &mut tools).await;
    zoo.remove_copy().await?;
    for (tool, said) in TOOLS.iter().zip(&untouched) {
        match said {
            None => note(&format!("{tool} is not installed")),
            Some(Err(why)) => note(&format!("{tool} fails on what nobody changed: {why}")),
            Some(Ok(_)) => {}
        }
    }
    let mut tried: Vec<(&Mutation, [Outcome; 4])> = Vec::new();
    for (number, mutation) in chosen.iter().enumerate() {
        note(&format!("{} of {}: {}", number + 1, chosen.len(), mutation.name));
        let said = attempt(zoo, &mut tools, mutation).await;
        let said = said.with_context(|| mutation.name.clone())?;
        let mut outcomes = [Outcome::Absent; 4];
        for (outcome, (before, after)) in outcomes.iter_mut().zip(untouched.iter().zip(&said)) {
            *outcome = judge(before.as_ref(), after.as_ref());
        }
        tried.push((mutation, outcomes));
    }
    Ok(document(&tried, &untouched, major))
}

fn judge(
    before: Option<&Result<String, String>>,
    after: Option<&Result<String, String>>,
) -> Outcome {
    match (before, after) {
        (Some(Ok(before)), Some(Ok(after))) if before == after => Outcome::Silent,
        (Some(Ok(_)), Some(Ok(_))) => Outcome::Seen,
        (Some(Ok(_)), _) => Outcome::Failed,
        _ => Outcome::Absent,
    }
}

/// Makes one change on a fresh copy, asks all tools, and takes back what the cluster keeps.
async fn attempt(zoo: &mut Zoo, tools: &mut Tools, mutation: &Mutation) -> Result<Said> {
    zoo.copy().await?;
    zoo.sql(zoo::COPY, &mutation.sql).await?;
    match mutation.server {
        Server::Left => {}
        Server::Reloaded => zoo.reload().await?,
        Server::Restarted => zoo.restart().await?,
    }
    let said = ask(zoo, tools).await;
    zoo.remove_copy().await?;
    if !mutation.undo.is_empty() {
        zoo.sql("postgres", &mutation.undo).await?;
    }
    if mutation.server == Server::Reloaded {
        zoo.reload().await?;
    }
    Ok(said)
}

/// Asks all tools at once.
async fn ask(zoo: &Zoo, tools: &mut Tools) -> Said {
    let server = &zoo.server;
    let (has_migra, has_check_postgres) = (tools.migra, tools.check_postgres);
    let words = |said: Result<String>| said.map_err(|why| format!("{why:#}"));
    let (dump, reladiff, migra, same_schema) = tokio::join!(
        async { Some(words(tools::dump(server).await)) },
        async {
            match &mut tools.reladiff {
                Some(reladiff) => Some(words(reladiff.compare(server).await)),
                None => None,
            }
        },
        async { if has_migra { Some(words(tools::migra(server).await)) } else { None } },
        async {
            if has_check_postgres { Some(words(tools::same_schema(server).await)) } else { None }
        },
    );
    [dump, reladiff, migra, same_schema]
}

/// Whether clonegate's witnesses find it; the tests of the matrix hold them to that.
fn found(mutation: &Mutation, major: u32) -> bool {
    mutation
        .catches
        .iter()
        .any(|(since, catch)| *since <= major && matches!(catch, Catch::Finding(..)))
}

fn document(tried: &[(&Mutation, [Outcome; 4])], untouched: &Said, major: u32) -> String {
    let changes: Vec<_> = tried.iter().filter(|(m, _)| m.is_change()).collect();
    let others: Vec<_> = tried.iter().filter(|(m, _)| !m.is_change()).collect();
    let mut lines = vec![
        format!(
            "PostgreSQL {major}; {} changes, each alone, and {} things that are no change. reladiff {}, migra {}.",
            changes.len(),
            others.len(),
            peers::version("reladiff").unwrap_or_else(|| "is not installed".to_owned()),
            peers::version("migra").unwrap_or_else(|| "is not installed".to_owned()),
        ),
        String::new(),
        "| tool | of the changes sees | fails on | of what is no change reports | fails on |"
            .to_owned(),
        "| --- | --- | --- | --- | --- |".to_owned(),
        format!(
            "| clonegate, as a role with SELECT ([the catch matrix](catch-matrix.md)) | {} of {} | 0 | 0 of {} | 0 |",
            changes.iter().filter(|(m, _)| found(m, major)).count(),
            changes.len(),
            others.len()
        ),
    ];
    let count = |of: &[&(&Mutation, [Outcome; 4])], tool: usize, outcome: Outcome| {
        of.iter().filter(|(_, outcomes)| outcomes[tool] == outcome).count()
    };
    for (tool, name) in TOOLS.iter().enumerate() {
        lines.push(match &untouched[tool] {
            None => format!("| {name} | not installed | | | |"),
            Some(Err(why)) => format!("| {name} | fails on what nobody changed: {why} | | | |"),
            Some(Ok(_)) => format!(
                "| {name} | {} of {} | {} | {} of {} | {} |",
                count(&changes, tool, Outcome::Seen),
                changes.len(),
                count(&changes, tool, Outcome::Failed),
                count(&others, tool, Outcome::Seen),
                others.len(),
                count(&others, tool, Outcome::Failed),
            ),
        });
    }
    let mut groups: BTreeMap<&str, Vec<&(&Mutation, [Outcome; 4])>> = BTreeMap::new();
    for one in tried {
        let group = one.0.name.split('/').next().unwrap_or_default();
        groups.entry(group).or_default().push(one);
    }
    lines.extend([String::new(), format!("| seen of | clonegate | {} |", TOOLS.join(" | "))]);
    lines.push("| --- | --- | --- | --- | --- | --- |".to_owned());
    for (group, of) in groups {
        let mut cells = vec![of.iter().filter(|(m, _)| found(m, major)).count()];
        cells.extend((0..TOOLS.len()).map(|tool| count(&of, tool, Outcome::Seen)));
        let cells: Vec<String> = cells.iter().map(|n| format!("{n} of {}", of.len())).collect();
        lines.push(format!("| {group} | {} |", cells.join(" | ")));
    }
    lines.join("\n")
}
