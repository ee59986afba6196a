//! Measures clonegate against its limits and its peers, as ratios in one run.
//!
//! `cargo xtask bench NAME` builds it with optimization and runs it. A shared machine's seconds mean
//! nothing tomorrow; the ratios of two things done in one run, on one server, do. It is no test:
//! nothing here decides whether a change may land, except that what must hold whatever the machine
//! (nothing leaked, nothing changed) makes it fail.

mod channel;
mod machine;
mod spread;
mod streamed;

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
    /// The digest of rows that are streamed, against `pg_dump | sha256sum`.
    Streamed(streamed::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().what {
        What::Channel(options) => channel::run(&options).await,
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

type Done = Result<ExitCode>;
