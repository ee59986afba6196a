//! A profile that points at containers, and the binary under test that takes it through the gate.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use clonegate_model::{Exit, RunRecord, Verdict};
use clonegate_sandbox::Fixture;
use tokio::process::{Child, Command};
use toml_edit::DocumentMut;

use super::servers::Targets;
use super::ssh_host::{HOST, SshHost};
use crate::harness::{PATIENCE, set, until};

/// The one-roof profile in a folder of its own, and the store beside it.
pub(super) struct Passage {
    folder: tempfile::TempDir,
    secret: String,
}

impl Passage {
    /// Production over TCP with a password; the clone by `docker exec`.
    pub(super) fn new(targets: &Targets) -> Self {
        let folder = tempfile::Builder::new().prefix("clonegate-passage-").tempdir();
        let folder = folder.expect("a temporary folder");
        Fixture::unpack(&folder.path().join("profile")).expect("the profile can be written");
        let passfile = folder.path().join("production.pgpass");
        targets.write_passfile(&passfile);
        let passage = Self { folder, secret: targets.password().expose().to_owned() };
        passage.edit(|profile| {
            set(profile, "production.host", Some("127.0.0.1".into()));
            set(profile, "production.port", Some(i64::from(targets.production().port()).into()));
            set(profile, "production.passfile", Some(passfile.display().to_string().into()));
            set(profile, "clone.container", Some(targets.clone().name().into()));
        });
        passage
    }

    /// The same `docker exec`, on the other end of ssh.
    pub(super) fn over(self, host: &SshHost) -> Self {
        self.edit(|profile| {
            set(profile, "clone.ssh", Some(HOST.into()));
            set(profile, "clone.ssh-config", Some(host.config().display().to_string().into()));
        });
        self
    }

    /// Without an authorization every script is rolled back.
    pub(super) fn without_authorization(self) -> Self {
        self.edit(|profile| {
            let build = profile["build"].as_table_mut().expect("[build] is a table");
            build.remove("authorization").expect("the profile has an authorization");
        });
        self
    }

    /// Puts a script in front of the build.
    pub(super) fn begin_with(self, name: &str, text: &str) -> Self {
        let path = self.folder.path().join("profile/build").join(name);
        fs::write(path, text).expect("the script can be written");
        self.edit(|profile| {
            let scripts = profile["build"]["scripts"].as_array_mut().expect("scripts are a list");
            scripts.insert(0, format!("build/{name}"));
        });
        self
    }

    fn edit(&self, change: impl FnOnce(&mut DocumentMut)) {
        let text = fs::read_to_string(self.config()).expect("the profile can be read");
        let mut profile: DocumentMut = text.parse().expect("the profile is TOML");
        change(&mut profile);
        fs::write(self.config(), profile.to_string()).expect("the profile can be written");
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("profile/clonegate.toml")
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Takes the profile through the gate.
    pub(super) async fn gate(&self) -> Passed {
        self.begin().end().await
    }

    /// Starts the gate.
    pub(super) fn begin(&self) -> Gate<'_> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_clonegate-under-test"));
        command.args(["gate", "--config"]).arg(self.config()).arg("--store").arg(self.store());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("PG") || text.starts_with("SSH_") || text.starts_with("CLONEGATE_")
            {
                command.env_remove(&name);
            }
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.kill_on_drop(true).spawn().expect("the gate starts");
        Gate { child, passage: self }
    }

    /// The folder of the only run.
    fn run(&self) -> Option<PathBuf> {
        let mut runs = fs::read_dir(self.store().join("runs")).ok()?.flatten();
        let run = runs.next()?.path();
        assert!(runs.next().is_none(), "there is more than one run");
        Some(run)
    }
}

/// A gate that was started.
pub(super) struct Gate<'a> {
    child: Child,
    passage: &'a Passage,
}

impl Gate<'_> {
    /// Waits until the journal says that a script was sent.
    pub(super) async fn until_sent(&mut self, script: &str) {
        let sent = format!("\"event\":\"script-sent\",\"script\":\"{script}\"");
        until(&format!("{script} is sent"), async || {
            let ended = self.child.try_wait().expect("the gate can be asked");
            assert_eq!(ended, None, "the gate ended before {script} was sent");
            let journal = self.passage.run().map(|run| run.join("journal.jsonl"));
            journal
                .and_then(|path| fs::read_to_string(path).ok())
                .is_some_and(|t| t.contains(&sent))
        })
        .await;
    }

    /// Waits for its end, and reads what it left.
    pub(super) async fn end(self) -> Passed {
        let output = tokio::time::timeout(PATIENCE * 3, self.child.wait_with_output()).await;
        let output = output.expect("the gate ends").expect("the gate can be waited for");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let run = self.passage.run();
        let read = |name: &str| {
            run.as_ref().and_then(|run| fs::read_to_string(run.join(name)).ok()).unwrap_or_default()
        };
        let passed = Passed {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            record: serde_json::from_str(&read("run.json")).ok(),
            report: read("report.md"),
        };
        for text in [&passed.stdout, &passed.stderr, &passed.report, &read("run.json")] {
            assert!(!text.contains(&self.passage.secret), "a password is in the output");
        }
        passed
    }
}

/// A gate that ended, and what it left.
pub(super) struct Passed {
    code: Option<i32>,
    stdout: String,
    stderr: String,
    record: Option<RunRecord>,
    pub(super) report: String,
}

impl Passed {
    /// Both outputs, for assertions that fail.
    pub(super) fn said(&self) -> String {
        format!("exit {:?}\n--- stdout\n{}\n--- stderr\n{}", self.code, self.stdout, self.stderr)
    }

    pub(super) fn record(&self) -> &RunRecord {
        self.record.as_ref().unwrap_or_else(|| panic!("there is no record: {}", self.said()))
    }

    /// The exit code, and the verdict of the record that goes with it.
    #[track_caller]
    pub(super) fn expect(&self, exit: Exit, verdict: Verdict) {
        assert_eq!(self.code, Some(i32::from(exit.code())), "{}", self.said());
        assert_eq!(self.record().verdict(), verdict, "{}", self.said());
    }
}
