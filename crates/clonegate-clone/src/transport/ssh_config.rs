//! What `ssh` itself would do with a host's name: `ssh -G` says it, because only OpenSSH reads its
//! configuration right.

use std::path::{Path, PathBuf};

use super::ssh::SshError;
use crate::settings::SshSettings;

/// A destination with nothing left open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Destination {
    pub(super) hostname: String,
    /// The name under which the host's key is known.
    pub(super) key_name: String,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) identities: Vec<PathBuf>,
    /// Whether only these identities may be offered, and not all that the agent has.
    pub(super) identities_only: bool,
    pub(super) known_hosts: Vec<PathBuf>,
    pub(super) agent: Agent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Agent {
    /// The one that `SSH_AUTH_SOCK` names.
    Environment,
    /// Another socket, which the library can't be pointed at.
    Socket(String),
    None,
}

/// Asks `ssh -G`, and falls back to OpenSSH's defaults where there is neither an `ssh` nor a
/// configuration for it.
pub(super) async fn resolve(settings: &SshSettings) -> Result<Destination, SshError> {
    let host = &settings.host;
    if host.is_empty() || host.starts_with('-') {
        return Err(SshError::Host { host: host.clone() });
    }
    let mut command = tokio::process::Command::new("ssh");
    command.arg("-G");
    if let Some(file) = &settings.config {
        command.arg("-F").arg(file);
    }
    if let Some(user) = &settings.user {
        command.arg("-l").arg(user);
    }
    if let Some(port) = settings.port {
        command.arg("-p").arg(port.to_string());
    }
    command.arg("--").arg(host).stdin(std::process::Stdio::null());
    let text = match command.output().await {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(SshError::Configuration { host: host.clone(), said });
        }
        Err(error) => {
            // What a configuration says about the host must not be passed over: it may name another
            // host, port or key.
            let written = settings.config.clone().unwrap_or_else(|| expand("~/.ssh/config"));
            if error.kind() != std::io::ErrorKind::NotFound
                || written.exists()
                || settings.config.is_some()
            {
                let said = format!(
                    "{} can't be read without OpenSSH's client ({error}); install it",
                    written.display()
                );
                return Err(SshError::Configuration { host: host.clone(), said });
            }
            String::new()
        }
    };
    digest(settings, &text)
}

fn digest(settings: &SshSettings, text: &str) -> Result<Destination, SshError> {
    let all = |key: &str| -> Vec<&str> {
        text.lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(name, _)| *name == key)
            .map(|(_, value)| value.trim())
            .collect()
    };
    let one = |key: &str| all(key).first().copied().filter(|v| !v.is_empty());
    for option in ["proxyjump", "proxycommand"] {
        if let Some(value) = one(option).filter(|v| *v != "none") {
            let (option, value) = (option.to_owned(), value.to_owned());
            return Err(SshError::Unsupported { host: settings.host.clone(), option, value });
        }
    }
    let (user_typed, host_typed) = match settings.host.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, settings.host.as_str()),
    };
    let hostname = one("hostname").unwrap_or(host_typed).to_owned();
    let user = settings
        .user
        .clone()
        .or_else(|| one("user").map(str::to_owned))
        .or_else(|| user_typed.map(str::to_owned).or_else(|| std::env::var("USER").ok()));
    let Some(user) = user else { return Err(SshError::NoUser { host: settings.host.clone() }) };
    let port = settings.port.or_else(|| one("port").and_then(|p| p.parse().ok())).unwrap_or(22);
    let identities: Vec<PathBuf> = if !settings.identities.is_empty() {
        settings.identities.clone()
    } else if text.is_empty() {
        ["id_ed25519", "id_ecdsa", "id_rsa"].map(|n| expand(&format!("~/.ssh/{n}"))).to_vec()
    } else {
        all("identityfile").into_iter().map(expand).collect()
    };
    let known_hosts: Vec<PathBuf> = match &settings.known_hosts {
        Some(file) => vec![file.clone()],
        None if text.is_empty() => vec![expand("~/.ssh/known_hosts")],
        None => ["userknownhostsfile", "globalknownhostsfile"]
            .into_iter()
            .flat_map(all)
            .flat_map(str::split_whitespace)
            .map(expand)
            .collect(),
    };
    let agent = match one("identityagent") {
        None | Some("SSH_AUTH_SOCK" | "$SSH_AUTH_SOCK") => Agent::Environment,
        Some("none") => Agent::None,
        Some(socket) => {
            let socket = expand(socket);
            if std::env::var_os("SSH_AUTH_SOCK").is_some_and(|s| Path::new(&s) == socket) {
                Agent::Environment
            } else {
                Agent::Socket(socket.display().to_string())
            }
        }
    };
    let key_name = one("hostkeyalias").map_or_else(|| hostname.clone(), str::to_owned);
    let identities_only = one("identitiesonly") == Some("yes");
    Ok(Destination {
        hostname,
        key_name,
        port,
        user,
        identities,
        identities_only,
        known_hosts,
        agent,
    })
}

fn expand(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(host: &str) -> SshSettings {
        SshSettings { host: host.to_owned(), ..SshSettings::default() }
    }

    #[test]
    fn takes_what_ssh_says() {
        let said = "user deploy\nhostname 192.0.2.7\nport 2200\nhostkeyalias pg\nidentitiesonly yes\n\
            identityfile /k/one\nidentityfile /k/two\nglobalknownhostsfile /g/1 /g/2\nuserknownhostsfile /u/1\n\
            identityagent none\n";
        let destination = digest(&settings("contabo"), said).unwrap();
        assert_eq!(
            destination,
            Destination {
                hostname: "192.0.2.7".to_owned(),
                key_name: "pg".to_owned(),
                port: 2200,
                user: "deploy".to_owned(),
                identities: vec!["/k/one".into(), "/k/two".into()],
                identities_only: true,
                known_hosts: vec!["/u/1".into(), "/g/1".into(), "/g/2".into()],
                agent: Agent::None,
            }
        );
    }

    #[test]
    fn what_the_profile_says_comes_first() {
        let typed = SshSettings {
            user: Some("me".to_owned()),
            port: Some(2222),
            identities: vec!["/mine".into()],
            known_hosts: Some("/kh".into()),
            ..settings("contabo")
        };
        let destination =
            digest(&typed, "user you\nhostname h\nport 22\nidentityfile /k\n").unwrap();
        assert_eq!((destination.user.as_str(), destination.port), ("me", 2222));
        assert_eq!(destination.identities, [PathBuf::from("/mine")]);
        assert_eq!(destination.known_hosts, [PathBuf::from("/kh")]);
    }

    #[test]
    fn a_jump_is_refused_and_not_skipped() {
        let error = digest(&settings("h"), "hostname h\nuser u\nproxyjump bastion\n").unwrap_err();
        assert!(matches!(error, SshError::Unsupported { ref option, .. } if option == "proxyjump"));
    }

    #[test]
    fn without_ssh_the_name_is_the_host() {
        let destination = digest(&settings("deploy@db.example"), "").unwrap();
        assert_eq!(
            (destination.user.as_str(), destination.hostname.as_str()),
            ("deploy", "db.example")
        );
        assert_eq!(destination.port, 22);
    }

    #[tokio::test]
    async fn a_host_is_never_an_option() {
        let error = resolve(&settings("-oProxyCommand=id")).await.unwrap_err();
        assert!(matches!(error, SshError::Host { .. }));
    }
}
