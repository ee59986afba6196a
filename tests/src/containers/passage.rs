//! A profile that points at containers, and the binary under test that takes it through the gate.

use std::fs;
use std::path::PathBuf;

use clonegate_model::{Exit, RunRecord, Verdict};
use toml_edit::DocumentMut;

use super::profile;
use super::servers::Targets;
use super::ssh_host::SshHost;
use crate::harness::{Ended, Gate, records, run};

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
        profile::write(folder.path(), targets);
        Self { folder, secret: targets.password().expose().to_owned() }
    }

    /// The same `docker exec`, on the other end of ssh.
    pub(super) fn over(self, host: &SshHost) -> Self {
        profile::lead_over(&self.config(), host);
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
        // What it makes must be dropped, or the run would not begin.
        if let Some((_, made)) = text.split_once("create table ") {
            let table = made.split([' ', '(']).next().unwrap_or_default();
            let path = self.folder.path().join("profile/rollback/Z_axis_substrate_drop_clone.sql");
            let rollback = fs::read_to_string(&path).expect("there is a rollback script");
            let first = format!("drop table if exists {table};\n{rollback}");
            fs::write(path, first).expect("the rollback script can be written");
        }
        self.edit(|profile| {
            let scripts = profile["build"]["scripts"].as_array_mut().expect("scripts are a list");
            scripts.insert(0, format!("build/{name}"));
        });
        self
    }

    fn edit(&self, change: impl FnOnce(&mut DocumentMut)) {
        profile::edit(&self.config(), change);
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("profile/clonegate.toml")
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Takes the profile through the gate.
    pub(super) async fn gate(&self) -> Passed {
        let gate = self.begin();
        self.end(gate).await
    }

    /// Starts the gate.
    pub(super) fn begin(&self) -> Gate {
        Gate::start(&self.store(), &self.config())
    }

    /// Another command with this profile and store.
    pub(super) async fn command(&self, name: &str) -> Ended {
        let config = self.config();
        run(&self.store(), &[name, "--config", config.to_str().expect("the path is text")]).await
    }

    /// Waits for the gate's end, and reads what it left.
    pub(super) async fn end(&self, gate: Gate) -> Passed {
        let ended = gate.end().await;
        let (record, report) = records(&self.store()).pop().unzip();
        let report = report.unwrap_or_default();
        let json = serde_json::to_string(&record).expect("a record is JSON");
        for text in [&ended.said(), &report, &json] {
            assert!(!text.contains(&self.secret), "a password is in the output");
        }
        Passed { ended, record, report }
    }
}

/// A gate that ended, and what it left.
pub(super) struct Passed {
    ended: Ended,
    record: Option<RunRecord>,
    pub(super) report: String,
}

impl Passed {
    /// Both outputs, for assertions that fail.
    pub(super) fn said(&self) -> String {
        self.ended.said()
    }

    pub(super) fn record(&self) -> &RunRecord {
        self.record.as_ref().unwrap_or_else(|| panic!("there is no record: {}", self.said()))
    }

    /// The exit code, and the verdict of the record that goes with it.
    #[track_caller]
    pub(super) fn expect(&self, exit: Exit, verdict: Verdict) {
        assert_eq!(self.ended.code, Some(i32::from(exit.code())), "{}", self.said());
        assert_eq!(self.record().verdict(), verdict, "{}", self.said());
    }
}
