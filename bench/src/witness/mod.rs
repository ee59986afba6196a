//! The witnesses: how fast they prove that nothing changed, against what others take for it.
//!
//! Everything is measured in one run on one disposable server, in rounds in which each way has its turn,
//! and shown as the median of the rounds' ratios.

mod figure;
mod parts;
mod rivals;
mod server;
mod take;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};

use self::figure::{Figure, growth_table, table};
use self::parts::Measured;
use self::server::Server;
use crate::{Done, machine, note, peers, say};

pub(crate) use self::take::{What, take};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only these parts.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// How often each way is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The part of the full scale that is measured, for a quick look.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// After how many minutes it is given up.
    #[arg(long, default_value_t = 15)]
    limit: u64,
    /// The result is written to this file too.
    #[arg(long)]
    write: Option<PathBuf>,
}

/// A part of the measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// 2 million rows of pgbench's accounts.
    Narrow,
    /// 1 million rows of 8 columns with text, jsonb and numeric.
    Wide,
    /// 5,000 small tables.
    Many,
    /// The one-roof fixture at full scale.
    OneRoof,
    /// The first three with a sixteenth and a quarter of the data.
    Growth,
}

pub(crate) async fn run(options: &Options) -> Done {
    ensure!(options.rounds > 0, "at least one round");
    ensure!(options.scale > 0.0 && options.scale <= 1.0, "a scale is more than 0 and at most 1");
    let limit = Duration::from_secs(options.limit * 60);
    note("starting a server");
    let server = Server::start().await?;
    // Whatever happens: dropping the server would end it too, but nobody would hear of a failure.
    let measured = tokio::select! {
        measured = tokio::time::timeout(limit, measure(options, &server)) => {
            measured.unwrap_or_else(|_| {
                Err(anyhow::anyhow!("{} minutes were not enough; see --limit", options.limit))
            })
        }
        why = crate::interrupted() => Err(why),
    };
    server.stop().await?;
    let text = measured?;
    say(&text);
    if let Some(path) = &options.write {
        std::fs::write(path, format!("{text}\n"))
            .with_context(|| format!("{} can't be written", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn measure(options: &Options, server: &Server) -> Result<String> {
    let asked = |part| options.only.is_empty() || options.only.contains(&part);
    let reladiff = peers::program("reladiff").map(rivals::Reladiff);
    if reladiff.is_none() {
        note("reladiff is not installed: what is held against it is left out");
    }
    let bench = parts::Bench { server, rounds: options.rounds, scale: options.scale, reladiff };
    let mut all = Measured::default();
    let mut times = Vec::new();
    for part in Part::value_variants().iter().copied().filter(|part| asked(*part)) {
        let begun = Instant::now();
        match part {
            Part::Narrow => bench.table(server::Content::Narrow, &mut all).await?,
            Part::Wide => bench.table(server::Content::Wide, &mut all).await?,
            Part::Many => bench.many(&mut all).await?,
            Part::OneRoof => bench.one_roof(&mut all).await?,
            Part::Growth => bench.growth(&mut all).await?,
        }
        let name = part.to_possible_value().map(|v| v.get_name().to_owned()).unwrap_or_default();
        note(&format!("{name} took {} s", begun.elapsed().as_secs()));
        times.push(format!("{name} {} s", begun.elapsed().as_secs()));
    }
    if all.figures.is_empty() && all.growth.is_empty() {
        bail!("nothing was measured");
    }
    if let Some(peak) = all.peak_kib {
        all.figures.push(Figure::at_most(
            "client memory at its peak, the largest of all",
            peak as f64 / 1024.0,
            64.0,
            "MiB",
        ));
    }
    if let Some((longest, place)) = &all.longest {
        let what = format!("longest statement, of all ({place})");
        all.figures.push(Figure::at_most(&what, longest.as_secs_f64(), 1.0, "s"));
    }
    let compared = match &bench.reladiff {
        Some(_) => format!("reladiff {}", peers::version("reladiff").unwrap_or_default()),
        None => "reladiff could not be installed, so what is held against it is missing".to_owned(),
    };
    let mut text = format!(
        "Measured on {}, with {}, {compared}; clonegate {} built {} optimization.\n\
         Scale {}, {} rounds. Times: {}.\n\n{}",
        machine::describe(),
        server.version(),
        env!("CARGO_PKG_VERSION"),
        if cfg!(debug_assertions) { "without" } else { "with" },
        options.scale,
        options.rounds,
        times.join(", "),
        table(&all.figures),
    );
    if !all.growth.is_empty() {
        text.push_str("\n\n");
        text.push_str(&growth_table(&all.growth));
    }
    Ok(text)
}

/// One snapshot in a process of its own, which says how much memory it took at its peak.
#[derive(Debug, Args)]
pub(crate) struct TakeOptions {
    #[arg(long)]
    port: u16,
    #[arg(long)]
    passfile: PathBuf,
    #[arg(long)]
    database: String,
    #[arg(long)]
    role: String,
    #[arg(long, value_enum)]
    what: What,
}

pub(crate) async fn take_and_say(options: TakeOptions) -> Done {
    let TakeOptions { port, passfile, database, role, what } = options;
    let place = server::Place { database, role, port, passfile };
    take(&place, what, 2, None).await?;
    let peak = machine::peak_kib().context("this system does not say how much memory was taken")?;
    say(&peak.to_string());
    Ok(ExitCode::SUCCESS)
}
