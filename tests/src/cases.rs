//! The cases: one folder under `tests/cases/` each, data that says what happens to which database
//! at which phase, and which verdict, exit code and reasons must follow.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clonegate_model::Verdict;
use clonegate_sandbox::{Backend, Topology};
use rstest::rstest;
use serde::Deserialize;

use crate::containers::ssh_host::{HOST, SshHost};
use crate::harness::{Side, Trial, set};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Case {
    /// What the case shows.
    #[allow(dead_code, reason = "it is for readers of the file")]
    about: String,
    #[serde(default)]
    topology: Servers,
    /// Profile keys that are set.
    #[serde(default)]
    set: BTreeMap<String, toml::Value>,
    /// Profile keys that are removed.
    #[serde(default)]
    unset: Vec<String>,
    /// Files of the profile that are written.
    #[serde(default)]
    write: BTreeMap<String, String>,
    /// What the rollback script does first.
    #[serde(default)]
    take_back_first: String,
    /// Files and folders of the profile that are emptied or removed.
    #[serde(default)]
    remove: Vec<PathBuf>,
    /// Before the gate starts.
    #[serde(default)]
    before: Vec<Act>,
    /// While the first script of the build waits.
    #[serde(default)]
    during: Vec<Act>,
    /// What the script that waits does first.
    #[serde(default)]
    waiting_script: String,
    expect: Expect,
    /// What the databases must look like afterwards.
    #[serde(default)]
    state: Vec<State>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Servers {
    #[default]
    OneInstance,
    TwoInstances,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
enum Act {
    /// SQL as superuser.
    Sql { on: Side, run: String },
    /// SQL as superuser in this side's server, and not in its database: the gate sees who is on the clone.
    Server { on: Side, run: String },
    /// A session that stays until the gate has ended.
    Session { on: Side, run: String },
    /// More SQL in the session that was started last.
    Tell { on: Side, run: String },
    /// The server of this side ends as in a crash.
    Crash { on: Side },
    /// Another gate is started, and ends with this code.
    Gate { exit: i32 },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Expect {
    exit: i32,
    /// `None` where there is no run to have one.
    verdict: Option<Verdict>,
    /// Each is part of one of the record's reasons.
    #[serde(default)]
    reasons: Vec<String>,
    /// Each is part of a finding (`subject attribute: note`).
    #[serde(default)]
    findings: Vec<String>,
    /// Each is part of what the command says on standard error.
    #[serde(default)]
    says: Vec<String>,
    /// Each is part of the report.
    #[serde(default)]
    report: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct State {
    on: Side,
    ask: String,
    is: String,
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn case(#[files("cases/*/case.toml")] path: PathBuf) {
    run(&path).await;
}

/// The way to the clone: psql on this machine; with `CASES_OVER=docker` by `docker exec`, and with `CASES_OVER=ssh` by
/// the same behind ssh, which takes some minutes more.
pub(crate) async fn trial(topology: Topology) -> (Trial, Option<SshHost>) {
    let over = std::env::var("CASES_OVER").unwrap_or_default();
    match over.as_str() {
        "" => (Trial::with(topology).await, None),
        "docker" => (Trial::made_of(topology, Backend::Containers).await, None),
        "ssh" => {
            let made =
                tokio::join!(Trial::made_of(topology, Backend::Containers), SshHost::start());
            let (trial, host) = made;
            let config = host.config().display().to_string();
            trial.edit(|document| {
                set(document, "clone.ssh", Some(HOST.into()));
                set(document, "clone.ssh-config", Some(config.into()));
            });
            (trial, Some(host))
        }
        other => panic!("CASES_OVER is docker or ssh, and not {other:?}"),
    }
}

async fn run(path: &Path) {
    let text = fs::read_to_string(path).expect("the case can be read");
    let case: Case = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let topology = match case.topology {
        Servers::OneInstance => Topology::OneInstance,
        Servers::TwoInstances => Topology::TwoInstances,
    };
    let (trial, _host) = trial(topology).await;
    for (name, text) in &case.write {
        trial.write(name, text);
    }
    trial.edit(|document| {
        for (key, value) in &case.set {
            let value = value.to_string().parse().expect("a TOML value is one for the editor too");
            set(document, key, Some(value));
        }
        for key in &case.unset {
            set(document, key, None);
        }
    });
    if !case.take_back_first.is_empty() {
        trial.take_back_first(&case.take_back_first);
    }
    for name in &case.remove {
        remove(&trial.profile_folder().join(name));
    }
    let mut sessions = Vec::new();
    for act in &case.before {
        do_it(&trial, act, &mut sessions).await;
    }
    let ended = if case.during.is_empty() {
        trial.gate().await
    } else {
        trial.wait_in_the_build(0, &case.waiting_script);
        let gate = trial.gate_until_it_waits().await;
        for act in &case.during {
            do_it(&trial, act, &mut sessions).await;
        }
        let crashed = case.during.iter().any(|a| matches!(a, Act::Crash { on: Side::Clone }));
        let _go = if crashed { None } else { Some(trial.go().await) };
        gate.end().await
    };
    drop(sessions);

    assert_eq!(ended.code, Some(case.expect.exit), "{}", ended.said());
    for text in &case.expect.says {
        assert!(ended.stderr.contains(text), "it does not say {text:?}\n{}", ended.said());
    }
    let record = trial.records().pop();
    assert_eq!(
        record.as_ref().map(clonegate_model::RunRecord::verdict),
        case.expect.verdict,
        "{}",
        ended.said()
    );
    if let Some(record) = &record {
        let reasons = record.reasons();
        for text in &case.expect.reasons {
            assert!(
                reasons.iter().any(|r| r.contains(text)),
                "no reason has {text:?}: {reasons:#?}"
            );
        }
        let findings: Vec<String> = record
            .findings()
            .map(|f| format!("{} {}: {}", f.subject, f.attribute, f.note))
            .collect();
        for text in &case.expect.findings {
            assert!(
                findings.iter().any(|f| f.contains(text)),
                "no finding has {text:?}: {findings:#?}"
            );
        }
        if record.verdict() == Verdict::Pass {
            assert_eq!(reasons, Vec::<String>::new(), "a PASS has no reasons against it");
        }
        assert!(
            trial.report().contains(&record.verdict().to_string()),
            "the report says the verdict"
        );
        for text in &case.expect.report {
            assert!(trial.report().contains(text), "the report does not say {text:?}");
        }
    }
    for State { on, ask, is } in &case.state {
        assert_eq!(&trial.sql(*on, ask).await, is, "{ask}");
    }
    trial.assert_nothing_left().await;
}

async fn do_it(trial: &Trial, act: &Act, sessions: &mut Vec<crate::harness::Session>) {
    match act {
        Act::Sql { on, run } => drop(trial.sql(*on, run).await),
        Act::Server { on, run } => {
            let server = &trial.endpoint(*on).psql;
            server.run_sql("postgres", run).await.unwrap_or_else(|e| panic!("{run}: {e:?}"));
        }
        Act::Session { on, run } => sessions.push(trial.session(*on, None, "somebody", run).await),
        Act::Tell { on, run } => {
            let session = sessions.last_mut().expect("a session was started before");
            trial.tell(*on, session, run).await;
        }
        Act::Crash { on } => trial.crash(*on).await,
        Act::Gate { exit } => {
            let other = trial.gate().await;
            assert_eq!(other.code, Some(*exit), "{}", other.said());
        }
    }
}

fn remove(path: &Path) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("the folder can be read") {
            fs::remove_file(entry.expect("an entry").path()).expect("the file can be removed");
        }
    } else {
        fs::remove_file(path).expect("the file can be removed");
    }
}
