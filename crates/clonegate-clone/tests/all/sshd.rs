//! The way over ssh, to an sshd that the test starts itself; needs /usr/sbin/sshd (openssh-server) and
//! OpenSSH's client.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use clonegate_clone::{
    CloneChannel, Ending, Facts, OpenError, Outcome, ScriptFailure, SshError, SshSettings,
    StartError, Step,
};
use clonegate_sql::ReadOnlyStatement;

use crate::harness::{Fixture, fixture};
use crate::script::{run, script};

/// An sshd on a port of its own, with a key of its own, into which one key may log in.
struct Sshd {
    folder: tempfile::TempDir,
    port: u16,
    process: Child,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn keygen(path: &Path, kind: &str, passphrase: &str) {
    let status = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-N", passphrase, "-C", "test", "-f"])
        .arg(path)
        .status()
        .expect("these tests need ssh-keygen (openssh-client)");
    assert!(status.success());
}

fn sshd() -> Sshd {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    keygen(&at("host"), "ed25519", "");
    keygen(&at("host_ecdsa"), "ecdsa", "");
    keygen(&at("me"), "ed25519", "");
    keygen(&at("locked"), "ed25519", "secret");
    keygen(&at("stranger"), "ed25519", "");
    std::fs::copy(at("me.pub"), at("authorized")).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder_name = folder.path().display();
    let configuration = format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder_name}/host\nHostKey {folder_name}/host_ecdsa\n\
         AuthorizedKeysFile {folder_name}/authorized\nStrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
    );
    std::fs::write(at("sshd_config"), configuration).unwrap();
    if rustix::process::getuid().is_root() {
        std::fs::create_dir_all("/run/sshd").unwrap();
    }
    let process = Command::new("/usr/sbin/sshd")
        .args(["-D", "-e", "-f"])
        .arg(at("sshd_config"))
        .stderr(Stdio::from(std::fs::File::create(at("log")).unwrap()))
        .spawn()
        .expect("these tests need sshd (openssh-server)");
    let begun = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "{}",
            std::fs::read_to_string(at("log")).unwrap()
        );
    }
    let sshd = Sshd { folder, port, process };
    sshd.know("known", "host");
    sshd
}

impl Sshd {
    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of known hosts.
    fn know(&self, file: &str, key: &str) {
        let public = std::fs::read_to_string(self.at(&format!("{key}.pub"))).unwrap();
        std::fs::write(self.at(file), format!("[127.0.0.1]:{} {public}", self.port)).unwrap();
    }

    fn settings(&self, key: &str, known: &str) -> SshSettings {
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        SshSettings {
            host: "127.0.0.1".to_owned(),
            user: Some(String::from_utf8(user).unwrap().trim().to_owned()),
            port: Some(self.port),
            identities: vec![self.at(key)],
            known_hosts: Some(self.at(known)),
            config: Some("/dev/null".into()),
        }
    }

    /// Ends the connections, and leaves the listener.
    fn cut(&self) {
        let me = self.process.id().to_string();
        let children = Command::new("pgrep").args(["-P", &me]).output().unwrap();
        for child in String::from_utf8(children.stdout).unwrap().split_whitespace() {
            Command::new("kill").args(["-9", child]).status().unwrap();
        }
    }
}

async fn over(sshd: &Sshd, fixture: &mut Fixture) -> CloneChannel {
    fixture.settings.ssh = Some(sshd.settings("me", "known"));
    fixture.open().await
}

#[tokio::test]
async fn scripts_readings_and_holds_go_over_one_connection() {
    let (sshd, mut fixture) = (sshd(), fixture());
    let channel = over(&sshd, &mut fixture).await;
    assert!(channel.route().starts_with("ssh "), "{}", channel.route());
    let mut hold = channel.hold(&crate::harness::me()).await.unwrap();
    let begun = Instant::now();
    let outcome = run(&channel, "create table made as select 'it''s $x' as t;", Ending::Commit)
        .await
        .unwrap();
    let ran = begun.elapsed();
    assert_eq!(outcome.outcome, Outcome::Committed);
    assert_eq!(fixture.sql("select t from made"), "it's $x");
    let begun = Instant::now();
    let statement = ReadOnlyStatement::judge("select count(*) from kept").unwrap();
    let readings = channel.read(&[statement], &Facts::default()).await;
    println!("over ssh: a script {ran:?}, a reading {:?}", begun.elapsed());
    assert!(readings.answers[0].is_ok());
    hold.mark_now().await.unwrap();
    let connections =
        Command::new("pgrep").args(["-c", "-P", &sshd.process.id().to_string()]).output().unwrap();
    assert_eq!(String::from_utf8(connections.stdout).unwrap().trim(), "1");
}

#[tokio::test]
async fn ten_megabytes_go_through_ssh_both_ways_and_errors_come_apart() {
    let (sshd, mut fixture) = (sshd(), fixture());
    let channel = over(&sshd, &mut fixture).await;
    let row = "y".repeat(1000);
    let mut text = String::from("create table made (t text);\n");
    for _ in 0..10_000 {
        text.push_str(&format!("insert into made values ('{row}') returning t;\n"));
    }
    let outcome = run(&channel, &text, Ending::Commit).await.unwrap();
    assert_eq!(outcome.output.bytes, 10_000 * 1001);
    let error = run(&channel, "select 1;\nselect nope;", Ending::Commit).await.unwrap_err();
    assert!(matches!(error.failure, ScriptFailure::Sql { line: Some(2), .. }), "{error:?}");
}

#[tokio::test]
async fn an_unknown_or_changed_host_key_is_refused() {
    let (sshd, mut fixture) = (sshd(), fixture());
    std::fs::write(sshd.at("empty"), "").unwrap();
    sshd.know("changed", "stranger");
    for known in ["empty", "changed", "missing"] {
        fixture.settings.ssh = Some(sshd.settings("me", known));
        let opened =
            CloneChannel::open(fixture.settings.clone(), &fixture.run, fixture.limits.clone())
                .await;
        let error = opened.unwrap_err();
        assert!(
            matches!(error, OpenError::Start(StartError::Ssh(SshError::HostKey { .. }))),
            "{known}: {error:?}"
        );
    }
    // Any of the host's keys will do, and the other file is found.
    sshd.know("ecdsa", "host_ecdsa");
    fixture.settings.ssh = Some(sshd.settings("me", "ecdsa"));
    fixture.open().await;
}

#[tokio::test]
async fn keys_that_do_not_open_say_why() {
    let (sshd, mut fixture) = (sshd(), fixture());
    for (key, why) in [
        ("stranger", "does not accept"),
        ("locked", "add it to the agent"),
        ("none", "no key file"),
    ] {
        fixture.settings.ssh = Some(sshd.settings(key, "known"));
        let opened =
            CloneChannel::open(fixture.settings.clone(), &fixture.run, fixture.limits.clone())
                .await;
        let OpenError::Start(StartError::Ssh(error)) = opened.unwrap_err() else { panic!("{key}") };
        assert!(matches!(error, SshError::Authentication { .. }), "{error:?}");
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[tokio::test]
async fn an_ssh_that_is_cut_in_the_middle_leaves_nothing() {
    let (sshd, mut fixture) = (sshd(), fixture());
    let channel = over(&sshd, &mut fixture).await;
    let error = channel
        .run(&script("create table made (i int); select pg_sleep(30);"), Ending::Commit, |step| {
            if let Step::Opened(_) = step {
                sshd.cut();
            }
            Ok(())
        })
        .await
        .unwrap_err();
    assert!(matches!(error.failure, ScriptFailure::Lost(_)), "{error:?}");
    assert_eq!(error.outcome, Outcome::RolledBack);
    fixture.until_no_session_is_left().await;
    assert!(!fixture.exists("made"));
    // The connection is made anew.
    run(&channel, "create table made (i int);", Ending::Commit).await.unwrap();
}

#[tokio::test]
async fn an_ssh_that_is_cut_around_commit_tells_the_truth() {
    let (sshd, mut fixture) = (sshd(), fixture());
    for delay in [0, 0, 1, 2, 4, 8, 16] {
        let channel = over(&sshd, &mut fixture).await;
        fixture.sql("drop table if exists made");
        let mut cutter = None;
        let outcome = channel
            .run(&script("create table made (i int);"), Ending::Commit, |step| {
                if let Step::Ending(..) = step {
                    let me = sshd.process.id();
                    let cut = format!("sleep 0.0{delay:02}; pkill -9 -P {me}");
                    cutter = Some(Command::new("sh").args(["-c", &cut]).spawn().unwrap());
                }
                Ok(())
            })
            .await;
        // Or it would cut the next connection.
        cutter.expect("the end was told").wait().unwrap();
        let outcome = outcome.map_or_else(|e| e.outcome, |r| r.outcome);
        let expected =
            if fixture.exists("made") { Outcome::Committed } else { Outcome::RolledBack };
        assert_eq!(outcome, expected, "cut after {delay} ms");
    }
}
