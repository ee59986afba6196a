//! Where production is and who asks: libpq's settings, from a profile, a URL and the environment.

mod environment;
mod passfile;
mod service;
mod sources;
mod string;
mod words;

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clonegate_model::{DatabaseName, NameError};

pub use environment::Environment;
pub use passfile::PassfileError;
pub use string::{ConnectionString, StringProblem};
pub use words::{ChannelBinding, RootCertificates, SslMode, TargetSessionAttrs, UnknownWord};

use crate::Secret;
use sources::Sources;

/// What a profile may say about a connection. There is no field for a password: a profile is a
/// file that is committed and shared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// A host's name or address, or the folder of a unix socket (it begins with `/`).
    pub host: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// The role.
    pub user: Option<String>,
    /// The database.
    pub database: Option<DatabaseName>,
    /// How much of TLS is required.
    pub sslmode: Option<SslMode>,
    /// A PEM file, or `system`.
    pub sslrootcert: Option<String>,
    /// The password file, instead of `~/.pgpass`.
    pub passfile: Option<PathBuf>,
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The profile.
    Profile,
    /// A URL or keyword string.
    ConnectionString,
    /// A section of a service file.
    Service(String),
    /// An environment variable.
    Variable(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Profile => f.write_str("the profile"),
            Origin::ConnectionString => f.write_str("the connection string"),
            Origin::Service(name) => write!(f, "the service {name}"),
            Origin::Variable(name) => f.write_str(name),
        }
    }
}

/// Why settings can't be used. Never carries a password.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The connection string can't be taken apart.
    #[error("the connection string has {0}")]
    ConnectionString(#[source] StringProblem),
    /// A variable that should hold a connection string is not set.
    #[error("the environment variable {variable} is not set; put the connection string into it")]
    MissingVariable {
        /// The variable.
        variable: String,
    },
    /// A parameter that neither libpq nor the channel knows.
    #[error("{origin} has the parameter {name:?}, which is not known")]
    UnknownParameter {
        /// The parameter.
        name: String,
        /// Where it stands.
        origin: Origin,
    },
    /// A parameter of libpq's that the channel can't honour, and won't pass over in silence.
    #[error("{origin} sets {name}, which is not supported: {why}")]
    Unsupported {
        /// The parameter.
        name: String,
        /// Where it stands.
        origin: Origin,
        /// Why not, or what to use instead.
        why: &'static str,
    },
    /// A value that its parameter can't have. The value is not shown: in a connection string that
    /// was put together wrongly it may be a piece of a password.
    #[error("{name} from {origin} is not {expected}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// Where it stands.
        origin: Origin,
        /// What it should be.
        expected: &'static str,
    },
    /// The database's name.
    #[error("dbname from {origin} is not a database's name")]
    Database {
        /// Where it stands.
        origin: Origin,
        /// What is wrong with it.
        #[source]
        source: NameError,
    },
    /// No role is named.
    #[error("no role is named; set user in the profile, in the URL or in PGUSER")]
    MissingUser,
    /// `host`, `hostaddr` and `port` don't have equally many entries.
    #[error("{name} has {given} entries and there are {hosts} hosts")]
    Hosts {
        /// The parameter.
        name: &'static str,
        /// How many it has.
        given: usize,
        /// How many there should be.
        hosts: usize,
    },
    /// The system's roots sign for everybody, so a mode that does not check the name proves nothing.
    #[error("sslmode {mode} is too weak for sslrootcert=system; use verify-full")]
    WeakMode {
        /// The mode.
        mode: SslMode,
    },
    /// A verifying mode without anything to verify against.
    #[error(
        "sslmode {mode} needs root certificates and {} does not exist; set sslrootcert to a PEM file or to system",
        looked_at.display()
    )]
    MissingRoots {
        /// The mode.
        mode: SslMode,
        /// Where libpq keeps them.
        looked_at: PathBuf,
    },
    /// The password file.
    #[error("no password could be looked up")]
    Passfile(#[source] PassfileError),
    /// A service file can't be read.
    #[error("the service file {} can't be read", path.display())]
    ServiceFile {
        /// Where it is.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// No service file has the service.
    #[error("no service file has the service {service:?}")]
    UnknownService {
        /// The service.
        service: String,
    },
}

/// How to reach one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// By TCP. The name is what a certificate must be for; the address saves looking it up.
    Tcp {
        /// A name, or an address in its text form.
        name: String,
        /// `hostaddr`.
        address: Option<IpAddr>,
    },
    /// By the unix socket in a folder.
    Socket(PathBuf),
}

/// One server that may answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// How to reach it.
    pub host: Host,
    /// The port; it is part of a socket's name too.
    pub port: u16,
    password: Option<Secret>,
}

impl Endpoint {
    pub(crate) fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Tcp { name, .. } if name.contains(':') => write!(f, "[{name}]:{}", self.port),
            Host::Tcp { name, .. } => write!(f, "{name}:{}", self.port),
            Host::Socket(folder) => write!(f, "{}:{}", folder.display(), self.port),
        }
    }
}

/// Everything that is needed to connect. Made from a profile, a connection string and the
/// environment, in this order of precedence (a service file, where one is named, comes before the
/// environment).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionSettings {
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) user: String,
    pub(crate) database: DatabaseName,
    pub(crate) sslmode: SslMode,
    pub(crate) roots: RootCertificates,
    pub(crate) channel_binding: ChannelBinding,
    pub(crate) target: TargetSessionAttrs,
    pub(crate) connect_timeout: Option<Duration>,
}

impl ConnectionSettings {
    /// Puts the settings together.
    ///
    /// A password comes from the connection string, `PGPASSWORD` or a password file, and from
    /// nowhere else.
    ///
    /// # Errors
    /// [`SettingsError`] names the parameter and where it stands. Nothing is passed over silently
    /// but what the channel sets by itself (`application_name`, `client_encoding` and the like).
    pub fn resolve(
        fields: &Fields,
        string: Option<&ConnectionString>,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let sources = Sources::gather(fields, string, environment)?;
        let user = match sources.get("user") {
            Some((user, _)) => user,
            None => environment.os_user().ok_or(SettingsError::MissingUser)?.to_owned(),
        };
        let (database, origin) =
            sources.get("dbname").unwrap_or_else(|| (user.clone(), Origin::Variable("PGUSER")));
        let database = DatabaseName::new(database)
            .map_err(|source| SettingsError::Database { origin, source })?;
        let (sslmode, roots) = sources.tls(environment)?;
        let connect_timeout = sources
            .parse::<i32>("connect_timeout", "a number of seconds")?
            .and_then(|seconds| u64::try_from(seconds).ok())
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs);
        let endpoints = sources.endpoints(environment, database.as_str(), &user)?;
        Ok(Self {
            endpoints,
            user,
            database,
            sslmode,
            roots,
            channel_binding: sources
                .parse("channel_binding", "disable, prefer or require")?
                .unwrap_or(ChannelBinding::Prefer),
            target: sources
                .parse(
                    "target_session_attrs",
                    "any, read-write, read-only, primary, standby or prefer-standby",
                )?
                .unwrap_or(TargetSessionAttrs::Any),
            connect_timeout,
        })
    }

    /// The servers, in the order in which they are tried.
    #[must_use]
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &DatabaseName {
        &self.database
    }

    /// The role.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// How much of TLS is required.
    #[must_use]
    pub fn sslmode(&self) -> SslMode {
        self.sslmode
    }

    /// Whose signature is trusted.
    #[must_use]
    pub fn root_certificates(&self) -> &RootCertificates {
        &self.roots
    }
}

#[cfg(test)]
mod tests;
