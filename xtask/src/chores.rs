//! The project's own chores.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::images::Rebuild;
use crate::install::{self, Install};
use crate::{Build, build_clonegate, cargo, complain, images, python};

/// The modules of the tests that need a container engine, wherever they are.
const CONTAINERS: &str = "containers::";

/// The module of the tests that start an sshd of their own.
const SSHD: &str = "sshd::";

/// The module of the tests with the Python SDK of MCP.
const MCP_SDK: &str = "mcp_sdk::";

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
    let binary = build_clonegate(Build::Debug)?;
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

    let mut left_out: Vec<(&str, String)> = Vec::new();
    left_out.extend(without_containers.map(|why| (CONTAINERS, why)));
    if !Path::new("/usr/sbin/sshd").exists() {
        let why = "/usr/sbin/sshd (openssh-server) is not installed; the way over ssh is tested in containers too";
        left_out.push((SSHD, why.to_owned()));
    }
    left_out
        .extend(python::make(&python::MCP_SDK, install).err().map(|e| (MCP_SDK, format!("{e:#}"))));

    let mut tests = cargo();
    if has_nextest() {
        tests.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
        let mut sets: Vec<String> =
            left_out.iter().map(|(module, _)| format!("not test(/(^|::){module}/)")).collect();
        sets.extend(options.filter.iter().map(|filter| format!("test({filter})")));
        if !sets.is_empty() {
            tests.args(["--filterset", &sets.join(" and ")]);
        }
    } else {
        tests.args(["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests", "--"]);
        tests.args(options.filter.iter());
        for (module, _) in &left_out {
            tests.args(["--skip", module]);
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
    let grammar = if options.filter.is_none() { grammar()? } else { Grammar::Passed };
    passed &= !matches!(grammar, Grammar::Failed);
    if let Grammar::NotRun(why) = &grammar {
        complain(&format!("not run: the comparison with PostgreSQL's own grammar, because {why}"));
    }
    if left_out.is_empty() {
        complain("not run: 0 tests");
    }
    for (module, why) in &left_out {
        complain(&format!("not run: {} tests ({module}), because {why}", count_tests(module)?));
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How the judge for reads compares with PostgreSQL's own grammar.
enum Grammar {
    Passed,
    Failed,
    NotRun(&'static str),
}

/// `tests/grammar/` is a workspace of its own, because building the server's grammar needs libclang.
fn grammar() -> Result<Grammar> {
    if !has_libclang() {
        return Ok(Grammar::NotRun("there is no libclang (libclang-dev) to build it with"));
    }
    let passed = cargo()
        .args(["run", "--quiet", "--locked", "--manifest-path", "tests/grammar/Cargo.toml"])
        .env("CARGO_TARGET_DIR", "target")
        .status()
        .context("the comparison with PostgreSQL's grammar can't be run")?
        .success();
    Ok(if passed { Grammar::Passed } else { Grammar::Failed })
}

/// Where bindgen looks too: a folder that is named, and the usual ones.
fn has_libclang() -> bool {
    if std::env::var_os("LIBCLANG_PATH").is_some() {
        return true;
    }
    let llvm = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut folders: Vec<std::path::PathBuf> = llvm
        .map(|entry| entry.path().join("lib"))
        .filter(|lib| lib.parent().is_some_and(|p| p.to_string_lossy().contains("llvm")))
        .collect();
    for usual in
        ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/local/lib"]
    {
        folders.push(usual.into());
    }
    folders.iter().any(|folder| {
        std::fs::read_dir(folder).into_iter().flatten().flatten().any(|file| {
            let name = file.file_name().to_string_lossy().into_owned();
            // libclang-cpp is another library.
            name.starts_with("libclang.so")
                || name.starts_with("libclang-")
                    && !name.starts_with("libclang-cpp")
                    && name.contains(".so")
                || name == "libclang.dylib"
        })
    })
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

/// How many tests a module has, by the test harness' own list, so that it is a number and not a guess.
fn count_tests(module: &str) -> Result<usize> {
    let listed = cargo()
        .args(["test", "--quiet", "--workspace", "--tests", "--", "--list"])
        .stderr(Stdio::null())
        .output()
        .context("the tests can't be listed")?;
    if !listed.status.success() {
        bail!("the tests can't be listed");
    }
    let lines = String::from_utf8_lossy(&listed.stdout).into_owned();
    let within = format!("::{module}");
    let is_in = |line: &&str| line.starts_with(module) || line.contains(&within);
    Ok(lines.lines().filter(is_in).filter(|line| line.ends_with(": test")).count())
}
