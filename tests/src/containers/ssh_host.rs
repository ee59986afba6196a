//! A host that is reached by ssh and has a Docker client, with what a user of it has at home: a
//! configuration, a key, and the host's key among the known ones. All of it is made anew for each test.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use russh::keys::ssh_key::LineEnding;
use russh::keys::{Algorithm, PrivateKey};
use testcontainers::ImageExt;
use testcontainers::core::Mount;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::engine::{self, Running};
use crate::harness::until;

/// The host's name in the configuration.
pub(crate) const HOST: &str = "clone-host";

/// A running sshd.
pub(crate) struct SshHost {
    container: Running,
    home: tempfile::TempDir,
}

impl SshHost {
    pub(crate) async fn start() -> Self {
        // The clone channel asks it what the configuration means.
        let client = Command::new("ssh").arg("-V").output();
        assert!(client.is_ok(), "there is no ssh here: install the OpenSSH client");
        let (host_key, user_key) = (new_key(), new_key());
        let private = |key: &PrivateKey| key.to_openssh(LineEnding::LF).expect("a key is text");
        let public = |key: &PrivateKey| key.public_key().to_openssh().expect("a key is text");
        let container = engine::start(&[engine::SSH_IMAGE], "ssh", 22, |request| {
            request
                .with_env_var("CLONEGATE_SSH_AUTHORIZED_KEYS", public(&user_key))
                .with_env_var("CLONEGATE_SSH_HOST_KEY", private(&host_key).as_str())
                .with_mount(Mount::bind_mount(engine::socket(), "/var/run/docker.sock"))
        })
        .await;
        let home = tempfile::Builder::new().prefix("clonegate-ssh-").tempdir();
        let host = Self { container, home: home.expect("a temporary folder") };
        write(&host.home.path().join("key"), &private(&user_key));
        host.know(&host_key);
        let file = |name: &str| host.home.path().join(name).display().to_string();
        let config = format!(
            "Host {HOST}\n  HostName 127.0.0.1\n  Port {}\n  User root\n  IdentityFile {}\n  IdentitiesOnly yes\n  \
             IdentityAgent none\n  UserKnownHostsFile {}\n  GlobalKnownHostsFile /dev/null\n",
            host.container.port(),
            file("key"),
            file("known_hosts"),
        );
        write(&host.config(), &config);
        // The engine takes connections before sshd does.
        until("sshd answers", async || host.answers().await).await;
        host
    }

    /// A file as `~/.ssh/config` is.
    pub(crate) fn config(&self) -> PathBuf {
        self.home.path().join("config")
    }

    /// From now on the host is known by a key that it does not have.
    pub(super) fn know_by_another_key(&self) {
        self.know(&new_key());
    }

    /// Cuts every connection; the host lives and can be reached again.
    pub(super) fn cut(&self) {
        // The first process of the container is the one that listens.
        self.container.shell(
            "for folder in /proc/[0-9]*; do \
                 case \"${folder#/proc/} $(cat \"$folder/comm\" 2>/dev/null)\" in \
                     '1 '*) ;; \
                     *' sshd'*) kill -KILL \"${folder#/proc/}\" 2>/dev/null || true ;; \
                 esac; \
             done",
        );
    }

    /// Kills every docker command on it.
    pub(super) fn kill_docker(&self) {
        self.container.shell(
            "for folder in /proc/[0-9]*; do \
                 case \"$(cat \"$folder/comm\" 2>/dev/null)\" in \
                     docker*) kill -KILL \"${folder#/proc/}\" 2>/dev/null || true ;; \
                 esac; \
             done",
        );
    }

    /// Ends the host.
    pub(super) async fn kill(&self) {
        self.container.kill().await;
    }

    /// What sshd logged.
    pub(super) fn log(&self) -> String {
        self.container.log()
    }

    fn know(&self, key: &PrivateKey) {
        let public = key.public_key().to_openssh().expect("a key is text");
        let line = format!("[127.0.0.1]:{} {public}\n", self.container.port());
        write(&self.home.path().join("known_hosts"), &line);
    }

    async fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.container.port())).await else {
            return false;
        };
        let mut banner = [0; 4];
        stream.read_exact(&mut banner).await.is_ok() && &banner == b"SSH-"
    }
}

fn new_key() -> PrivateKey {
    PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519)
        .expect("an Ed25519 key can be made")
}

/// Writes a file that only its owner can read, as ssh demands of a key.
fn write(path: &Path, text: &str) {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}
