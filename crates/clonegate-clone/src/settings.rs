//! How the clone is reached, and within which bounds.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clonegate_model::{CloneName, DatabaseName};

/// How the clone is reached. Where psql runs depends on `ssh` and `container`; everything after them
/// is meant there: the path of psql, the host, the port, the passfile.
#[derive(Debug, Clone)]
pub struct CloneSettings {
    /// The host to log in to; `None` runs on this machine.
    pub ssh: Option<SshSettings>,
    /// The container on that machine; `None` runs on the machine itself.
    pub container: Option<ContainerName>,
    /// The program that knows the container and understands `exec -i`: `docker`, `podman`.
    pub runtime: String,
    /// psql: a name that is looked up in `PATH`, or a path.
    pub psql: String,
    /// psql's `-h`: a host or a socket folder. `None` is psql's own default there.
    pub host: Option<String>,
    /// psql's `-p`.
    pub port: Option<u16>,
    /// The role that works on the clone; no superuser.
    pub role: String,
    /// `PGPASSFILE` where psql runs. Otherwise `~/.pgpass` there, or, without ssh and container,
    /// `PGPASSWORD` and `PGPASSFILE` of this process.
    pub passfile: Option<PathBuf>,
    /// The clone.
    pub database: CloneName,
    /// Where the clone's lock is taken and scratch copies are made from: a database of the same server
    /// to which both roles may connect. `postgres` by default.
    pub maintenance: DatabaseName,
    /// Who makes and drops scratch copies (`CREATEDB`); the clone's role by default.
    pub maintenance_role: Option<String>,
}

impl CloneSettings {
    /// A clone on this machine, with psql's defaults.
    ///
    /// # Panics
    /// Never: `postgres` is a database name.
    #[must_use]
    pub fn new(database: CloneName, role: impl Into<String>) -> Self {
        Self {
            ssh: None,
            container: None,
            runtime: "docker".to_owned(),
            psql: "psql".to_owned(),
            host: None,
            port: None,
            role: role.into(),
            passfile: None,
            database,
            maintenance: DatabaseName::new("postgres").expect("postgres is a database name"),
            maintenance_role: None,
        }
    }
}

/// The host to log in to. What is `None` here is asked of `ssh -G`, and without an `ssh` it is OpenSSH's
/// default.
#[derive(Debug, Clone, Default)]
pub struct SshSettings {
    /// The name as one would type it after `ssh`: a host, or a `Host` of `~/.ssh/config`.
    pub host: String,
    /// The user there.
    pub user: Option<String>,
    /// The port there.
    pub port: Option<u16>,
    /// Key files, tried in order after the agent; empty means those of the configuration.
    pub identities: Vec<PathBuf>,
    /// The file of known host keys. There is no way to skip the check.
    pub known_hosts: Option<PathBuf>,
    /// Another file than `~/.ssh/config`.
    pub config: Option<PathBuf>,
}

/// A container's name or id that can't be taken for an option or anything else on a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerName(String);

/// A text that is no container's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a container's name: letters, digits, '_', '.' and '-' are, and the first is a letter or digit"
)]
pub struct ContainerNameError(pub String);

impl ContainerName {
    /// Checks a name by Docker's own rule (`[a-zA-Z0-9][a-zA-Z0-9_.-]*`), up to 128 bytes.
    ///
    /// # Errors
    /// When it breaks the rule.
    pub fn new(name: impl Into<String>) -> Result<Self, ContainerNameError> {
        let name = name.into();
        let fits = name.len() <= 128
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        if fits { Ok(Self(name)) } else { Err(ContainerNameError(name)) }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContainerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Bounds of time, memory and load. Every one of them holds whatever a script or a database does.
#[derive(Debug, Clone)]
pub struct Limits {
    /// `statement_timeout` of a script's session.
    pub statement_timeout: Duration,
    /// `lock_timeout` of every session.
    pub lock_timeout: Duration,
    /// `idle_in_transaction_session_timeout` of every session.
    pub idle_timeout: Duration,
    /// How long a script may take from its start to its closing row, on the client's clock. Then its
    /// backend is ended.
    pub script_deadline: Duration,
    /// How long COMMIT or ROLLBACK may take, and how long the channel asks afterwards what became of a
    /// transaction.
    pub ending_deadline: Duration,
    /// `statement_timeout` of a reading.
    pub read_timeout: Duration,
    /// How long a login, to ssh or to the database, may take.
    pub connect_timeout: Duration,
    /// How long making or dropping a scratch copy may take.
    pub scratch_timeout: Duration,
    /// How much of a script's standard output is kept: its end. The rest is counted.
    pub output_bytes: usize,
    /// How much of psql's messages is kept: their end.
    pub message_bytes: usize,
    /// How many rows a reading keeps.
    pub reading_rows: usize,
    /// How many bytes a reading may have.
    pub reading_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            statement_timeout: Duration::from_secs(300),
            lock_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            script_deadline: Duration::from_secs(900),
            ending_deadline: Duration::from_secs(30),
            read_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(15),
            scratch_timeout: Duration::from_secs(900),
            output_bytes: 1024 * 1024,
            message_bytes: 64 * 1024,
            reading_rows: 500,
            reading_bytes: 8 * 1024 * 1024,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_name_is_no_option_and_no_shell_word() {
        assert!(ContainerName::new("one-roof_postgres.1").is_ok());
        for name in ["", "-i", "--privileged", "a b", "a;b", "a'b", "$(x)", "a/b", ".x"] {
            assert!(ContainerName::new(name).is_err(), "{name:?}");
        }
    }
}
