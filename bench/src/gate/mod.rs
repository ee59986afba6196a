//! The gate's own time: a whole run of the one-roof profile, without its scripts.

mod containers;

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use clonegate_model::{RunRecord, Verdict};
use clonegate_profile::Profile;
use clonegate_sandbox::{
    Backend, Fixture, Options as SandboxOptions, Psql, engine_answers, start as start_sandbox,
};
use clonegate_store::Store;
use tokio::process::Command;

use self::containers::Containers;
use crate::spread::{Spread, shown};
use crate::{Done, machine, note, say};

/// What a run through ssh and `docker exec` may take besides its scripts.
const AIM: Duration = Duration::from_secs(3);

/// How long one run may take before something is wrong.
const PATIENCE: Duration = Duration::from_secs(180);

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many runs by each way, each on a clone that is made anew.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// After how many minutes it is given up.
    #[arg(long, default_value_t = 15)]
    limit: u64,
    /// The result is written to this file too.
    #[arg(long)]
    write: Option<PathBuf>,
    /// The binary whose runs are measured; `cargo xtask bench gate` builds and names it.
    #[arg(long)]
    clonegate: PathBuf,
}

/// Two databases and the profile that points at them.
struct World<'a> {
    way: &'static str,
    config: &'a Path,
    /// psql as superuser, and as the clone's owner.
    server: Psql,
    owner: Psql,
}

/// What the runs of one way took.
#[derive(Default)]
struct Taken {
    whole: Spread,
    scripts: Spread,
    overhead: Spread,
    psqls: Vec<usize>,
}

pub(crate) async fn run(options: &Options) -> Done {
    ensure!(options.rounds > 0, "at least one round");
    let folder = tempfile::Builder::new().prefix("clonegate-bench-").tempdir()?;
    let limit = Duration::from_secs(options.limit * 60);
    // What was started is dropped, and so taken away, whichever of these ends first.
    let text = tokio::select! {
        measured = tokio::time::timeout(limit, all(options, folder.path())) => {
            measured.unwrap_or_else(|_| {
                Err(anyhow::anyhow!("{} minutes were not enough; see --limit", options.limit))
            })?
        }
        why = crate::interrupted() => return Err(why),
    };
    say(&text);
    if let Some(path) = &options.write {
        std::fs::write(path, format!("{text}\n"))
            .with_context(|| format!("{} can't be written", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn all(options: &Options, folder: &Path) -> Result<String> {
    ensure!(
        engine_answers().await,
        "no Docker engine answers, and the way to measure leads through one"
    );
    let mut text = format!("machine: {}\n", machine::describe());
    // Seconds are held against an aim here, so it counts what else was done meanwhile.
    if let Some(load) = machine::load() {
        text.push_str(&format!("load average before: {load}\n"));
    }
    text.push_str(&format!("\n{HEADER}"));
    {
        note("starting the containers with the one-roof fixture");
        let containers = Containers::start(&folder.join("containers")).await;
        let world = World {
            way: "ssh + docker exec",
            config: containers.config(),
            server: containers.server(),
            owner: containers.owner(),
        };
        text.push_str(&row(world.way, &measure(options, &world, folder).await?, Some(AIM)));
    }
    note("starting a server on this machine with the one-roof fixture");
    let root = folder.join("sandbox");
    let local = SandboxOptions { root, backend: Backend::Local, ..SandboxOptions::default() };
    let sandbox = start_sandbox(&local, &|_: &str| {}).await?;
    let clone = sandbox.clone_endpoint();
    let world = World {
        way: "local psql",
        config: sandbox.config_path(),
        server: clone.psql.clone(),
        owner: clone.psql.as_role(&clone.role, &clone.passfile),
    };
    let (way, measured) = (world.way, measure(options, &world, folder).await);
    sandbox.stop().await?;
    text.push_str(&row(way, &measured?, None));
    text.push_str(FOOTER);
    Ok(text)
}

async fn measure(options: &Options, world: &World<'_>, folder: &Path) -> Result<Taken> {
    authorize(world.config)?;
    let store = folder.join(format!("store of {}", world.way));
    let mut taken = Taken::default();
    // The first one warms the server's and the kernel's caches.
    for round in 0..=options.rounds {
        note(&format!("{}, round {round} of {}", world.way, options.rounds));
        if round > 0 {
            make_anew(world).await?;
        }
        let (whole, psqls) = pass(options, world.config, &store).await?;
        let record = latest(&store)?;
        ensure!(record.verdict() == Verdict::Pass, "the run is no PASS, so there is no result");
        if round == 0 {
            continue;
        }
        let scripts = scripts(&record)?;
        taken.whole.add(whole);
        taken.scripts.add(scripts);
        taken.overhead.add(whole.saturating_sub(scripts));
        taken.psqls.push(psqls);
    }
    Ok(taken)
}

/// Binds the authorization to this place, as a person does once before any run.
fn authorize(config: &Path) -> Result<()> {
    let expires = "2100-01-01T00:00:00Z".parse()?;
    Profile::load(config)?.binding.write(config, expires)?;
    Ok(())
}

/// The clone as the first round had it.
async fn make_anew(world: &World<'_>) -> Result<()> {
    let (name, role) = (Fixture::CLONE_DATABASE, Fixture::CLONE_ROLE);
    let sql = format!("drop database {name};\ncreate database {name} owner {role};");
    world.server.run_sql("postgres", &sql).await?;
    Fixture::fill_clone(&world.server, &world.server, &world.owner).await?;
    Ok(())
}

/// One run as a process: its time, and how many psqls it started.
async fn pass(options: &Options, config: &Path, store: &Path) -> Result<(Duration, usize)> {
    let mut command = Command::new(&options.clonegate);
    command.arg("--store").arg(store).args(["gate", "--config"]).arg(config);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["PG", "SSH_", "CLONEGATE_"].iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command.env("CLONEGATE_LOG", "clonegate_clone::psql=debug");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let begun = Instant::now();
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    let whole = begun.elapsed();
    let output = output.context("the gate does not end")?.context("the gate can't be started")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("the gate ended with {}, so there is no result:\n{said}", output.status);
    }
    let psqls = said.lines().filter(|line| line.contains("psql is started")).count();
    ensure!(psqls > 0, "the gate's log does not say which psqls it started:\n{said}");
    Ok((whole, psqls))
}

fn latest(store: &Path) -> Result<RunRecord> {
    let store = Store::new(store);
    let run = store.runs()?.pop().context("the gate left no run")?;
    Ok(store.record(&run.run)?)
}

/// The time of the build's scripts and of the rehearsed rollback, as the run's record has it.
fn scripts(record: &RunRecord) -> Result<Duration> {
    let mut all = 0;
    for script in &record.build {
        all += script.milliseconds.with_context(|| format!("{} has no time", script.name))?;
    }
    let steps = record.rehearsal.as_ref().map(|r| r.steps.as_slice()).unwrap_or_default();
    let rollback = steps.iter().find(|step| step.id == "rehearsal-rollback");
    let took = rollback.and_then(|step| {
        step.actual.strip_prefix("committed in ")?.strip_suffix(" ms")?.parse::<u64>().ok()
    });
    all += took.context("the rehearsed rollback has no time")?;
    Ok(Duration::from_millis(all))
}

const HEADER: &str = "\
| way to the clone | psqls | whole run | scripts | overhead: median | least | most | aim |
| --- | --- | --- | --- | --- | --- | --- | --- |
";

const FOOTER: &str = "
Medians of whole runs of `clonegate gate` as a process, each PASS and on a clone that was made anew. *Scripts*: the
build's and the rehearsed rollback's, each from its sending to the server's confirmation, as the run's record
has them. *Overhead* is everything else: connecting, snapshots, guards that are tried, the script that is run again
for the proof, the scratch copy, the report.";

fn row(way: &str, taken: &Taken, aim: Option<Duration>) -> String {
    let psqls = taken.psqls.iter().max().copied().unwrap_or_default();
    let overhead = &taken.overhead;
    let aim = aim.map_or_else(
        || "—".to_owned(),
        |aim| {
            let met = overhead.median().is_some_and(|median| median < aim);
            format!("{} s, {}", aim.as_secs(), if met { "met" } else { "missed" })
        },
    );
    let figures = [
        taken.whole.median(),
        taken.scripts.median(),
        overhead.median(),
        overhead.quantile(0.0),
        overhead.quantile(1.0),
    ];
    let figures = figures.map(seconds).join(" | ");
    format!("| {way} | {psqls} | {figures} | {aim} |\n")
}

/// Runs differ by less than a tenth of a second.
fn seconds(time: Option<Duration>) -> String {
    match time {
        Some(time) if time >= Duration::from_secs(1) => format!("{:.2} s", time.as_secs_f64()),
        other => shown(other),
    }
}
