//! Chains clonegate's commands in a checkout, and the project's own chores.
//!
//! `cargo xtask gate …` and every other command of `clonegate` are built and run; without a
//! configuration the gate is tried on disposable servers. The chores are `test`, `images` and `lint`.
//! This program stays light: what is heavy is in the binaries that it calls.

mod chores;
mod images;
mod install;
mod python;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

use crate::images::Rebuild;
use crate::install::Install;

/// Chains clonegate's commands in a checkout, and the project's own chores.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    max_term_width = 100,
    after_help = "Every command of clonegate is one here too: gate, open, close, clone, query, audit, status,\n\
                  resume, abandon, unlock, rollback, report, schema, sandbox.\n\
                  Without a configuration `gate` runs on disposable servers; --no-install installs nothing for it."
)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run all tests, and say in numbers what was not run.
    Test(chores::TestOptions),
    /// Make the container images that the tests need.
    Images {
        /// Build all of them anew.
        #[arg(long)]
        all: bool,
        /// Install nothing; say what is missing.
        #[arg(long)]
        no_install: bool,
    },
    /// Check the formatting, the lints and the licences.
    Lint,
    /// Measure against limits and peers, as ratios in one run: `bench channel`, `bench witness`, `bench streamed`,
    /// `bench matrix`, `bench gate`.
    Bench {
        /// What to measure, and its options; `--help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Every other command is clonegate's: gate, open, status, resume, close, abandon, unlock, rollback,
    /// clone, snapshot, diff, compare, authorize, query, audit, mcp, lint, role-sql, report, schema, sandbox.
    #[command(external_subcommand)]
    Clonegate(Vec<OsString>),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Task::Test(options) => chores::test(&options),
        Task::Images { all, no_install } => images::build(
            if all { Rebuild::All } else { Rebuild::Missing },
            Install::unless(no_install),
        )
        .map(|()| ExitCode::SUCCESS),
        Task::Lint => chores::lint(),
        Task::Bench { args } => bench(args),
        Task::Clonegate(args) => clonegate(args),
    };
    result.unwrap_or_else(|error| {
        complain(&format!("error: {error:#}"));
        ExitCode::FAILURE
    })
}

/// Builds the binary and hands over to it.
fn clonegate(mut args: Vec<OsString>) -> Result<ExitCode> {
    let no_install = take(&mut args, "--no-install");
    let is_gate = args.first().is_some_and(|a| a == "gate");
    let asks_only = any(&args, &["--help", "-h"]);
    if is_gate && !asks_only && !any(&args, &["--config", "-c", "--sandbox"]) {
        args.push("--sandbox".into());
    }
    let binary = build_clonegate(Build::Debug)?;
    if any(&args, &["--sandbox"]) && !any(&args, &["--bin-dir", "--image", "--backend"]) {
        install::postgresql(&binary, Install::unless(no_install))?;
    }
    hand_over(Command::new(binary).args(args))
}

/// Builds the measurements with optimization and hands over to them. Tools of others that can't be
/// installed are left out, and the result names them.
fn bench(mut args: Vec<OsString>) -> Result<ExitCode> {
    let no_install = take(&mut args, "--no-install");
    let asks_only = any(&args, &["--help", "-h"]);
    if !asks_only && args.first().is_some_and(|a| a == "witness" || a == "matrix") {
        let made = python::make(&python::BENCH_PEERS, Install::unless(no_install));
        if let Err(error) = made {
            complain(&format!("without reladiff and migra: {error:#}"));
        }
    }
    if !asks_only && args.first().is_some_and(|a| a == "gate") {
        images::build(Rebuild::Missing, Install::unless(no_install))?;
        args.push("--clonegate".into());
        args.push(build_clonegate(Build::Release)?.into());
    }
    hand_over(
        cargo()
            .args(["run", "--quiet", "--release", "--package", "clonegate-bench", "--"])
            .args(args),
    )
}

/// Whether one of the flags is given, as `--flag` or `--flag=value`.
fn any(args: &[OsString], flags: &[&str]) -> bool {
    let words = args.iter().filter_map(|a| a.to_str());
    // A short flag's value may stand right behind it.
    let given = |a: &str| {
        flags.iter().any(|f| *f == a || f.len() == 2 && a.starts_with(f) && !a.starts_with("--"))
    };
    words.filter_map(|a| a.split('=').next()).any(given)
}

fn take(args: &mut Vec<OsString>, flag: &str) -> bool {
    let before = args.len();
    args.retain(|a| a != flag);
    args.len() != before
}

/// The checkout's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// How the binary is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Build {
    Debug,
    Release,
}

fn build_clonegate(build: Build) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--quiet", "--package", "clonegate"]);
    let folder = match build {
        Build::Debug => "debug",
        Build::Release => {
            command.arg("--release");
            "release"
        }
    };
    if !command.status().context("cargo can't be run")?.success() {
        bail!("clonegate does not build");
    }
    Ok(target().join(folder).join(format!("clonegate{}", std::env::consts::EXE_SUFFIX)))
}

/// Becomes the program, so that signals and the exit code are its own.
#[cfg(unix)]
fn hand_over(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(anyhow::Error::new(command.exec()).context("clonegate can't be run"))
}

#[cfg(not(unix))]
fn hand_over(command: &mut Command) -> Result<ExitCode> {
    let status = command.status().context("clonegate can't be run")?;
    Ok(ExitCode::from(status.code().and_then(|c| u8::try_from(c).ok()).unwrap_or(1)))
}

/// The only place that prints.
#[allow(clippy::print_stderr)]
fn complain(text: &str) {
    eprintln!("{text}");
}
