//! Where production is and who asks: libpq's settings, from a profile, a URL and the environment.

mod environment;
mod passfile;
mod service;
mod string;
mod words;

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clonegate_model::{DatabaseName, NameError};

pub use environment::Environment;
pub use passfile::PassfileError;
use passfile::Passfile;
pub use string::{ConnectionString, StringProblem};
pub use words::{ChannelBinding, RootCertificates, SslMode, TargetSessionAttrs, UnknownWord};

use crate::Secret;

const DEFAULT_PORT: u16 = 5432;
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

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
            None => environment
                .os_user()
                .ok_or(SettingsError::MissingUser)?
                .to_owned(),
        };
        let (database, origin) = sources
            .get("dbname")
            .unwrap_or_else(|| (user.clone(), Origin::Variable("PGUSER")));
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

struct Layer {
    values: Vec<(String, String, Origin)>,
}

impl Layer {
    fn get(&self, name: &str) -> Option<(String, Origin)> {
        // The last one counts, as in libpq.
        self.values
            .iter()
            .rev()
            .find(|(n, v, _)| n == name && !v.is_empty())
            .map(|(_, v, o)| (v.clone(), o.clone()))
    }
}

struct Sources(Vec<Layer>);

impl Sources {
    fn gather(
        fields: &Fields,
        string: Option<&ConnectionString>,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let mut layers = vec![Layer::of_fields(fields)];
        let service_from_string = match string {
            None => None,
            Some(ConnectionString(pairs)) => {
                let layer = Layer::of_pairs(pairs, &Origin::ConnectionString)?;
                let service = layer.get("service");
                layers.push(layer);
                service
            }
        };
        let service = service_from_string
            .map(|(name, _)| name)
            .or_else(|| environment.get("PGSERVICE").map(str::to_owned));
        if let Some(name) = service {
            let origin = Origin::Service(name.clone());
            let pairs = service::look_up(&name, environment)?;
            if pairs.iter().any(|(n, _)| n == "password") {
                return Err(unsupported(
                    "password",
                    origin,
                    "put it into a password file",
                ));
            }
            layers.push(Layer::of_pairs(&pairs, &origin)?);
        }
        layers.push(Layer::of_environment(environment)?);
        Ok(Self(layers))
    }

    fn get(&self, name: &str) -> Option<(String, Origin)> {
        self.0.iter().find_map(|layer| layer.get(name))
    }

    fn parse<T: FromStr>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, SettingsError> {
        let Some((value, origin)) = self.get(name) else {
            return Ok(None);
        };
        let parsed = value.parse().map_err(|_| SettingsError::Value {
            name,
            origin,
            expected,
        })?;
        Ok(Some(parsed))
    }

    fn tls(&self, environment: &Environment) -> Result<(SslMode, RootCertificates), SettingsError> {
        let mode = self.parse::<SslMode>(
            "sslmode",
            "disable, allow, prefer, require, verify-ca or verify-full",
        )?;
        let given = self.get("sslrootcert").map(|(value, _)| value);
        if given.as_deref() == Some("system") {
            return match mode.unwrap_or(SslMode::VerifyFull) {
                SslMode::VerifyFull => Ok((SslMode::VerifyFull, RootCertificates::System)),
                mode => Err(SettingsError::WeakMode { mode }),
            };
        }
        let mode = mode.unwrap_or(SslMode::Prefer);
        let verifies = matches!(mode, SslMode::VerifyCa | SslMode::VerifyFull);
        let roots = match given {
            Some(path) => RootCertificates::File(PathBuf::from(path)),
            None => match default_roots(environment) {
                Some(path) if path.exists() => RootCertificates::File(path),
                looked_at if verifies => {
                    let looked_at = looked_at.unwrap_or_else(|| "~/.postgresql/root.crt".into());
                    return Err(SettingsError::MissingRoots { mode, looked_at });
                }
                _ => RootCertificates::None,
            },
        };
        Ok((mode, roots))
    }

    fn endpoints(
        &self,
        environment: &Environment,
        database: &str,
        user: &str,
    ) -> Result<Vec<Endpoint>, SettingsError> {
        // host and hostaddr belong together: one that a higher layer gives hides both of a lower
        // one, so that a profile's host is never reached at an address from the environment.
        let layer = self
            .0
            .iter()
            .find(|l| l.get("host").is_some() || l.get("hostaddr").is_some());
        let list = |found: Option<(String, Origin)>| -> Vec<(String, Origin)> {
            found.map_or_else(Vec::new, |(value, origin)| {
                value
                    .split(',')
                    .map(|part| (part.trim().to_owned(), origin.clone()))
                    .collect()
            })
        };
        let mut names = list(layer.and_then(|l| l.get("host")));
        let addresses = list(layer.and_then(|l| l.get("hostaddr")));
        if names.is_empty() && addresses.is_empty() {
            names.push((default_host(), Origin::Variable("PGHOST")));
        }
        let hosts = names.len().max(addresses.len());
        let ports = list(self.get("port"));
        for (name, list, one_for_all) in [
            ("host", &names, false),
            ("hostaddr", &addresses, false),
            ("port", &ports, true),
        ] {
            let fits = list.is_empty() || list.len() == hosts || (one_for_all && list.len() == 1);
            if !fits {
                let given = list.len();
                return Err(SettingsError::Hosts { name, given, hosts });
            }
        }
        let password = self.get("password").map(|(value, _)| Secret::new(value));
        let passfile = match password {
            Some(_) => None,
            None => self.passfile(environment)?,
        };
        (0..hosts)
            .map(|n| {
                let port = match ports.get(n).or_else(|| ports.first()) {
                    None => DEFAULT_PORT,
                    Some((text, _)) if text.is_empty() => DEFAULT_PORT,
                    Some((text, origin)) => parse_port(text, origin)?,
                };
                let host = host_of(names.get(n), addresses.get(n))?;
                let known_as = match &host {
                    Host::Tcp { name, .. } => vec![name.clone()],
                    Host::Socket(folder) => {
                        vec![folder.display().to_string(), "localhost".to_owned()]
                    }
                };
                let known_as: Vec<&str> = known_as.iter().map(String::as_str).collect();
                let from_file = || {
                    passfile
                        .as_ref()
                        .and_then(|file| file.password(&known_as, port, database, user))
                };
                Ok(Endpoint {
                    host,
                    port,
                    password: password.clone().or_else(from_file),
                })
            })
            .collect()
    }

    /// A file that was asked for must be there; the default one may be absent.
    fn passfile(&self, environment: &Environment) -> Result<Option<Passfile>, SettingsError> {
        let (path, asked_for) = match self.get("passfile") {
            Some((path, _)) => (PathBuf::from(path), true),
            None => match environment.home() {
                Some(home) => (default_passfile(&home), false),
                None => return Ok(None),
            },
        };
        match Passfile::read(&path) {
            Ok(file) => Ok(Some(file)),
            Err(PassfileError::Unreadable { source, .. })
                if !asked_for && source.kind() == io::ErrorKind::NotFound =>
            {
                Ok(None)
            }
            Err(error) => Err(SettingsError::Passfile(error)),
        }
    }
}

fn default_roots(environment: &Environment) -> Option<PathBuf> {
    if cfg!(windows) {
        return Some(PathBuf::from(environment.get("APPDATA")?).join("postgresql/root.crt"));
    }
    Some(environment.home()?.join(".postgresql/root.crt"))
}

fn default_passfile(home: &Path) -> PathBuf {
    if cfg!(windows) {
        home.join("AppData/Roaming/postgresql/pgpass.conf")
    } else {
        home.join(".pgpass")
    }
}

fn default_host() -> String {
    let folder = SOCKET_FOLDERS
        .into_iter()
        .find(|folder| cfg!(unix) && Path::new(folder).is_dir());
    folder.unwrap_or("localhost").to_owned()
}

fn parse_port(text: &str, origin: &Origin) -> Result<u16, SettingsError> {
    let port = text.parse().ok().filter(|port| *port != 0);
    port.ok_or_else(|| SettingsError::Value {
        name: "port",
        origin: origin.clone(),
        expected: "a number from 1 to 65535",
    })
}

fn host_of(
    name: Option<&(String, Origin)>,
    address: Option<&(String, Origin)>,
) -> Result<Host, SettingsError> {
    let address = match address {
        Some((text, origin)) if !text.is_empty() => {
            let parsed = text
                .parse::<IpAddr>()
                .map_err(|_| SettingsError::Value {
                    name: "hostaddr",
                    origin: origin.clone(),
                    expected: "an IP address",
                })?;
            Some(parsed)
        }
        _ => None,
    };
    let name = name.map(|(text, _)| text.as_str()).filter(|t| !t.is_empty());
    Ok(match (name, address) {
        (Some(name), None) if name.starts_with('/') => Host::Socket(PathBuf::from(name)),
        (Some(name), address) => Host::Tcp {
            name: name.to_owned(),
            address,
        },
        (None, Some(address)) => Host::Tcp {
            name: address.to_string(),
            address: Some(address),
        },
        (None, None) => match default_host() {
            folder if folder.starts_with('/') => Host::Socket(PathBuf::from(folder)),
            name => Host::Tcp {
                name,
                address: None,
            },
        },
    })
}

/// Parameters that the channel reads.
const READ: [&str; 13] = [
    "host",
    "hostaddr",
    "port",
    "user",
    "dbname",
    "password",
    "passfile",
    "sslmode",
    "sslrootcert",
    "connect_timeout",
    "channel_binding",
    "target_session_attrs",
    "service",
];

/// Parameters that the channel sets by itself, whatever is given.
const SET_BY_THE_CHANNEL: [&str; 2] = ["application_name", "fallback_application_name"];

/// Parameters of libpq's that can't be honoured, the value that asks for nothing, and why.
const NOT_SUPPORTED: [(&str, &[&str], &str); 26] = [
    ("options", &[], OWN_SETTINGS),
    ("client_encoding", &["utf8", "UTF8", "auto"], "the channel reads UTF-8"),
    ("gssencmode", &["disable", "prefer"], NO_KERBEROS),
    ("krbsrvname", &[], NO_KERBEROS),
    ("gsslib", &[], NO_KERBEROS),
    ("gssdelegation", &["0"], NO_KERBEROS),
    ("sslcert", &[], NO_CLIENT_CERTIFICATE),
    ("sslkey", &[], NO_CLIENT_CERTIFICATE),
    ("sslpassword", &[], NO_CLIENT_CERTIFICATE),
    ("sslcertmode", &["disable", "allow"], NO_CLIENT_CERTIFICATE),
    ("sslcrl", &[], "revocation lists are not read"),
    ("sslcrldir", &[], "revocation lists are not read"),
    ("sslcompression", &["0"], "TLS is never compressed"),
    ("sslsni", &["1"], "a name is always sent"),
    ("sslnegotiation", &["postgres"], "TLS is always negotiated by PostgreSQL's message"),
    ("ssl_min_protocol_version", &["TLSv1", "TLSv1.1", "TLSv1.2"], "TLS 1.2 and 1.3 are spoken"),
    ("ssl_max_protocol_version", &["TLSv1.3"], "TLS 1.2 and 1.3 are spoken"),
    ("requirepeer", &[], "use TCP with sslmode=verify-full"),
    ("require_auth", &[], "use channel_binding=require"),
    ("replication", &["false", "off", "no", "0"], "the channel only reads"),
    ("load_balance_hosts", &["disable"], "hosts are tried in their order"),
    ("keepalives", &["1"], OWN_KEEPALIVES),
    ("keepalives_idle", &[], OWN_KEEPALIVES),
    ("keepalives_interval", &[], OWN_KEEPALIVES),
    ("keepalives_count", &[], OWN_KEEPALIVES),
    ("tcp_user_timeout", &["0"], OWN_KEEPALIVES),
];

const OWN_SETTINGS: &str = "the channel sets its session's settings itself";
const NO_KERBEROS: &str = "Kerberos is not spoken; use a password over TLS";
const NO_CLIENT_CERTIFICATE: &str = "client certificates are not sent; use a password over TLS";
const OWN_KEEPALIVES: &str = "every wait of the channel has a deadline of its own";

/// The environment variables of libpq, with their parameters.
const VARIABLES: [(&str, &str); 30] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGUSER", "user"),
    ("PGDATABASE", "dbname"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGAPPNAME", "application_name"),
    ("PGOPTIONS", "options"),
    ("PGGSSENCMODE", "gssencmode"),
    ("PGKRBSRVNAME", "krbsrvname"),
    ("PGGSSLIB", "gsslib"),
    ("PGGSSDELEGATION", "gssdelegation"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLCERTMODE", "sslcertmode"),
    ("PGSSLCRL", "sslcrl"),
    ("PGSSLCRLDIR", "sslcrldir"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
    ("PGSSLMAXPROTOCOLVERSION", "ssl_max_protocol_version"),
    ("PGREQUIREPEER", "requirepeer"),
    ("PGREQUIREAUTH", "require_auth"),
    ("PGLOADBALANCEHOSTS", "load_balance_hosts"),
    ("PGSSLSNI", "sslsni"),
];

fn unsupported(name: &str, origin: Origin, why: &'static str) -> SettingsError {
    SettingsError::Unsupported {
        name: name.to_owned(),
        origin,
        why,
    }
}

fn admit(name: &str, value: &str, origin: &Origin) -> Result<(), SettingsError> {
    if READ.contains(&name) || SET_BY_THE_CHANNEL.contains(&name) {
        return Ok(());
    }
    match NOT_SUPPORTED.iter().find(|(known, _, _)| *known == name) {
        Some((_, harmless, _)) if harmless.contains(&value) => Ok(()),
        Some((_, _, why)) => Err(unsupported(name, origin.clone(), why)),
        None => Err(SettingsError::UnknownParameter {
            name: name.to_owned(),
            origin: origin.clone(),
        }),
    }
}

impl Layer {
    fn of_fields(fields: &Fields) -> Self {
        let Fields {
            host,
            port,
            user,
            database,
            sslmode,
            sslrootcert,
            passfile,
        } = fields;
        let values = [
            ("host", host.clone()),
            ("port", port.map(|p| p.to_string())),
            ("user", user.clone()),
            ("dbname", database.as_ref().map(|d| d.as_str().to_owned())),
            ("sslmode", sslmode.map(|m| m.to_string())),
            ("sslrootcert", sslrootcert.clone()),
            ("passfile", passfile.as_ref().map(|p| p.display().to_string())),
        ];
        let values = values
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?, Origin::Profile)))
            .collect();
        Self { values }
    }

    fn of_pairs(pairs: &[(String, String)], origin: &Origin) -> Result<Self, SettingsError> {
        let mut values = Vec::new();
        for (name, value) in pairs {
            admit(name, value, origin)?;
            values.push((name.clone(), value.clone(), origin.clone()));
        }
        Ok(Self { values })
    }

    fn of_environment(environment: &Environment) -> Result<Self, SettingsError> {
        let mut values = Vec::new();
        for (variable, name) in VARIABLES {
            if let Some(value) = environment.get(variable) {
                let origin = Origin::Variable(variable);
                admit(name, value, &origin)?;
                values.push((name.to_owned(), value.to_owned(), origin));
            }
        }
        Ok(Self { values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(
        fields: &Fields,
        string: &str,
        variables: &[(&str, &str)],
    ) -> Result<ConnectionSettings, SettingsError> {
        let string: ConnectionString = string.parse().unwrap();
        let environment = Environment::of(variables.iter().copied());
        ConnectionSettings::resolve(fields, Some(&string), &environment)
    }

    fn endpoint(settings: &ConnectionSettings) -> String {
        settings.endpoints[0].to_string()
    }

    #[test]
    fn the_profile_comes_before_the_url_and_the_url_before_the_environment() {
        let variables = [
            ("PGHOST", "from-env"),
            ("PGPORT", "1"),
            ("PGUSER", "env"),
            ("PGDATABASE", "env"),
            ("PGSSLMODE", "require"),
        ];
        let settings = resolve(&Fields::default(), "", &variables).unwrap();
        assert_eq!(endpoint(&settings), "from-env:1");
        assert_eq!(settings.sslmode, SslMode::Require);
        let url = "postgresql://url@from-url:2/url?sslmode=disable";
        let settings = resolve(&Fields::default(), url, &variables).unwrap();
        assert_eq!(endpoint(&settings), "from-url:2");
        assert_eq!((settings.user(), settings.sslmode), ("url", SslMode::Disable));
        let fields = Fields {
            host: Some("from-profile".into()),
            port: Some(3),
            user: Some("profile".into()),
            database: Some(DatabaseName::new("profile").unwrap()),
            sslmode: Some(SslMode::Prefer),
            ..Fields::default()
        };
        let settings = resolve(&fields, url, &variables).unwrap();
        assert_eq!(endpoint(&settings), "from-profile:3");
        assert_eq!(settings.user(), "profile");
        assert_eq!(settings.database().as_str(), "profile");
        assert_eq!(settings.sslmode, SslMode::Prefer);
    }

    #[test]
    fn a_profiles_host_is_not_reached_at_an_address_from_the_environment() {
        let fields = Fields {
            host: Some("production".into()),
            ..Fields::default()
        };
        let variables = [("PGHOSTADDR", "127.0.0.1"), ("PGUSER", "u")];
        let settings = resolve(&fields, "", &variables).unwrap();
        assert_eq!(
            settings.endpoints[0].host,
            Host::Tcp {
                name: "production".into(),
                address: None
            }
        );
    }

    #[test]
    fn nothing_is_passed_over_in_silence() {
        let unknown = resolve(&Fields::default(), "user=u sslmod=require", &[]).unwrap_err();
        assert!(unknown.to_string().contains("\"sslmod\""), "{unknown}");
        for (string, variables) in [
            ("user=u options='-c statement_timeout=0'", &[][..]),
            ("user=u", &[("PGOPTIONS", "-c statement_timeout=0")][..]),
            ("user=u sslcert=x", &[]),
            ("user=u gssencmode=require", &[]),
        ] {
            let error = resolve(&Fields::default(), string, variables).unwrap_err();
            assert!(matches!(error, SettingsError::Unsupported { .. }), "{error}");
        }
        let fine = "user=u gssencmode=prefer application_name=x client_encoding=UTF8";
        resolve(&Fields::default(), fine, &[("PGAPPNAME", "y")]).unwrap();
        for wrong in [
            "user=u sslmode=x",
            "user=u port=0",
            "user=u port=70000",
            "user=u connect_timeout=x",
            "user=u hostaddr=x",
            "user=u host=a,b port=1,2,3",
            "user=u dbname='a b'",
        ] {
            assert!(resolve(&Fields::default(), wrong, &[]).is_err(), "{wrong}");
        }
        assert!(matches!(
            resolve(&Fields::default(), "host=h", &[]),
            Err(SettingsError::MissingUser)
        ));
        assert!(matches!(
            Environment::default().connection_string("PRODUCTION_URL"),
            Err(SettingsError::MissingVariable { .. })
        ));
    }

    #[test]
    fn several_hosts_each_have_a_port_and_a_password() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        std::fs::write(&path, "a:1:d:u:pa\n[::1]:2:d:u:no\n\\:\\:1:2:d:u:pb\n").unwrap();
        owner_only(&path);
        let string = format!(
            "postgresql://u@a:1,[::1]:2,c/d?passfile={}",
            path.display()
        );
        let settings = resolve(&Fields::default(), &string, &[]).unwrap();
        let shown: Vec<_> = settings.endpoints.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["a:1", "[::1]:2", "c:5432"]);
        let passwords: Vec<_> = settings
            .endpoints
            .iter()
            .map(|e| e.password().map(|p| p.reveal().to_owned()))
            .collect();
        assert_eq!(passwords, [Some("pa".into()), Some("pb".into()), None]);
    }

    fn owner_only(path: &Path) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let variables = [("PGPASSWORD", "s3cret"), ("PGUSER", "u"), ("PGHOST", "/tmp")];
        let environment = Environment::of(variables);
        let settings =
            ConnectionSettings::resolve(&Fields::default(), None, &environment).unwrap();
        assert_eq!(
            settings.endpoints[0].password().map(Secret::reveal),
            Some("s3cret")
        );
        let from_url = resolve(&Fields::default(), "postgresql://u:s3cret@h/d", &[]).unwrap();
        for shown in [
            format!("{settings:?} {environment:?}"),
            format!("{from_url:?} {:?}", from_url.endpoints()),
            format!("{} {:?}", Secret::new("s3cret"), Secret::new("s3cret")),
        ] {
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    }

    #[test]
    fn a_missing_default_passfile_is_fine_and_a_missing_named_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().display().to_string();
        let variables = [("HOME", home.as_str()), ("PGUSER", "u")];
        resolve(&Fields::default(), "", &variables).unwrap();
        let fields = Fields {
            passfile: Some(folder.path().join("none")),
            ..Fields::default()
        };
        assert!(matches!(
            resolve(&fields, "", &variables),
            Err(SettingsError::Passfile(PassfileError::Unreadable { .. }))
        ));
    }

    #[test]
    fn tls_words_mean_what_libpq_means() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().display().to_string();
        let variables = [("HOME", home.as_str()), ("PGUSER", "u")];
        let tls = |string: &str| {
            resolve(&Fields::default(), string, &variables).map(|s| (s.sslmode, s.roots))
        };
        assert_eq!(tls("").unwrap(), (SslMode::Prefer, RootCertificates::None));
        assert_eq!(
            tls("sslrootcert=system").unwrap(),
            (SslMode::VerifyFull, RootCertificates::System)
        );
        assert!(matches!(
            tls("sslrootcert=system sslmode=require"),
            Err(SettingsError::WeakMode { .. })
        ));
        assert!(matches!(
            tls("sslmode=verify-ca"),
            Err(SettingsError::MissingRoots { .. })
        ));
        let path = folder.path().join(".postgresql/root.crt");
        std::fs::create_dir(folder.path().join(".postgresql")).unwrap();
        std::fs::write(&path, "").unwrap();
        assert_eq!(
            tls("sslmode=require").unwrap(),
            (SslMode::Require, RootCertificates::File(path))
        );
    }

    #[test]
    fn a_service_stands_between_the_string_and_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("services");
        std::fs::write(
            &path,
            "[prod]\nhost=from-service\nuser=su\n[bad]\npassword=x\n[odd]\nsslmod=x\n",
        )
        .unwrap();
        let file = path.display().to_string();
        let variables = |service| {
            [
                ("PGSERVICEFILE", file.as_str()),
                ("PGSERVICE", service),
                ("PGHOST", "env"),
            ]
        };
        let settings = resolve(&Fields::default(), "user=u", &variables("prod")).unwrap();
        assert_eq!(endpoint(&settings), "from-service:5432");
        assert_eq!(settings.user(), "u");
        assert!(matches!(
            resolve(&Fields::default(), "", &variables("bad")),
            Err(SettingsError::Unsupported { .. })
        ));
        assert!(matches!(
            resolve(&Fields::default(), "", &variables("odd")),
            Err(SettingsError::UnknownParameter { .. })
        ));
        assert!(matches!(
            resolve(&Fields::default(), "", &variables("none")),
            Err(SettingsError::UnknownService { .. })
        ));
    }
}
