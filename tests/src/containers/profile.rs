//! The one-roof profile, pointed at containers.

use std::fs;
use std::path::{Path, PathBuf};

use clonegate_sandbox::Fixture;
use toml_edit::DocumentMut;

use super::servers::Targets;
use super::ssh_host::{HOST, SshHost};
use crate::harness::set;

/// Writes it into a folder: production over TCP with a password, the clone by `docker exec`.
pub(super) fn write(folder: &Path, targets: &Targets) -> PathBuf {
    Fixture::unpack(&folder.join("profile")).expect("the profile can be written");
    let passfile = folder.join("production.pgpass");
    targets.write_passfile(&passfile);
    let config = folder.join("profile/clonegate.toml");
    edit(&config, |profile| {
        set(profile, "production.host", Some("127.0.0.1".into()));
        set(profile, "production.port", Some(i64::from(targets.production().port()).into()));
        set(profile, "production.passfile", Some(passfile.display().to_string().into()));
        set(profile, "clone.container", Some(targets.clone().name().into()));
    });
    config
}

/// The same `docker exec`, on the other end of ssh.
pub(super) fn lead_over(config: &Path, host: &SshHost) {
    edit(config, |profile| {
        set(profile, "clone.ssh", Some(HOST.into()));
        set(profile, "clone.ssh-config", Some(host.config().display().to_string().into()));
    });
}

pub(super) fn edit(config: &Path, change: impl FnOnce(&mut DocumentMut)) {
    let text = fs::read_to_string(config).expect("the profile can be read");
    let mut profile: DocumentMut = text.parse().expect("the profile is TOML");
    change(&mut profile);
    fs::write(config, profile.to_string()).expect("the profile can be written");
}
