//! Which value of a parameter counts, and which parameters there are.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::passfile::Passfile;
use super::service;
use super::{
    ConnectionString, Endpoint, Environment, Fields, Host, Origin, PassfileError, RootCertificates,
    SettingsError, SslMode,
};
use crate::Secret;

const DEFAULT_PORT: u16 = 5432;
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

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

pub(super) struct Sources(Vec<Layer>);

impl Sources {
    pub(super) fn gather(
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
                return Err(unsupported("password", origin, "put it into a password file"));
            }
            layers.push(Layer::of_pairs(&pairs, &origin)?);
        }
        layers.push(Layer::of_environment(environment)?);
        Ok(Self(layers))
    }

    pub(super) fn get(&self, name: &str) -> Option<(String, Origin)> {
        self.0.iter().find_map(|layer| layer.get(name))
    }

    pub(super) fn parse<T: FromStr>(
        &self,
        name: &'static str,
        expected: &'static str,
    ) -> Result<Option<T>, SettingsError> {
        let Some((value, origin)) = self.get(name) else {
            return Ok(None);
        };
        let parsed = value.parse().map_err(|_| SettingsError::Value { name, origin, expected })?;
        Ok(Some(parsed))
    }

    pub(super) fn tls(
        &self,
        environment: &Environment,
    ) -> Result<(SslMode, RootCertificates), SettingsError> {
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

    pub(super) fn endpoints(
        &self,
        environment: &Environment,
        database: &str,
        user: &str,
    ) -> Result<Vec<Endpoint>, SettingsError> {
        // host and hostaddr belong together: one that a higher layer gives hides both of a lower
        // one, so that a profile's host is never reached at an address from the environment.
        let layer = self.0.iter().find(|l| l.get("host").is_some() || l.get("hostaddr").is_some());
        let list = |found: Option<(String, Origin)>| -> Vec<(String, Origin)> {
            found.map_or_else(Vec::new, |(value, origin)| {
                value.split(',').map(|part| (part.trim().to_owned(), origin.clone())).collect()
            })
        };
        let mut names = list(layer.and_then(|l| l.get("host")));
        let addresses = list(layer.and_then(|l| l.get("hostaddr")));
        if names.is_empty() && addresses.is_empty() {
            names.push((default_host(), Origin::Variable("PGHOST")));
        }
        let hosts = names.len().max(addresses.len());
        let ports = list(self.get("port"));
        for (name, list, one_for_all) in
            [("host", &names, false), ("hostaddr", &addresses, false), ("port", &ports, true)]
        {
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
                Ok(Endpoint { host, port, password: password.clone().or_else(from_file) })
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
    let folder = SOCKET_FOLDERS.into_iter().find(|folder| cfg!(unix) && Path::new(folder).is_dir());
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
            let parsed = text.parse::<IpAddr>().map_err(|_| SettingsError::Value {
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
        (Some(name), address) => Host::Tcp { name: name.to_owned(), address },
        (None, Some(address)) => Host::Tcp { name: address.to_string(), address: Some(address) },
        (None, None) => match default_host() {
            folder if folder.starts_with('/') => Host::Socket(PathBuf::from(folder)),
            name => Host::Tcp { name, address: None },
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
    SettingsError::Unsupported { name: name.to_owned(), origin, why }
}

fn admit(name: &str, value: &str, origin: &Origin) -> Result<(), SettingsError> {
    if READ.contains(&name) || SET_BY_THE_CHANNEL.contains(&name) {
        return Ok(());
    }
    match NOT_SUPPORTED.iter().find(|(known, _, _)| *known == name) {
        Some((_, harmless, _)) if harmless.contains(&value) => Ok(()),
        Some((_, _, why)) => Err(unsupported(name, origin.clone(), why)),
        None => {
            Err(SettingsError::UnknownParameter { name: name.to_owned(), origin: origin.clone() })
        }
    }
}

impl Layer {
    fn of_fields(fields: &Fields) -> Self {
        let Fields { host, port, user, database, sslmode, sslrootcert, passfile } = fields;
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
