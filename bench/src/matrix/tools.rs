//! What other tools say of two databases.

use std::path::PathBuf;
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
    python: PathBuf,
    passfile: PathBuf,
    _process: Child,
    ask: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

/// The tools that are there.
pub(crate) struct Tools {
    pub(crate) reladiff: Option<Reladiff>,
    pub(crate) migra: bool,
    pub(crate) check_postgres: Option<CheckPostgres>,
}

impl Tools {
    pub(crate) async fn find(server: &LocalServer) -> Result<Self> {
        let reladiff = match peers::program("python") {
            None => None,
            Some(python) => Some(Reladiff::start(python, server.passfile())?),
        };
        let check_postgres = match CheckPostgres::version().await {
            None => None,
            Some(version) => {
                let remembered = tempfile::Builder::new().prefix("clonegate-bench-").tempdir()?;
                Some(CheckPostgres { version, remembered })
            }
        };
        Ok(Self { reladiff, migra: peers::program("migra").is_some(), check_postgres })
    }
}

fn uri(server: &LocalServer, database: &str) -> String {
    format!("postgresql://{}@127.0.0.1:{}/{database}", server.superuser(), server.port())
}

impl Reladiff {
    fn start(python: PathBuf, passfile: PathBuf) -> Result<Self> {
        let mut process = Command::new(&python)
            .args(["-c", COMPARE])
            .env("PGPASSFILE", &passfile)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("Python can't be run")?;
        let ask = process.stdin.take().context("it listens")?;
        let answers = process.stdout.take().context("it answers")?;
        let answers = BufReader::new(answers).lines();
        Ok(Self { python, passfile, _process: process, ask, answers })
    }

    /// Which tables differ, in its own words.
    pub(crate) async fn compare(&mut self, server: &LocalServer) -> Result<String> {
        match self.answer(server).await {
            Ok(answer) => {
                ensure!(!answer.starts_with("failed"), "{answer}");
                Ok(answer)
            }
            Err(why) => {
                // An answer that comes late would be taken for the next one.
                *self = Self::start(self.python.clone(), self.passfile.clone())?;
                Err(why)
            }
        }
    }

    async fn answer(&mut self, server: &LocalServer) -> Result<String> {
        let line = format!("{} {}\n", uri(server, ORIGINAL), uri(server, COPY));
        self.ask.write_all(line.as_bytes()).await?;
        let answer = tokio::time::timeout(PATIENCE, self.answers.next_line()).await;
        answer.context("it takes too long")??.context("it ended")
    }
}

/// What leads from one to the other, as SQL.
pub(crate) async fn migra(server: &LocalServer) -> Result<String> {
    let program = peers::program("migra").context("it is not installed")?;
    let mut command = Command::new(program);
    command.args(["--unsafe", "--with-privileges"]);
    command.args([uri(server, ORIGINAL), uri(server, COPY)]);
    command.env("PGPASSFILE", server.passfile());
    let ran = run(command).await?;
    // 2: there are differences.
    ensure!(matches!(ran.code, Some(0 | 2)), "{}", ran.error());
    Ok(ran.said)
}

/// Debian's check_postgres, and what it remembers of the copy before it was changed.
pub(crate) struct CheckPostgres {
    pub(crate) version: String,
    remembered: tempfile::TempDir,
}

impl CheckPostgres {
    /// Its version, if it is there.
    async fn version() -> Option<String> {
        let mut command = Command::new("check_postgres");
        command.arg("--version");
        let ran = run(command).await.ok()?;
        let version = ran.said.split_whitespace().last()?.to_owned();
        (ran.code == Some(0)).then_some(version)
    }

    /// What differs. It knows two ways to compare, and each sees what the other does not: with the original,
    /// where both share their roles, and with what it wrote down of the copy before, where it leaves out
    /// sequences' values.
    pub(crate) async fn same_schema(&self, server: &LocalServer) -> Result<String> {
        let with_before = async {
            let said = self.run(server, COPY).await?;
            // It had nothing to compare with.
            if said.starts_with("Created file") { self.run(server, COPY).await } else { Ok(said) }
        };
        let with_original = format!("{ORIGINAL},{COPY}");
        let (with_original, with_before) =
            tokio::try_join!(self.run(server, &with_original), with_before)?;
        Ok(with_original + &with_before)
    }

    /// What it says, if not that all is the same.
    async fn run(&self, server: &LocalServer, databases: &str) -> Result<String> {
        let mut command = Command::new("check_postgres");
        command.args(["--action=same_schema", "--host=127.0.0.1"]);
        command.arg(format!("--port={}", server.port()));
        command.arg(format!("--dbname={databases}"));
        command.arg(format!("--dbuser={}", server.superuser()));
        command.arg(format!("--audit-file-dir={}", self.remembered.path().display()));
        // Its options for this are switched off, as they come.
        command.env("PGBINDIR", server.installation().bin_dir());
        command.env("PGPASSFILE", server.passfile());
        let ran = run(command).await?;
        match ran.code {
            Some(0) if ran.said.starts_with("POSTGRES_SAME_SCHEMA OK") => Ok(String::new()),
            Some(0) if ran.said.starts_with("Created file") => Ok(ran.said),
            // Of its other failures, some have this code too.
            Some(2) if ran.said.contains("Items not matched") => Ok(ran.said),
            _ => bail!("{}", ran.error()),
        }
    }
}

/// A dump of the copy, which stands for its digest. With the database's own settings, because the question
/// is what a dump can tell, and because that is one option more.
pub(crate) async fn dump(server: &LocalServer) -> Result<String> {
    let mut command = Command::new(server.installation().program("pg_dump"));
    command.args(["--host=127.0.0.1", "--no-password", "--create", "--restrict-key=clonegate"]);
    command
        .args([format!("--port={}", server.port()), format!("--username={}", server.superuser())]);
    command.arg(format!("--dbname={COPY}")).env("PGPASSFILE", server.passfile());
    let ran = run(command).await?;
    ensure!(ran.code == Some(0), "{}", ran.error());
    Ok(ran.said)
}

/// What a program did.
struct Ran {
    /// `None` if a signal ended it.
    code: Option<i32>,
    said: String,
    complained: String,
}

impl Ran {
    /// What went wrong, as the program itself says it: its first line of an error, after whatever a traceback
    /// tells.
    fn error(&self) -> String {
        let lines = || self.complained.lines().chain(self.said.lines());
        let line = lines()
            .find(|line| !line.starts_with(' ') && line.to_lowercase().contains("error"))
            .or_else(|| lines().rfind(|line| !line.trim().is_empty()));
        let line = line.unwrap_or("it fails and does not say why");
        line.trim().chars().take(200).collect()
    }
}

async fn run(mut command: Command) -> Result<Ran> {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let done = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = done.context("it takes too long")?.context("it can't be run")?;
    Ok(Ran {
        code: output.status.code(),
        said: String::from_utf8_lossy(&output.stdout).into_owned(),
        complained: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
