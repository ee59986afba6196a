//! A program on the other end of ssh. One connection serves all of them; it is made anew when it is
//! found dead.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_ssh2_tokio::{AuthMethod, Client, Config, ServerCheckMethod, ToSocketAddrsWithHostname};
use russh::ChannelMsg;
use tokio::sync::{Mutex, mpsc, oneshot};

use super::ssh_config::{Agent, Destination, resolve};
use super::{Ended, Event, Input, Process};
use crate::settings::SshSettings;

/// Why there is no connection to the host.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// A name that ssh would take for an option, or none.
    #[error("{host:?} is not a host's name")]
    Host {
        /// The name as given.
        host: String,
    },
    /// `ssh -G` refused the configuration.
    #[error("ssh can't make out the host {host}: {said}")]
    Configuration {
        /// The name as given.
        host: String,
        /// What ssh said.
        said: String,
    },
    /// The configuration asks for a way that this channel can't take; it takes no other instead.
    #[error(
        "the ssh configuration of {host} asks for {option} {value}, which the clone channel does not support; give it a host that it can reach directly"
    )]
    Unsupported {
        /// The name as given.
        host: String,
        /// ssh's option.
        option: String,
        /// Its value.
        value: String,
    },
    /// Nobody said as whom to log in.
    #[error(
        "there is no user to log in as on {host}; write it as user@host or in the ssh configuration"
    )]
    NoUser {
        /// The name as given.
        host: String,
    },
    /// The host was not reached.
    #[error("can't connect to {address}")]
    Connect {
        /// Host and port.
        address: String,
        /// Why.
        #[source]
        source: Box<async_ssh2_tokio::Error>,
    },
    /// The host did not answer in time.
    #[error("{address} did not answer within {}", crate::script::seconds(*.timeout))]
    Timeout {
        /// Host and port.
        address: String,
        /// How long was waited.
        timeout: Duration,
    },
    /// The host's key is not the known one, or none is known.
    #[error(
        "the key of {address} is not among the known ones ({files}); log in once with ssh and compare its fingerprint, or, if it has changed, find out why before you go on"
    )]
    HostKey {
        /// Host and port.
        address: String,
        /// The files that were searched.
        files: String,
    },
    /// No way to log in worked.
    #[error("can't log in as {user} at {address}: {tried}")]
    Authentication {
        /// The user.
        user: String,
        /// Host and port.
        address: String,
        /// Each way that was tried and what came of it; never a secret.
        tried: String,
    },
    /// The connection was there and is no more.
    #[error("the connection to {address} was lost")]
    Lost {
        /// Host and port.
        address: String,
        /// Why.
        #[source]
        source: Box<async_ssh2_tokio::Error>,
    },
}

/// A host to which one is logged in.
pub(crate) struct Connection {
    typed: Vec<String>,
    destination: Destination,
    timeout: Duration,
    client: Mutex<Client>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("destination", &self.destination).finish_non_exhaustive()
    }
}

/// Where to connect, and under which name the host's key is known.
struct Address {
    hostname: String,
    port: u16,
    key_name: String,
}

impl ToSocketAddrsWithHostname for Address {
    fn to_socket_addrs(&self) -> io::Result<Vec<SocketAddr>> {
        std::net::ToSocketAddrs::to_socket_addrs(&(self.hostname.as_str(), self.port))
            .map(Iterator::collect)
    }

    fn hostname(&self) -> String {
        self.key_name.clone()
    }
}

impl Connection {
    pub(super) async fn open(settings: &SshSettings, timeout: Duration) -> Result<Self, SshError> {
        let destination = resolve(settings).await?;
        let client = log_in(&destination, timeout).await?;
        let mut typed = Vec::new();
        if let Some(port) = settings.port {
            typed.extend(["-p".to_owned(), port.to_string()]);
        }
        typed.push(match &settings.user {
            Some(user) => format!("{user}@{}", settings.host),
            None => settings.host.clone(),
        });
        Ok(Self { typed, destination, timeout, client: Mutex::new(client) })
    }

    /// As one types it after `ssh`.
    pub(super) fn typed(&self) -> &[String] {
        &self.typed
    }

    pub(super) async fn start(&self, command: &str) -> Result<Process, SshError> {
        let mut client = self.client.lock().await;
        let channel = match tokio::time::timeout(self.timeout, client.get_channel()).await {
            Ok(Ok(channel)) => channel,
            Ok(Err(_)) | Err(_) => {
                tracing::info!(
                    host = self.destination.hostname,
                    "the ssh connection is gone and is made anew"
                );
                *client = log_in(&self.destination, self.timeout).await?;
                client.get_channel().await.map_err(|e| self.lost(e))?
            }
        };
        drop(client);
        let (mut read, write) = channel.split();
        write.exec(true, command).await.map_err(|e| self.lost(e.into()))?;
        let (events, received) = mpsc::channel(32);
        let (input, mut queued) = mpsc::unbounded_channel();
        let (alive, mut dropped) = oneshot::channel::<()>();
        let (over, mut is_over) = oneshot::channel::<()>();
        tokio::spawn(async move {
            let mut open = true;
            loop {
                let next = tokio::select! {
                    // Nobody listens any more: the streams are closed whatever is still queued.
                    _ = &mut dropped => break,
                    _ = &mut is_over => break,
                    next = queued.recv(), if open => next,
                };
                let sent = tokio::select! {
                    _ = &mut dropped => break,
                    _ = &mut is_over => break,
                    sent = async {
                        match next {
                            Some(Input::Bytes(bytes, room)) => {
                                let written = write.data_bytes(bytes).await;
                                drop(room);
                                written
                            }
                            Some(Input::Close) | None => {
                                open = false;
                                write.eof().await
                            }
                        }
                    } => sent,
                };
                open &= sent.is_ok();
            }
            let _ = write.close().await;
        });
        let address = self.destination.address();
        tokio::spawn(async move {
            let mut ended = Ended::Lost(format!("the connection to {address} was lost"));
            while let Some(message) = read.wait().await {
                let event = match message {
                    ChannelMsg::Data { data } => Event::Stdout(data.to_vec()),
                    ChannelMsg::ExtendedData { data, ext: 1 } => Event::Stderr(data.to_vec()),
                    ChannelMsg::ExitStatus { exit_status } => {
                        ended = Ended::Code(i32::try_from(exit_status).unwrap_or(i32::MAX));
                        continue;
                    }
                    ChannelMsg::ExitSignal { signal_name, .. } => {
                        ended = Ended::Lost(format!("it was ended by signal {signal_name:?}"));
                        continue;
                    }
                    ChannelMsg::Failure => {
                        ended = Ended::Lost(format!("{address} refuses to run a command"));
                        continue;
                    }
                    _ => continue,
                };
                if events.send(event).await.is_err() {
                    break;
                }
            }
            let _ = events.send(Event::Ended(ended)).await;
            drop(over);
        });
        Ok(Process::new(input, received, alive))
    }

    fn lost(&self, source: async_ssh2_tokio::Error) -> SshError {
        SshError::Lost { address: self.destination.address(), source: Box::new(source) }
    }
}

impl Destination {
    fn address(&self) -> String {
        format!("{}:{}", self.hostname, self.port)
    }
}

/// Logs in by the first way that works: the agent, then each key file. One connection each, because the
/// library takes one way a connection.
async fn log_in(destination: &Destination, timeout: Duration) -> Result<Client, SshError> {
    let mut tried = Vec::new();
    for (name, method) in ways(destination, &mut tried).await {
        match connect(destination, method, timeout).await {
            Ok(client) => return Ok(client),
            Err(Failed::Login(said)) => tried.push(format!("{name}: {said}")),
            Err(Failed::Else(error)) => return Err(error),
        }
    }
    if tried.is_empty() {
        tried.push(
            "there is no agent and no key file; start ssh-agent and ssh-add a key".to_owned(),
        );
    }
    Err(SshError::Authentication {
        user: destination.user.clone(),
        address: destination.address(),
        tried: tried.join("; "),
    })
}

async fn ways(destination: &Destination, tried: &mut Vec<String>) -> Vec<(String, AuthMethod)> {
    let mut ways = Vec::new();
    let socket = std::env::var_os("SSH_AUTH_SOCK");
    match &destination.agent {
        Agent::Environment if destination.identities_only => {
            // The library ends the process where it finds no agent: look first.
            let agent = match socket {
                Some(path) => tokio::net::UnixStream::connect(path).await.is_ok(),
                None => false,
            };
            let public = |path: &PathBuf| {
                let mut name = path.clone().into_os_string();
                name.push(".pub");
                PathBuf::from(name)
            };
            for file in destination.identities.iter().map(public).filter(|f| agent && f.exists()) {
                let name = format!("the agent's key {}", file.display());
                ways.push((name, AuthMethod::with_public_key_file(file)));
            }
        }
        Agent::Environment if socket.is_some() => {
            ways.push(("the agent".to_owned(), AuthMethod::with_agent()));
        }
        Agent::Environment | Agent::None => {}
        Agent::Socket(path) => tried.push(format!(
            "the agent at {path}: only the one that SSH_AUTH_SOCK names is asked; set SSH_AUTH_SOCK={path}"
        )),
    }
    for file in destination.identities.iter().filter(|f| f.exists()) {
        ways.push((format!("{}", file.display()), AuthMethod::with_key_file(file, None)));
    }
    ways
}

enum Failed {
    Login(String),
    Else(SshError),
}

async fn connect(
    destination: &Destination,
    method: AuthMethod,
    timeout: Duration,
) -> Result<Client, Failed> {
    use async_ssh2_tokio::Error;
    let address = destination.address();
    // Each file is tried, as OpenSSH does; a changed key in any of them ends it.
    let existing: Vec<&PathBuf> = destination.known_hosts.iter().filter(|f| f.exists()).collect();
    let unknown = || {
        Failed::Else(SshError::HostKey {
            address: address.clone(),
            files: destination
                .known_hosts
                .iter()
                .map(|f| f.display().to_string())
                .collect::<Vec<_>>()
                .join(", "),
        })
    };
    for file in &existing {
        let check = ServerCheckMethod::with_known_hosts_file(&file.to_string_lossy());
        let to = Address {
            hostname: destination.hostname.clone(),
            port: destination.port,
            key_name: destination.key_name.clone(),
        };
        let connecting = Client::connect_with_config(
            to,
            &destination.user,
            method.clone(),
            check,
            config(file, destination),
        );
        let error = match tokio::time::timeout(timeout, connecting).await {
            Ok(Ok(client)) => return Ok(client),
            Ok(Err(error)) => error,
            Err(_) => return Err(Failed::Else(SshError::Timeout { address, timeout })),
        };
        return Err(match error {
            Error::SshError(russh::Error::UnknownKey) => continue,
            Error::ServerCheckFailed => unknown(),
            Error::KeyInvalid(russh::keys::Error::KeyIsEncrypted) => {
                Failed::Login("it is encrypted; add it to the agent with ssh-add".to_owned())
            }
            Error::KeyInvalid(why) => Failed::Login(format!("it can't be read: {why}")),
            Error::KeyAuthFailed | Error::AgentAuthenticationFailed => {
                Failed::Login("the host does not accept it".to_owned())
            }
            Error::AgentConnectionFailed => Failed::Login("it does not answer".to_owned()),
            Error::AgentNoIdentities => Failed::Login("it has no keys; ssh-add one".to_owned()),
            Error::AgentRequestIdentitiesFailed => {
                Failed::Login("it does not say which keys it has".to_owned())
            }
            source => Failed::Else(SshError::Connect { address, source: Box::new(source) }),
        });
    }
    Err(unknown())
}

/// A host has several keys and shows one, of a kind that the client asks for first: those kinds that are
/// known of it.
fn config(known_hosts: &Path, destination: &Destination) -> Config {
    let mut config = Config {
        keepalive_interval: Some(Duration::from_secs(5)),
        keepalive_max: 3,
        nodelay: true,
        ..Config::default()
    };
    let keys = russh::keys::known_hosts::known_host_keys_path(
        &destination.key_name,
        destination.port,
        known_hosts,
    );
    let known: Vec<_> =
        keys.unwrap_or_default().into_iter().map(|(_, key)| key.algorithm()).collect();
    let is_known = |algorithm: &russh::keys::Algorithm| {
        known.iter().any(|k| k == algorithm || (k.clone().is_rsa() && algorithm.clone().is_rsa()))
    };
    let mut order = config.preferred.key.to_vec();
    order.sort_by_key(|algorithm| !is_known(algorithm));
    config.preferred.key = order.into();
    config
}
