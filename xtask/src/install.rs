//! Installs what is missing, where that is this program's to do: as root on Debian or Ubuntu.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::complain;

/// Whether a package that is missing on this machine may be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Install {
    /// Through apt-get, as root on Debian or Ubuntu, after saying so.
    Allowed,
    /// An error says what to install.
    Forbidden,
}

impl Install {
    pub(crate) fn unless(forbidden: bool) -> Self {
        if forbidden { Install::Forbidden } else { Install::Allowed }
    }
}

/// Makes sure that disposable servers can be started: local binaries, else an engine, else the
/// package is installed.
pub(crate) fn postgresql(clonegate: &Path, install: Install) -> Result<()> {
    let found = Command::new(clonegate)
        .args(["sandbox", "check"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("clonegate can't be run")?;
    if found.success() || engine_answers() {
        return Ok(());
    }
    const ADVICE: &str = "install PostgreSQL 14 or later (Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; macOS: brew install postgresql), or a Docker engine";
    if install == Install::Forbidden {
        bail!("there is neither a local PostgreSQL nor a Docker engine; {ADVICE}");
    }
    if !(is_root() && Path::new("/etc/debian_version").exists()) {
        bail!(
            "there is neither a local PostgreSQL nor a Docker engine, and packages can only be installed as root on Debian or Ubuntu; {ADVICE}"
        );
    }
    apt_get(&["postgresql"], "there is no local PostgreSQL")
}

/// Installs packages, after saying so.
pub(crate) fn apt_get(packages: &[&str], why: &str) -> Result<()> {
    complain(&format!(
        "{why}: installing {} with apt-get (--no-install forbids it)",
        packages.join(" ")
    ));
    let apt = |args: &[&str]| -> Result<()> {
        let output = Command::new("apt-get")
            .args(args)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .output()
            .context("apt-get can't be run")?;
        if !output.status.success() {
            bail!(
                "apt-get {} failed:\n{}",
                args.join(" "),
                String::from_utf8_lossy(&output.stderr).trim_end()
            );
        }
        Ok(())
    };
    let install = [&["install", "--yes", "--no-install-recommends"][..], packages].concat();
    // A fresh machine has no package lists yet.
    apt(&install).or_else(|_| apt(&["update"]).and_then(|()| apt(&install)))
}

/// Whether a Docker engine answers.
pub(crate) fn engine_answers() -> bool {
    let asked = Command::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

/// Whether this process is root's.
pub(crate) fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.trim_ascii() == b"0")
}
