//! A program on the other end of ssh. One connection serves all of them; it is made anew when it is
//! found dead.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_ssh2_tokio::{AuthMethod, Client, Config, ServerCheckMethod, ToSocketAddrsWithHostname};
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
    #[error("the ssh configuration of {host} asks for {option} {value}, which the clone channel does not support; give it a host that it can reach directly")]
    Unsupported {
        /// The name as given.
        host: String,
        /// ssh's option.
        option: String,
        /// Its value.
        value: String,
    },
    /// Nobody said as whom to log in.
    #[error("there is no user to log in as on {host}; write it as user@host or in the ssh configuration")]
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
    #[error("the key of {address} is not among the known ones ({files}); log in once with ssh and compare its fingerprint, or, if it has changed, find out why before you go on")]
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
    name: String,
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
        std::net::ToSocketAddrs::to_socket_addrs(&(self.hostname.as_str(), self.port)).map(Iterator::collect)
    }

    fn hostname(&self) -> String {
        self.key_name.clone()
    }
}

impl Connection {
    pub(super) async fn open(settings: &SshSettings, timeout: Duration) -> Result<Self, SshError> {
        let destination = resolve(settings).await?;
        let client = log_in(&destination, timeout).await?;
        let name = match &settings.user {
            Some(user) => format!("{user}@{}", settings.host),
            None => settings.host.clone(),
        };
        Ok(Self { name, destination, timeout, client: Mutex::new(client) })
    }

    /// As one types it after `ssh`.
    pub(super) fn destination(&self) -> &str {
        &self.name
    }

    pub(super) async fn start(&self, command: &str) -> Result<Process, SshError> {
        let mut client = self.client.lock().await;
        let channel = match tokio::time::timeout(self.timeout, client.get_channel()).await {
            Ok(Ok(channel)) => channel,
            Ok(Err(_)) | Err(_) => {
                tracing::info!(host = self.name, "the ssh connection is gone and is made anew");
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
                            Some(Input::Bytes(bytes)) => write.data_bytes(bytes).await,
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
                // The message's type is russh's, which this crate doesn't name: its variants are
                // reached through the module that the library hands out.
                match sort(message) {
                    Sorted::Event(event) => {
                        if events.send(event).await.is_err() {
                            break;
                        }
                    }
                    Sorted::Ended(how) => ended = how,
                    Sorted::Nothing => {}
                }
            }
            let _ = events.send(Event::Ended(ended)).await;
            drop(over);
        });
        Ok(Process { input, events: received, _alive: alive })
    }

    fn lost(&self, source: async_ssh2_tokio::Error) -> SshError {
        SshError::Lost { address: self.destination.address(), source: Box::new(source) }
    }
}

enum Sorted {
    Event(Event),
    Ended(Ended),
    Nothing,
}

impl Destination {
    fn address(&self) -> String {
        format!("{}:{}", self.hostname, self.port)
    }
}
