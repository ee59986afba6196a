//! The tests' containers: one server with both databases, and an sshd on the way to the clone.

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../../../tests/src/containers/engine.rs"]
mod engine;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../../../tests/src/containers/profile.rs"]
mod profile;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../../../tests/src/containers/servers.rs"]
mod servers;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../../../tests/src/containers/ssh_host.rs"]
mod ssh_host;

use std::path::{Path, PathBuf};

use clonegate_sandbox::{Fixture, Psql};

use self::servers::{Major, Targets};
use self::ssh_host::SshHost;

/// Containers that are gone when this is dropped.
pub(crate) struct Containers {
    targets: Targets,
    _host: SshHost,
    config: PathBuf,
}

impl Containers {
    /// Starts them, and writes the profile that points at them into a folder.
    pub(crate) async fn start(folder: &Path) -> Self {
        let (targets, host) = tokio::join!(Targets::in_one_instance(Major::V17), SshHost::start());
        let config = profile::write(folder, &targets);
        profile::lead_over(&config, &host);
        Self { targets, _host: host, config }
    }

    pub(crate) fn config(&self) -> &Path {
        &self.config
    }

    /// psql as superuser.
    pub(crate) fn server(&self) -> Psql {
        self.targets.production().psql()
    }

    /// psql as the clone's owner.
    pub(crate) fn owner(&self) -> Psql {
        Psql::in_container(self.targets.clone().name(), Fixture::CLONE_ROLE)
    }
}
