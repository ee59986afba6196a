//! The project's own chores.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::images::Rebuild;
use crate::install::{self, Install};
use crate::{build_clonegate, cargo, complain, images};

/// The module of the tests that need a container engine.
const CONTAINERS: &str = "containers::";

/// What to test.
#[derive(Debug, Args)]
pub(crate) struct TestOptions {
    /// Install nothing; say what is missing.
    #[arg(long)]
    no_install: bool,
    /// Leave out the tests that need containers, and say how many that are.
    #[arg(long)]
    no_containers: bool,
    /// Only tests whose name contains this.
    filter: Option<String>,
}

/// Runs all tests that can be run here, and says in numbers which were not.
pub(crate) fn test(options: &TestOptions) -> Result<ExitCode> {
    let install = Install::unless(options.no_install);
    if std::env::var_os("CI").is_some() {
        let linted = lint()?;
        if linted != ExitCode::SUCCESS {
            return Ok(linted);
        }
    }
    let binary = build_clonegate()?;
    install::postgresql(&binary, install)?;
    let without_containers = if options.no_containers {
        Some("--no-containers leaves them out".to_owned())
    } else if !install::engine_answers() {
        Some("no Docker engine answers".to_owned())
    } else {
        images::build(Rebuild::Missing, install)
            .err()
            .map(|e| format!("their images can't be made: {e:#}"))
    };

    let nextest = has_nextest();
    let mut tests = cargo();
    if nextest {
        tests.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
        let mut sets = Vec::new();
        if without_containers.is_some() {
            sets.push(format!("not test(/^{CONTAINERS}/)"));
        }
        if let Some(filter) = &options.filter {
            sets.push(format!("test({filter})"));
        }
        if !sets.is_empty() {
            tests.args(["--filterset", &sets.join(" and ")]);
        }
    } else {
        tests.args(["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests", "--"]);
        tests.args(options.filter.iter());
        if without_containers.is_some() {
            tests.args(["--skip", CONTAINERS]);
        }
    }
    let mut passed = tests.status().context("the tests can't be run")?.success();
    if options.filter.is_none() {
        passed &= cargo()
            .args(["test", "--quiet", "--workspace", "--doc"])
            .status()
            .context("the documentation's examples can't be run")?
            .success();
    }
    match without_containers {
        None => complain("not run: 0 tests; local servers and containers were both used"),
        Some(why) => {
            let left_out = count_container_tests()?;
            complain(&format!("not run: {left_out} tests that need containers, because {why}"));
        }
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Formatting, lints, and the licences where cargo-deny is installed.
pub(crate) fn lint() -> Result<ExitCode> {
    let mut steps = vec![
        vec!["fmt", "--all", "--check"],
        vec!["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"],
    ];
    let deny =
        ["deny", "--offline", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
    if answers(cargo().args(["deny", "--version"])) {
        steps.push(deny.to_vec());
    } else {
        complain("cargo-deny is not installed: licences and sources were not checked");
    }
    for step in steps {
        let status = cargo()
            .args(&step)
            .status()
            .with_context(|| format!("cargo {} can't be run", step[0]))?;
        if !status.success() {
            complain(&format!("cargo {} does not pass", step.join(" ")));
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn has_nextest() -> bool {
    answers(cargo().args(["nextest", "--version"]))
}

fn answers(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// By the test harness' own list, so that it is a number and not a guess.
fn count_container_tests() -> Result<usize> {
    let listed = cargo()
        .args([
            "test",
            "--quiet",
            "--package",
            "clonegate-tests",
            "--test",
            "all",
            "--",
            "--list",
            CONTAINERS,
        ])
        .stderr(Stdio::null())
        .output()
        .context("the tests can't be listed")?;
    if !listed.status.success() {
        bail!("the tests can't be listed");
    }
    Ok(String::from_utf8_lossy(&listed.stdout).lines().filter(|l| l.ends_with(": test")).count())
}
