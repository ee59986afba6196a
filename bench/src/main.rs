//! Measures clonegate against its limits and its peers, as ratios in one run.
//!
//! `cargo xtask bench NAME` builds it with optimization and runs it. A shared machine's seconds mean
//! nothing tomorrow; the ratios of two things done in one run, on one server, do. It is no test:
//! nothing here decides whether a change may land, except that what must hold whatever the machine
//! (nothing leaked, nothing changed) makes it fail.

mod channel;
mod gate;
mod harness;
mod machine;
mod matrix;
mod peers;
mod spread;
mod streamed;
mod witness;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Measures clonegate, as ratios in one run.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The production channel: its overhead on `select 1`, and many callers at once.
    Channel(channel::Options),
    /// The witnesses: their speed against `pg_dump | sha256sum` and reladiff, as a table.
    Witness(witness::Options),
    /// The catch matrix, tried on other tools: what each sees, and what it reports falsely.
    Matrix(matrix::Options),
    /// One snapshot in a process of its own: `witness` measures its memory so.
    #[command(hide = true)]
    Take(witness::TakeOptions),
    /// A whole run of the gate through ssh and `docker exec`: what it takes besides its scripts.
    Gate(gate::Options),
    /// The digest of rows that are streamed, against `pg_dump | sha256sum`.
    Streamed(streamed::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().what {
        What::Channel(options) => channel::run(&options).await,
        What::Witness(options) => witness::run(&options).await,
        What::Matrix(options) => matrix::run(&options).await,
        What::Take(options) => witness::take_and_say(options).await,
        What::Gate(options) => gate::run(&options).await,
        What::Streamed(options) => streamed::run(&options).await,
    };
    done.unwrap_or_else(|error| {
        note(&format!("error: {error:#}"));
        ExitCode::FAILURE
    })
}

/// A line of the result.
#[allow(clippy::print_stdout)]
fn say(line: &str) {
    println!("{line}");
}

/// A line beside the result: what is being done.
#[allow(clippy::print_stderr)]
fn note(line: &str) {
    eprintln!("bench: {line}");
}

/// Ends when somebody asks this process to end: what it started must be taken away first.
async fn interrupted() -> anyhow::Error {
    use tokio::signal::unix::{SignalKind, signal};
    let waited: std::io::Result<()> = async {
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = terminated.recv() => Ok(()),
        }
    }
    .await;
    match waited {
        Ok(()) => anyhow::anyhow!("interrupted"),
        Err(error) => anyhow::anyhow!("signals can't be heard: {error}"),
    }
}

type Done = Result<ExitCode>;
