//! From settings to a session: sockets, TLS attempts, authentication.
//!
//! The driver's own `connect` is not used: its socket can't be metered, it does not know libpq's
//! `allow`, and what it does with notices and cancel requests is not what is wanted here.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{CancelToken, Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::Stage;
use crate::meter::{Meter, Metered};
use crate::recut::{Recut, RecutTls};
use crate::settings::{ChannelBinding, ConnectionSettings, Endpoint, Host, SslMode};
use crate::{ConnectError, ServerError};

/// How long a cancel request may take.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a session that was let go may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// Whether a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Plain,
    Tls,
}

/// Where the first connection got through; every later one goes there and nowhere else.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    pub(crate) endpoint: usize,
    pub(crate) address: Address,
    pub(crate) wire: Wire,
}

#[derive(Debug, Clone)]
pub(crate) enum Address {
    Tcp(SocketAddr),
    Socket(PathBuf),
}

/// Opens connections to one database.
pub(crate) struct Dialer {
    pub(crate) settings: ConnectionSettings,
    tls: Option<MakeRustlsConnect>,
    options: String,
    application_name: String,
    timeout: Duration,
    pub(crate) route: OnceLock<Route>,
    /// Every open connection holds a sender; the receiver ends when all of them are closed.
    alive: std::sync::Mutex<Option<mpsc::Sender<()>>>,
}

/// An open connection.
pub(crate) struct Session {
    client: Option<Client>,
    task: Option<JoinHandle<()>>,
    pub(crate) meter: Meter,
    pub(crate) route: Route,
    /// Whether it must not be used again: a caller's SQL went over it, or it broke off.
    pub(crate) spent: bool,
    /// Whether statements of the program went over it, which may have left something.
    pub(crate) used: bool,
}

impl Session {
    pub(crate) fn client(&mut self) -> &mut Client {
        self.client.as_mut().expect("a session has its client until it is dropped")
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.as_ref().is_none_or(Client::is_closed)
    }

    /// Says goodbye, so that the server's log does not fill with lost connections, and waits until the
    /// server has closed its side: from then on it counts against no limit. Cuts the connection
    /// where that takes too long.
    pub(crate) async fn end(mut self) {
        drop(self.client.take());
        if let Some(task) = self.task.take() {
            farewell(task).await;
        }
    }
}

impl Drop for Session {
    /// As [`Session::end`], in the background.
    fn drop(&mut self) {
        drop(self.client.take());
        let Some(task) = self.task.take() else {
            return;
        };
        match tokio::runtime::Handle::try_current() {
            Err(_) => task.abort(),
            Ok(runtime) => drop(runtime.spawn(farewell(task))),
        }
    }
}

/// Waits until a connection whose client was dropped has ended, but not for ever.
async fn farewell(mut task: JoinHandle<()>) {
    if tokio::time::timeout(GOODBYE, &mut task).await.is_err() {
        task.abort();
    }
}

impl Dialer {
    pub(crate) fn new(
        settings: ConnectionSettings,
        options: String,
        application_name: String,
        timeout: Duration,
        alive: mpsc::Sender<()>,
    ) -> Result<Self, ConnectError> {
        let tls = crate::tls::connector(settings.sslmode, &settings.roots)?;
        Ok(Self {
            timeout: settings.connect_timeout.map_or(timeout, |t| t.min(timeout)),
            settings,
            tls,
            options,
            application_name,
            route: OnceLock::new(),
            alive: std::sync::Mutex::new(Some(alive)),
        })
    }

    /// No connection is opened from here on.
    pub(crate) fn close(&self) {
        self.alive.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    }

    /// The attempts that `sslmode` allows at an endpoint, in libpq's order.
    fn wires(&self, host: &Host) -> &'static [Wire] {
        if matches!(host, Host::Socket(_)) {
            return &[Wire::Plain];
        }
        match self.settings.sslmode {
            SslMode::Disable => &[Wire::Plain],
            SslMode::Allow => &[Wire::Plain, Wire::Tls],
            SslMode::Prefer => &[Wire::Tls, Wire::Plain],
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[Wire::Tls],
        }
    }

    /// Opens a connection where the first one got through.
    pub(crate) async fn again(&self, route: &Route) -> Result<Session, ConnectError> {
        let endpoint = &self.settings.endpoints[route.endpoint];
        self.in_time(endpoint, self.open(endpoint, route)).await
    }

    /// Opens a connection at an endpoint, by whichever of its addresses and attempts works first.
    pub(crate) async fn at(&self, number: usize) -> Result<Session, ConnectError> {
        let endpoint = &self.settings.endpoints[number];
        self.in_time(endpoint, async {
            let mut failure = None;
            for address in addresses(endpoint).await? {
                for wire in self.wires(&endpoint.host) {
                    let route = Route { endpoint: number, address: address.clone(), wire: *wire };
                    match self.open(endpoint, &route).await {
                        Ok(session) => return Ok(session),
                        Err(error) => {
                            // Where nobody listens, nobody listens to the other attempt either.
                            let gone = matches!(error, ConnectError::Unreachable { .. });
                            failure = Some(match failure {
                                None => error,
                                Some(before) => more_telling(before, error, *wire),
                            });
                            if gone {
                                break;
                            }
                        }
                    }
                }
            }
            Err(failure.unwrap_or_else(|| ConnectError::Unreachable {
                endpoint: endpoint.to_string(),
                source: io::Error::new(io::ErrorKind::NotFound, "the name has no address"),
            }))
        })
        .await
    }

    async fn in_time<T>(
        &self,
        endpoint: &Endpoint,
        work: impl Future<Output = Result<T, ConnectError>>,
    ) -> Result<T, ConnectError> {
        let timed_out =
            |_| ConnectError::TimedOut { endpoint: endpoint.to_string(), after: self.timeout };
        tokio::time::timeout(self.timeout, work).await.map_err(timed_out)?
    }

    async fn open(&self, endpoint: &Endpoint, route: &Route) -> Result<Session, ConnectError> {
        let guard = self.alive.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let Some(guard) = guard else {
            return Err(ConnectError::Unreachable {
                endpoint: endpoint.to_string(),
                source: io::Error::new(io::ErrorKind::NotConnected, "the channel is closed"),
            });
        };
        let meter = Meter::new();
        let socket = Socket::connect(&route.address).await;
        let socket = socket.map_err(|source| ConnectError::Unreachable {
            endpoint: endpoint.to_string(),
            source,
        })?;
        let socket = Metered::new(socket, meter.clone());
        let config = self.config(endpoint, route.wire);
        let failed = |error| self.explain(endpoint, error);
        let (client, task) = match (route.wire, &self.tls) {
            (Wire::Tls, Some(tls)) => {
                let tls = RecutTls(tls_connect(tls.clone(), endpoint));
                let (client, connection) = config.connect_raw(socket, tls).await.map_err(failed)?;
                (client, tokio::spawn(drive(connection, guard)))
            }
            (Wire::Tls, None) | (Wire::Plain, _) => {
                let (client, connection) =
                    config.connect_raw(Recut::new(socket), NoTls).await.map_err(failed)?;
                (client, tokio::spawn(drive(connection, guard)))
            }
        };
        Ok(Session {
            client: Some(client),
            task: Some(task),
            meter,
            route: route.clone(),
            spent: false,
            used: false,
        })
    }

    fn config(&self, endpoint: &Endpoint, wire: Wire) -> Config {
        let mut config = Config::new();
        config
            .user(&self.settings.user)
            .dbname(self.settings.database.as_str())
            .options(&self.options)
            .application_name(&self.application_name)
            .ssl_mode(match wire {
                Wire::Plain => tokio_postgres::config::SslMode::Disable,
                Wire::Tls => tokio_postgres::config::SslMode::Require,
            })
            .channel_binding(match self.settings.channel_binding {
                ChannelBinding::Disable => tokio_postgres::config::ChannelBinding::Disable,
                ChannelBinding::Prefer => tokio_postgres::config::ChannelBinding::Prefer,
                ChannelBinding::Require => tokio_postgres::config::ChannelBinding::Require,
            });
        if let Some(password) = endpoint.password() {
            config.password(password.reveal());
        }
        config
    }

    /// The driver tells its errors apart by text only, where they are not the server's.
    fn explain(&self, endpoint: &Endpoint, error: tokio_postgres::Error) -> ConnectError {
        use std::error::Error as _;
        let user = self.settings.user.clone();
        let cause = error.source().map(ToString::to_string);
        let endpoint = endpoint.to_string();
        if let Some(db) = error.as_db_error() {
            return ConnectError::Refused {
                endpoint,
                user,
                error: ServerError::new(db, Stage::Own, ""),
            };
        }
        match (error.to_string().as_str(), cause) {
            ("error performing TLS handshake", cause) => ConnectError::Tls {
                endpoint,
                problem: cause.unwrap_or_else(|| "the handshake failed".to_owned()),
            },
            (_, Some(cause)) if cause == "password missing" => {
                ConnectError::PasswordMissing { endpoint, user }
            }
            _ => ConnectError::Broken { endpoint, source: error },
        }
    }

    /// Asks the server to stop what a session is doing. The session is of no use afterwards.
    pub(crate) async fn cancel(&self, token: CancelToken, route: &Route) {
        let attempt = async {
            let meter = Meter::new();
            let socket = Metered::new(Socket::connect(&route.address).await?, meter);
            let sent = match (route.wire, &self.tls) {
                (Wire::Tls, Some(tls)) => {
                    let endpoint = &self.settings.endpoints[route.endpoint];
                    let tls = tls_connect(tls.clone(), endpoint);
                    token.cancel_query_raw(socket, tls).await
                }
                (Wire::Tls, None) | (Wire::Plain, _) => token.cancel_query_raw(socket, NoTls).await,
            };
            sent.map_err(io::Error::other)
        };
        match tokio::time::timeout(CANCEL_TIMEOUT, attempt).await {
            Ok(Ok(())) => tracing::debug!("cancel request sent"),
            Ok(Err(error)) => tracing::warn!(%error, "cancel request failed"),
            Err(_) => tracing::warn!("cancel request timed out"),
        }
    }
}

/// Of the failures of two attempts: what a server said tells more than that TLS did not come
/// about, and what it said over TLS more than what it said without.
fn more_telling(before: ConnectError, now: ConnectError, wire: Wire) -> ConnectError {
    let no_tls = |error: &ConnectError| matches!(error, ConnectError::Tls { .. });
    match (no_tls(&before), no_tls(&now), wire) {
        (true, _, _) | (false, false, Wire::Tls) => now,
        (false, true, _) | (false, false, Wire::Plain) => before,
    }
}

type Tls = <MakeRustlsConnect as MakeTlsConnect<Metered<Socket>>>::TlsConnect;

fn tls_connect(mut tls: MakeRustlsConnect, endpoint: &Endpoint) -> Tls {
    let name = match &endpoint.host {
        Host::Tcp { name, .. } => name.as_str(),
        Host::Socket(_) => "",
    };
    let made = <MakeRustlsConnect as MakeTlsConnect<Metered<Socket>>>::make_tls_connect(
        &mut tls,
        name.trim_end_matches('.'),
    );
    match made {
        Ok(made) => made,
        Err(never) => match never {},
    }
}

/// Drives a connection. Notices are dropped: they may carry rows, and nobody asked for them.
async fn drive<S, T>(mut connection: tokio_postgres::Connection<S, T>, alive: mpsc::Sender<()>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match std::future::poll_fn(|cx| connection.poll_message(cx)).await {
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tracing::debug!(%error, "a connection ended");
                break;
            }
            None => break,
        }
    }
    drop(connection);
    drop(alive);
}

async fn addresses(endpoint: &Endpoint) -> Result<Vec<Address>, ConnectError> {
    match &endpoint.host {
        Host::Socket(folder) => {
            Ok(vec![Address::Socket(folder.join(format!(".s.PGSQL.{}", endpoint.port)))])
        }
        Host::Tcp { address: Some(address), .. } => {
            Ok(vec![Address::Tcp(SocketAddr::new(*address, endpoint.port))])
        }
        Host::Tcp { name, .. } => {
            let found = tokio::net::lookup_host((name.as_str(), endpoint.port)).await;
            let found = found.map_err(|source| ConnectError::Unreachable {
                endpoint: endpoint.to_string(),
                source,
            })?;
            Ok(found.map(Address::Tcp).collect())
        }
    }
}

/// A TCP or unix socket.
#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Socket {
    async fn connect(address: &Address) -> io::Result<Self> {
        match address {
            Address::Tcp(address) => {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                Ok(Socket::Tcp(stream))
            }
            #[cfg(unix)]
            Address::Socket(path) => Ok(Socket::Unix(UnixStream::connect(path).await?)),
            #[cfg(not(unix))]
            Address::Socket(_) => {
                Err(io::Error::new(io::ErrorKind::Unsupported, "there are no unix sockets here"))
            }
        }
    }
}

macro_rules! either {
    ($self:ident, $socket:ident => $call:expr) => {
        match $self.get_mut() {
            Socket::Tcp($socket) => $call,
            #[cfg(unix)]
            Socket::Unix($socket) => $call,
        }
    };
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        either!(self, socket => Pin::new(socket).poll_read(cx, buf))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        either!(self, socket => Pin::new(socket).poll_write(cx, buf))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, socket => Pin::new(socket).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, socket => Pin::new(socket).poll_shutdown(cx))
    }
}
