//! ssh into one container, `docker exec` into another: the way of the reference report. Needs a Docker
//! engine and the images that `cargo xtask images` makes.

use std::process::Command;
use std::time::{Duration, Instant};

use clonegate_clone::{
    CloneChannel, CloneSettings, ContainerName, Ending, Facts, HoldError, Limits, Outcome,
    ScriptFailure, SshSettings, Step,
};
use clonegate_sql::ReadOnlyStatement;

use crate::harness::{clone_name, run_id};
use crate::script::{run, script};

/// What is removed at the end.
struct Containers {
    folder: tempfile::TempDir,
    ssh: String,
    postgres: String,
    port: u16,
}

impl Drop for Containers {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "-f", "-v", &self.ssh, &self.postgres]).output();
    }
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("these tests need docker");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The official image where the engine has it, else the project's own.
fn image(version: &str) -> String {
    let official = format!("postgres:{version}");
    let there = Command::new("docker").args(["image", "inspect", &official]).output();
    if there.is_ok_and(|o| o.status.success()) {
        official
    } else {
        format!("clonegate-postgres:{version}")
    }
}

fn start(version: &str) -> Containers {
    let folder = tempfile::tempdir().unwrap();
    for key in ["host", "me"] {
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(folder.path().join(key))
            .status()
            .unwrap();
        assert!(made.success());
    }
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let unique = format!("{}-{version}-{:?}", std::process::id(), Instant::now())
        .replace(|c: char| !c.is_ascii_alphanumeric(), "");
    let (ssh, postgres) = (format!("cgc-ssh-{unique}"), format!("cgc-postgres-{unique}"));
    let label = ["--label", "clonegate.test=clone"];
    let mut words = vec!["run", "-d", "--name", &postgres];
    words.extend(label);
    let image = image(version);
    words.extend(["-e", "POSTGRES_HOST_AUTH_METHOD=trust", &image, "-c", "fsync=off"]);
    docker(&words);
    let authorized = format!("CLONEGATE_SSH_AUTHORIZED_KEYS={}", read("me.pub").trim());
    let host_key = format!("CLONEGATE_SSH_HOST_KEY={}", read("host"));
    let mut words = vec!["run", "-d", "--name", &ssh, "-p", "127.0.0.1::22"];
    words.extend(label);
    words.extend([
        "-v",
        "/var/run/docker.sock:/var/run/docker.sock",
        "-e",
        &authorized,
        "-e",
        &host_key,
        "clonegate-ssh:1",
    ]);
    docker(&words);
    let published = docker(&["port", &ssh, "22"]);
    let port = published.lines().next().unwrap().rsplit_once(':').unwrap().1.parse().unwrap();
    std::fs::write(folder.path().join("known"), format!("[127.0.0.1]:{port} {}", read("host.pub")))
        .unwrap();
    let containers = Containers { folder, ssh, postgres, port };
    let begun = Instant::now();
    loop {
        let up = Command::new("docker")
            .args([
                "exec",
                &containers.postgres,
                "psql",
                "-XAtq",
                "-U",
                "postgres",
                "-h",
                "127.0.0.1",
                "-c",
                "select 1",
            ])
            .output()
            .unwrap();
        if up.status.success() {
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "{}",
            docker(&["logs", &containers.postgres])
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    containers.sql("postgres", "create role gate login createdb");
    containers.sql("postgres", "create database clone_test_far owner gate");
    containers.sql(
        "clone_test_far",
        "set role gate; create table kept as select generate_series(1, 3) as i",
    );
    containers
}

impl Containers {
    fn sql(&self, database: &str, sql: &str) -> String {
        docker(&[
            "exec",
            &self.postgres,
            "psql",
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "postgres",
            "-d",
            database,
            "-c",
            sql,
        ])
    }

    fn exists(&self, relation: &str) -> bool {
        self.sql("clone_test_far", &format!("select to_regclass('{relation}') is not null")) == "t"
    }

    fn settings(&self) -> CloneSettings {
        let mut settings = CloneSettings::new(clone_name("clone_test_far"), "gate");
        settings.ssh = Some(SshSettings {
            host: "127.0.0.1".to_owned(),
            user: Some("root".to_owned()),
            port: Some(self.port),
            identities: vec![self.folder.path().join("me")],
            known_hosts: Some(self.folder.path().join("known")),
            config: Some("/dev/null".into()),
        });
        settings.container = Some(ContainerName::new(&self.postgres).unwrap());
        settings
    }
}

/// Ends every login to the container, and leaves the listener.
const END_SESSIONS: &str = r#"for p in /proc/[0-9]*; do
    case $(tr '\0' ' ' <"$p/cmdline") in sshd*': root'*) kill -9 "${p#/proc/}" ;; esac
done; true"#;

async fn all_of_it(version: &str) {
    let containers = start(version);
    let limits = Limits { ending_deadline: Duration::from_secs(15), ..Limits::default() };
    let channel =
        CloneChannel::open(containers.settings(), &run_id(), limits.clone()).await.unwrap();
    let mut hold = channel.hold(&crate::harness::me()).await.unwrap();
    let other = CloneChannel::open(containers.settings(), &run_id(), limits).await.unwrap();
    assert!(matches!(other.hold(&crate::harness::me()).await, Err(HoldError::Held(_))));

    let outcome = run(&channel, "create table made as select 'it''s $x' as t;", Ending::Commit)
        .await
        .unwrap();
    assert_eq!(outcome.outcome, Outcome::Committed);
    assert_eq!(containers.sql("clone_test_far", "select t from made"), "it's $x");
    let outcome = run(&channel, "drop table made;", Ending::RollBack).await.unwrap();
    assert_eq!(outcome.outcome, Outcome::RolledBack);
    assert!(containers.exists("made"));

    let judged: Vec<_> = ["select 1.50 as n", "select nope", "select count(*) from kept"]
        .iter()
        .map(|s| ReadOnlyStatement::judge(s).unwrap())
        .collect();
    let readings = channel.read(&judged, &Facts::default()).await;
    assert_eq!(readings.answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!((readings.footprint.transactions, readings.footprint.asserted_without_xid), (1, 1));

    let row = "y".repeat(1000);
    let mut text = String::from("create table big (t text);\n");
    for _ in 0..10_000 {
        text.push_str(&format!("insert into big values ('{row}') returning t;\n"));
    }
    let outcome = run(&channel, &text, Ending::Commit).await.unwrap();
    assert_eq!(outcome.output.bytes, 10_000 * 1001);

    // Cut in the middle: docker exec's child is left behind on the host, and its backend is ended.
    let error = channel
        .run(&script("create table cut (i int); select pg_sleep(60);"), Ending::Commit, |step| {
            if let Step::Opened(_) = step {
                docker(&["exec", &containers.ssh, "sh", "-c", END_SESSIONS]);
            }
            Ok(())
        })
        .await
        .unwrap_err();
    assert!(matches!(error.failure, ScriptFailure::Lost(_)), "{error:?}");
    assert_eq!(error.outcome, Outcome::RolledBack);
    assert!(!containers.exists("cut"));
    let left = "select count(*) from pg_stat_activity where datname = 'clone_test_far' and pid <> pg_backend_pid()";
    assert_eq!(containers.sql("clone_test_far", left), "0");
    // The hold went over the same connection, and says so.
    assert!(hold.mark_now().await.is_err());

    let scratch = channel.create_scratch(clone_name("clone_test_far_scratch")).await.unwrap();
    run(scratch.channel(), "drop table kept;", Ending::Commit).await.unwrap();
    scratch.drop_database().await.unwrap();
    assert!(containers.exists("kept"));

    // The whole server goes away under a script: nothing can be asked, and nothing is guessed.
    let error = channel
        .run(&script("create table gone (i int); select pg_sleep(60);"), Ending::Commit, |step| {
            if let Step::Opened(_) = step {
                docker(&["kill", &containers.postgres]);
            }
            Ok(())
        })
        .await
        .unwrap_err();
    assert!(matches!(error.outcome, Outcome::Unknown(_)), "{error:?}");
    docker(&["start", &containers.postgres]);
}

#[tokio::test]
async fn ssh_and_docker_exec_with_postgresql_15() {
    all_of_it("15").await;
}

#[tokio::test]
async fn ssh_and_docker_exec_with_postgresql_17() {
    all_of_it("17").await;
}
