//! The catch matrix, tried on other tools: what they see of each change, and what they report of what is
//! none.

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../../tests/src/matrix/mutation.rs"]
mod mutation;
mod tools;
mod zoo;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

use self::mutation::{Catch, Mutation, Reader, Server};
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
const TOOLS: [&str; 4] = ["pg_dump | sha256sum", "reladiff", "migra", "check_postgres"];

/// What a tool made of a change.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It said something else than without the change.
    Seen,
    /// It said the same.
    Silent,
    /// It failed, and did not without the change.
    Failed(String),
    /// It is not installed, or fails without any change.
    Absent,
}

/// What each tool says, or why it says nothing; `None` if it is not installed.
type Said = [Option<Result<String, String>>; 4];

/// A change and what each tool made of it.
struct Tried<'a> {
    mutation: &'a Mutation,
    outcomes: [Outcome; 4],
}

/// A change that could not be made, or not be taken back, and why.
struct Untried<'a> {
    mutation: &'a Mutation,
    why: String,
}

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
    let mut untouched = ask_untouched(zoo, &mut tools).await?;
    for (tool, said) in TOOLS.iter().zip(&untouched) {
        match said {
            None => note(&format!("{tool} is not installed")),
            Some(Err(why)) => note(&format!("{tool} fails on what nobody changed: {why}")),
            Some(Ok(_)) => {}
        }
    }
    let mut tried = Vec::new();
    let mut untried = Vec::new();
    for (number, mutation) in chosen.iter().enumerate() {
        let progress = format!("{} of {}: {}", number + 1, chosen.len(), mutation.name);
        match attempt(zoo, &mut tools, mutation).await {
            Ok(said) => {
                let outcomes =
                    std::array::from_fn(|n| judge(untouched[n].as_ref(), said[n].as_ref()));
                note(&format!("{progress}: {}", summary(&outcomes)));
                tried.push(Tried { mutation, outcomes });
            }
            Err(why) => {
                let why = format!("{why:#}");
                note(&format!("{progress}: {why}"));
                untried.push(Untried { mutation, why });
                // Nobody knows what it left in the cluster.
                *zoo = Zoo::start().await?;
                tools = Tools::find(&zoo.server).await?;
                untouched = ask_untouched(zoo, &mut tools).await?;
            }
        }
    }
    // Whatever a change left behind in the cluster would have been seen again after every later one.
    let at_the_end = ask_untouched(zoo, &mut tools).await?;
    let mut text = document(&tried, &untried, &untouched, &tools, major);
    for (tool, _) in
        TOOLS.iter().zip(untouched.iter().zip(&at_the_end)).filter(|(_, (a, b))| a != b)
    {
        let _ = write!(
            text,
            "\n\nThe figures of {tool} are wrong: of what nobody changed it said something else at the end."
        );
    }
    Ok(text)
}

/// What the tools say of a copy that nobody changed.
async fn ask_untouched(zoo: &Zoo, tools: &mut Tools) -> Result<Said> {
    zoo.copy().await?;
    let said = ask(zoo, tools).await;
    zoo.remove_copy().await?;
    Ok(said)
}

fn judge(
    before: Option<&Result<String, String>>,
    after: Option<&Result<String, String>>,
) -> Outcome {
    match (before, after) {
        (Some(Ok(before)), Some(Ok(after))) if before == after => Outcome::Silent,
        (Some(Ok(_)), Some(Ok(_))) => Outcome::Seen,
        (Some(Ok(_)), Some(Err(why))) => Outcome::Failed(why.clone()),
        _ => Outcome::Absent,
    }
}

/// Who saw a change and who failed on it, for whoever watches.
fn summary(outcomes: &[Outcome; 4]) -> String {
    let of = |wanted: fn(&Outcome) -> bool| -> String {
        let names: Vec<&str> = TOOLS
            .into_iter()
            .zip(outcomes)
            .filter(|(_, o)| wanted(o))
            .map(|(tool, _)| tool)
            .collect();
        if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
    };
    format!("seen by {}; fails: {}", of(is_seen), of(is_failed))
}

fn is_seen(outcome: &Outcome) -> bool {
    *outcome == Outcome::Seen
}

fn is_failed(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Failed(_))
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
    let Tools { reladiff, migra, check_postgres } = tools;
    let words = |said: Result<String>| said.map_err(|why| format!("{why:#}"));
    let (dump, reladiff, migra, same_schema) = tokio::join!(
        async { Some(words(tools::dump(server).await)) },
        async { Some(words(reladiff.as_mut()?.compare(server).await)) },
        async { if *migra { Some(words(tools::migra(server).await)) } else { None } },
        async { Some(words(check_postgres.as_ref()?.same_schema(server).await)) },
    );
    [dump, reladiff, migra, same_schema]
}

/// Whether clonegate's witnesses find it as a role with SELECT; the tests of the matrix hold them to that. What
/// they find only for a superuser no gate finds: it turns superusers away.
fn found(mutation: &Mutation, major: u32) -> bool {
    let is_finding =
        |(since, catch): &(u32, Catch)| *since <= major && matches!(catch, Catch::Finding(..));
    mutation.reader == Reader::Plain && mutation.catches.iter().any(is_finding)
}

fn document(
    tried: &[Tried<'_>],
    untried: &[Untried<'_>],
    untouched: &Said,
    tools: &Tools,
    major: u32,
) -> String {
    let (changes, others): (Vec<&Tried<'_>>, Vec<_>) =
        tried.iter().partition(|one| one.mutation.is_change());
    let absent = || "is not installed".to_owned();
    let mut lines = vec![
        format!(
            "PostgreSQL {major}; {} changes, each alone, and {} things that are no change. reladiff {}, migra {}, check_postgres {}.",
            changes.len(),
            others.len(),
            peers::version("reladiff").unwrap_or_else(absent),
            peers::version("migra").unwrap_or_else(absent),
            tools.check_postgres.as_ref().map_or_else(absent, |c| c.version.clone()),
        ),
        String::new(),
        "| tool | of the changes sees | fails on | of what is no change reports | fails on |"
            .to_owned(),
        "| --- | --- | --- | --- | --- |".to_owned(),
        format!(
            "| clonegate, as a role with SELECT ([the catch matrix](catch-matrix.md)) | {} of {} | 0 | 0 of {} | 0 |",
            changes.iter().filter(|one| found(one.mutation, major)).count(),
            changes.len(),
            others.len()
        ),
    ];
    for (tool, name) in TOOLS.into_iter().map(cell).enumerate() {
        let count = |of: &[&Tried<'_>], wanted: fn(&Outcome) -> bool| {
            of.iter().filter(|one| wanted(&one.outcomes[tool])).count()
        };
        lines.push(match &untouched[tool] {
            None => format!("| {name} | not installed | | | |"),
            Some(Err(why)) => {
                format!("| {name} | fails on what nobody changed: {} | | | |", cell(why))
            }
            Some(Ok(_)) => format!(
                "| {name} | {} of {} | {} | {} of {} | {} |",
                count(&changes, is_seen),
                changes.len(),
                count(&changes, is_failed),
                count(&others, is_seen),
                others.len(),
                count(&others, is_failed),
            ),
        });
    }
    lines.extend(by_group(tried, major));
    lines.extend(reported(&others));
    lines.extend(failures(tried, untried));
    lines.join("\n")
}

/// How many each sees of each group of changes.
fn by_group(tried: &[Tried<'_>], major: u32) -> Vec<String> {
    let mut groups: BTreeMap<&str, Vec<&Tried<'_>>> = BTreeMap::new();
    for one in tried {
        let group = one.mutation.name.split('/').next().unwrap_or_default();
        groups.entry(group).or_default().push(one);
    }
    let mut lines = vec![
        String::new(),
        format!("| seen of | clonegate | {} |", TOOLS.map(cell).join(" | ")),
        "| --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    for (group, of) in groups {
        let mut seen = vec![of.iter().filter(|one| found(one.mutation, major)).count()];
        seen.extend(
            (0..TOOLS.len())
                .map(|tool| of.iter().filter(|one| is_seen(&one.outcomes[tool])).count()),
        );
        let cells: Vec<String> = seen.iter().map(|n| format!("{n} of {}", of.len())).collect();
        lines.push(format!("| {group} | {} |", cells.join(" | ")));
    }
    lines
}

/// What is no change, and who reports it all the same.
fn reported(others: &[&Tried<'_>]) -> Vec<String> {
    let mut rows = Vec::new();
    for Tried { mutation, outcomes } in others {
        let by: Vec<&str> =
            TOOLS.into_iter().zip(outcomes).filter(|(_, o)| is_seen(o)).map(|(t, _)| t).collect();
        if !by.is_empty() {
            rows.push(format!("| {} | {} |", cell(&mutation.what), cell(&by.join(", "))));
        }
    }
    if !rows.is_empty() {
        let head = ["", "| no change | reported by |", "| --- | --- |"].map(str::to_owned);
        rows.splice(0..0, head);
    }
    rows
}

/// What failed, which is counted as neither seen nor silent.
fn failures(tried: &[Tried<'_>], untried: &[Untried<'_>]) -> Vec<String> {
    let mut rows = Vec::new();
    for Tried { mutation, outcomes } in tried {
        for (tool, outcome) in TOOLS.iter().zip(outcomes) {
            if let Outcome::Failed(why) = outcome {
                rows.push(format!("| {} | {} | {} |", cell(&mutation.what), cell(tool), cell(why)));
            }
        }
    }
    for Untried { mutation, why } in untried {
        rows.push(format!("| {} | could not be tried | {} |", cell(&mutation.what), cell(why)));
    }
    if !rows.is_empty() {
        let head = ["", "| change | fails | its words |", "| --- | --- | --- |"].map(str::to_owned);
        rows.splice(0..0, head);
    }
    rows
}

/// A text as a table's cell.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
