//! The binary under test as a process.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use clonegate_model::RunRecord;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::{PATIENCE, until};

/// A run of the gate that is going on.
pub(crate) struct Gate {
    child: Child,
    store: PathBuf,
    /// Runs whose journals are none of its own.
    earlier: BTreeSet<OsString>,
}

/// A command that ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; `None` after a signal.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Both outputs, for assertions that fail.
    pub(crate) fn said(&self) -> String {
        format!("exit {:?}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.stdout, self.stderr)
    }

    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The binary with nothing of the caller's environment that reaches a server.
pub(crate) fn command(store: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clonegate-under-test"));
    command.arg("--store").arg(store).args(args);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["PG", "SSH_", "CLONEGATE_"].iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    // Who asks is recorded.
    command.env("USER", "alice");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs a command to its end.
pub(crate) async fn run(store: &Path, args: &[&str]) -> Ended {
    let output = tokio::time::timeout(PATIENCE * 2, command(store, args).output()).await;
    Ended::of(output.expect("the command ends").expect("the command starts"))
}

/// Runs a command that is given something on its standard input.
pub(crate) async fn run_with_input(store: &Path, args: &[&str], input: &[u8]) -> Ended {
    let mut child = command(store, args).stdin(Stdio::piped()).spawn().expect("the command starts");
    let mut pipe = child.stdin.take().expect("it has an input");
    // It may have read enough.
    let _ = pipe.write_all(input).await;
    drop(pipe);
    let output = tokio::time::timeout(PATIENCE * 2, child.wait_with_output()).await;
    Ended::of(output.expect("the command ends").expect("the command can be waited for"))
}

impl Gate {
    /// Another command that goes on for a while.
    pub(crate) fn of(store: &Path, args: &[&str]) -> Self {
        let child = command(store, args).spawn().expect("the command starts");
        // It may take up a run that is there.
        Self { child, store: store.to_owned(), earlier: BTreeSet::new() }
    }

    /// With an authorization that is bound to what the profile now says.
    pub(crate) fn start(store: &Path, config: &Path) -> Self {
        authorize(config);
        Self::start_as_it_is(store, config)
    }

    /// With the authorization that stands there.
    pub(crate) fn start_as_it_is(store: &Path, config: &Path) -> Self {
        let config = config.to_str().expect("the path is text");
        let earlier = runs(store).map(|run| run.file_name()).collect();
        let child = command(store, &["gate", "--config", config]).spawn().expect("the gate starts");
        Self { child, store: store.to_owned(), earlier }
    }

    /// Waits until its journal has such a line.
    pub(crate) async fn noted(&mut self, line: &str) {
        let store = self.store.clone();
        until(&format!("the journal has {line}"), async || {
            if let Some(status) = self.child.try_wait().expect("the gate can be asked") {
                panic!("the gate ended with {status} before its journal had {line}");
            }
            journals(&store, &self.earlier).iter().any(|text| text.contains(line))
        })
        .await;
    }

    /// Waits until the journal says that a script was sent.
    pub(crate) async fn sent(&mut self, script: &str) {
        self.noted(&format!("\"event\":\"script-sent\",\"script\":\"{script}\"")).await;
    }

    /// SIGKILL.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("the gate can be killed");
    }

    /// A signal by its name, as from a terminal.
    pub(crate) async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("the gate runs").to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().await;
        assert!(sent.is_ok_and(|s| s.success()));
    }

    pub(crate) async fn end(self) -> Ended {
        let output = tokio::time::timeout(PATIENCE * 2, self.child.wait_with_output()).await;
        Ended::of(output.expect("the gate ends").expect("the gate can be waited for"))
    }
}

/// Binds the profile's authorization to what it now says, unless a case wrote an expiry of its own. A
/// profile that can't be read is the gate's to refuse.
pub(crate) fn authorize(config: &Path) {
    let expires: jiff::Timestamp = "2100-01-01T00:00:00Z".parse().expect("a time");
    let Ok(profile) = clonegate_profile::Profile::load(config) else { return };
    let own = profile.build.authorization.and_then(|a| a.expires);
    if own.is_none_or(|own| own == expires) {
        profile.binding.write(config, expires).expect("the profile can be written");
    }
}

fn runs(store: &Path) -> impl Iterator<Item = std::fs::DirEntry> {
    std::fs::read_dir(store.join("runs")).into_iter().flatten().flatten()
}

fn journals(store: &Path, but: &BTreeSet<OsString>) -> Vec<String> {
    runs(store)
        .filter(|run| !but.contains(&run.file_name()))
        .filter_map(|run| std::fs::read_to_string(run.path().join("journal.jsonl")).ok())
        .collect()
}

/// The records in a store, the oldest first, and their reports.
pub(crate) fn records(store: &Path) -> Vec<(RunRecord, String)> {
    let store = clonegate_store::Store::new(store);
    let runs = store.runs().expect("the store can be read");
    runs.into_iter()
        .filter(|run| run.path.join("run.json").exists())
        .map(|run| {
            let record = store.record(&run.run).expect("the record can be read");
            let report = std::fs::read_to_string(run.path.join("report.md")).unwrap_or_default();
            (record, report)
        })
        .collect()
}
