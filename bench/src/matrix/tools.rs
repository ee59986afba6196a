//! What other tools say of two databases.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clonegate_sandbox::LocalServer;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::zoo::{COPY, ORIGINAL};
use crate::peers;

/// How long one tool may take for one comparison.
const PATIENCE: Duration = Duration::from_secs(120);

const COMPARE: &str = include_str!("../../peers/compare.py");

/// reladiff in a process that stays: to start Python takes longer than to compare.
pub(crate) struct Reladiff {
    _process: Child,
    ask: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

/// The tools that are there.
pub(crate) struct Tools {
    pub(crate) reladiff: Option<Reladiff>,
    pub(crate) migra: bool,
    pub(crate) check_postgres: bool,
}

impl Tools {
    pub(crate) async fn find(server: &LocalServer) -> Result<Self> {
        let reladiff = match peers::program("python") {
            None => None,
            Some(python) => Some(Reladiff::start(&python, server)?),
        };
        let check_postgres = answers("check_postgres").await;
        Ok(Self { reladiff, migra: peers::program("migra").is_some(), check_postgres })
    }
}

/// Whether a program is there.
async fn answers(program: &str) -> bool {
    let asked = Command::new(program).arg("--version").stdin(Stdio::null()).output().await;
    asked.is_ok_and(|output| output.status.success())
}

fn uri(server: &LocalServer, database: &str) -> String {
    format!("postgresql://{}@127.0.0.1:{}/{database}", server.superuser(), server.port())
}

impl Reladiff {
    fn start(python: &std::path::Path, server: &LocalServer) -> Result<Self> {
        let mut process = Command::new(python)
            .args(["-c", COMPARE])
            .env("PGPASSFILE", server.passfile())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("Python can't be run")?;
        let ask = process.stdin.take().context("it listens")?;
        let answers = process.stdout.take().context("it answers")?;
        Ok(Self { _process: process, ask, answers: BufReader::new(answers).lines() })
    }

    /// Which tables differ, in its own words.
    pub(crate) async fn compare(&mut self, server: &LocalServer) -> Result<String> {
        let line = format!("{} {}\n", uri(server, ORIGINAL), uri(server, COPY));
        self.ask.write_all(line.as_bytes()).await?;
        let answer = tokio::time::timeout(PATIENCE, self.answers.next_line()).await;
        let answer = answer.context("reladiff takes too long")??.context("reladiff ended")?;
        ensure!(!answer.starts_with("failed"), "{answer}");
        // What it can't compare is no difference, and may be another table after the change.
        Ok(if answer.starts_with("different") { answer } else { "equal".to_owned() })
    }
}

/// What leads from one to the other, as SQL.
pub(crate) async fn migra(server: &LocalServer) -> Result<String> {
    let program = peers::program("migra").context("migra is not installed")?;
    let mut command = Command::new(program);
    command.args(["--unsafe", "--with-privileges"]);
    command.args([uri(server, ORIGINAL), uri(server, COPY)]);
    command.env("PGPASSFILE", server.passfile());
    let (code, said) = run(command, "migra").await?;
    // 2: there are differences.
    ensure!(matches!(code, 0 | 2), "migra fails");
    Ok(said)
}

/// What differs, by check_postgres.
pub(crate) async fn same_schema(server: &LocalServer) -> Result<String> {
    let mut command = Command::new("check_postgres");
    let port = server.port();
    command.args(["--action=same_schema", "--host=127.0.0.1", "--host2=127.0.0.1"]);
    command.args([format!("--port={port}"), format!("--port2={port}")]);
    command.args([format!("--dbname={ORIGINAL}"), format!("--dbname2={COPY}")]);
    command.arg(format!("--dbuser={}", server.superuser()));
    command.arg(format!("--PSQL={}", server.installation().program("psql").display()));
    command.env("PGPASSFILE", server.passfile());
    let (code, said) = run(command, "check_postgres").await?;
    // 2: there are differences, or something else; its words tell.
    ensure!(matches!(code, 0 | 2) && !said.contains("ERROR"), "check_postgres fails");
    // How long it took stands behind the last bar.
    Ok(said.rsplit_once('|').map_or(said.clone(), |(said, _)| said.to_owned()))
}

/// The digest of a dump of the copy.
pub(crate) async fn dump(server: &LocalServer) -> Result<String> {
    let mut command = Command::new(server.installation().program("pg_dump"));
    command.args(["--host=127.0.0.1", "--no-password", "--restrict-key=clonegate"]);
    command
        .args([format!("--port={}", server.port()), format!("--username={}", server.superuser())]);
    command.arg(format!("--dbname={COPY}")).env("PGPASSFILE", server.passfile());
    let (code, said) = run(command, "pg_dump").await?;
    ensure!(code == 0, "pg_dump fails");
    Ok(said)
}

async fn run(mut command: Command, name: &str) -> Result<(i32, String)> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let done = tokio::time::timeout(PATIENCE, command.output()).await;
    let Ok(output) = done else { bail!("{name} takes too long") };
    let output = output.with_context(|| format!("{name} can't be run"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok((output.status.code().unwrap_or(-1), said))
}
