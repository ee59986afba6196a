//! A PostgreSQL server of our own, from local binaries.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Command;

use crate::account::{AccountError, ServerAccount};
use crate::command::{self, CommandError, indented};
use crate::folder::ServerFolder;
use crate::identity;
use crate::install::PostgresInstallation;
use crate::password::{Password, random_hex, write_passfile};
use crate::psql::Psql;

/// The superuser of every server that is started here.
pub(crate) const SUPERUSER: &str = "postgres";

const INITDB_LIMIT: Duration = Duration::from_secs(120);
const READY_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// How often a free port is looked for; somebody else may take it between finding and using it.
const PORT_TRIES: usize = 5;

/// Small and fast, and nothing that survives a power cut: these servers are thrown away.
const SETTINGS: [(&str, &str); 8] = [
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("shared_buffers", "64MB"),
    ("max_connections", "60"),
    ("max_wal_size", "1GB"),
    ("logging_collector", "off"),
    ("log_line_prefix", "%m [%p] %q%u@%d "),
];

/// How a server asks who somebody is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Auth {
    /// By password (SCRAM-SHA-256), on the socket too: other people may be on this machine.
    #[default]
    Scram,
    /// Not at all. Only for a test of what a server without passwords does.
    Trust,
}

/// What a server is started with.
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    /// Settings of `postgresql.conf`, over those that make a throw-away server fast.
    pub settings: Vec<(String, String)>,
    /// How it asks who somebody is.
    pub auth: Auth,
}

/// How a server is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopMode {
    /// Sessions are ended, and everything is written.
    Fast,
    /// As if the power had failed: the next start recovers from the log.
    Immediate,
}

/// A server that can't be started, stopped or started again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// Nobody to run it as.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// A file or folder of the server.
    #[error("can't {what} {}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The new data folder.
    #[error("can't make a database cluster in {}", data.display())]
    Initdb {
        /// The data folder.
        data: PathBuf,
        /// How initdb failed.
        #[source]
        source: CommandError,
    },
    /// The server's program.
    #[error("can't start {}", postgres.display())]
    Spawn {
        /// The program.
        postgres: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// No port was free, or the system didn't say which.
    #[error("can't find a free port on 127.0.0.1")]
    Port(#[source] io::Error),
    /// It ended before it accepted connections.
    #[error("the server ended at its start ({status}); {} says:{}", log.display(), indented(tail))]
    Ended {
        /// How it ended.
        status: ExitStatus,
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// It does not accept connections.
    #[error(
        "the server was not ready within {} s; {} says:{}",
        READY_LIMIT.as_secs(), log.display(), indented(tail)
    )]
    NotReady {
        /// Its log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// It does not end.
    #[error("the server did not stop within {} s; process {pid} is left", STOP_LIMIT.as_secs())]
    NotStopped {
        /// Its process number.
        pid: u32,
    },
    /// The system refused a signal.
    #[error("can't signal the server, process {pid}")]
    Signal {
        /// Its process number.
        pid: u32,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl ServerError {
    fn file(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { what, path: path.to_path_buf(), source }
    }
}

/// A running server. It listens on 127.0.0.1 and on a socket. Dropping it ends it at once and removes its
/// data; its log and the superuser's passfile stay in the folder that was given to it.
#[derive(Debug)]
pub struct LocalServer {
    installation: PostgresInstallation,
    home: PathBuf,
    folder: ServerFolder,
    password: Password,
    port: u16,
    /// `None` while it is stopped.
    child: Option<Child>,
    left: bool,
}

impl LocalServer {
    /// Makes a new database cluster and starts a server on it.
    ///
    /// `home` is made if it is missing. It gets the log and the superuser's passfile, and the server's
    /// data too, unless the account that the server runs as can't reach it: then they are in a folder of
    /// the system's temporary folder, removed together with the server.
    ///
    /// # Errors
    /// When there is nobody to run the server as, when initdb fails, or when the server doesn't come up.
    pub async fn start(
        installation: &PostgresInstallation,
        home: &Path,
        options: &ServerOptions,
    ) -> Result<Self, ServerError> {
        make_home(home)?;
        let account = ServerAccount::of_this_process()?;
        let name = random_hex(8).map_err(ServerError::file("read", Path::new("/dev/urandom")))?;
        let folder = ServerFolder::plan(home, &format!("clonegate-{name}"), account);
        Self::start_in(installation, home, folder, options).await
    }

    /// Does what [`LocalServer::start`] does, in a folder that was planned, and perhaps written down,
    /// before.
    ///
    /// # Errors
    /// As [`LocalServer::start`].
    pub async fn start_in(
        installation: &PostgresInstallation,
        home: &Path,
        folder: ServerFolder,
        options: &ServerOptions,
    ) -> Result<Self, ServerError> {
        make_home(home)?;
        let home = home.canonicalize().map_err(ServerError::file("open", home))?;
        let password =
            Password::random().map_err(ServerError::file("read", Path::new("/dev/urandom")))?;
        folder.make().map_err(ServerError::file("make", folder.path()))?;
        // From here on dropping it removes the folder, whatever fails.
        let mut server = Self {
            installation: installation.clone(),
            home,
            folder,
            password,
            port: 0,
            child: None,
            left: false,
        };
        server.initdb(options).await?;
        server.launch_on_a_free_port().await?;
        let passfile = server.passfile();
        let sockets = server.folder.sockets();
        let hosts = ["127.0.0.1", &*sockets.to_string_lossy()];
        write_passfile(&passfile, &hosts, server.port, &[(SUPERUSER, &server.password)])
            .map_err(ServerError::file("write", &passfile))?;
        Ok(server)
    }

    async fn initdb(&self, options: &ServerOptions) -> Result<(), ServerError> {
        let data = self.folder.data();
        let pwfile = self.folder.path().join("password");
        let wrote = crate::password::write_private(&pwfile, self.password.expose().as_bytes());
        wrote.map_err(ServerError::file("write", &pwfile))?;

        let mut initdb = Command::new(self.installation.program("initdb"));
        initdb.arg("--pgdata").arg(&data).arg("--username").arg(SUPERUSER);
        initdb.arg("--pwfile").arg(&pwfile);
        initdb.args(["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]);
        initdb.arg(match options.auth {
            Auth::Scram => "--auth=scram-sha-256",
            Auth::Trust => "--auth=trust",
        });
        initdb.current_dir(self.folder.path());
        if let Some(account) = self.folder.account() {
            chown(&pwfile, Some(account.uid), Some(account.gid))
                .map_err(ServerError::file("give away", &pwfile))?;
            initdb.uid(account.uid).gid(account.gid);
        }
        let outcome = command::run(command::clean(initdb), "initdb", b"", INITDB_LIMIT).await;
        fs::remove_file(&pwfile).map_err(ServerError::file("remove", &pwfile))?;
        outcome.map_err(|source| ServerError::Initdb { data: data.clone(), source })?;

        let conf = data.join("postgresql.conf");
        let given = options.settings.iter().map(|(name, value)| (&**name, &**value));
        let text: String = SETTINGS
            .into_iter()
            .chain(given)
            .map(|(name, value)| format!("{name} = '{}'\n", value.replace('\'', "''")))
            .collect();
        OpenOptions::new()
            .append(true)
            .open(&conf)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(ServerError::file("write", &conf))
    }

    async fn launch_on_a_free_port(&mut self) -> Result<(), ServerError> {
        let mut tries = 1;
        loop {
            let listener =
                TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(ServerError::Port)?;
            self.port = listener.local_addr().map_err(ServerError::Port)?.port();
            drop(listener);
            match self.launch().await {
                Err(ServerError::Ended { tail, .. })
                    if tries < PORT_TRIES && tail.contains("could not bind") =>
                {
                    tracing::debug!(port = self.port, "somebody took the port, trying another");
                    tries += 1;
                }
                other => return other,
            }
        }
    }

    /// Starts the server and waits until it accepts connections.
    async fn launch(&mut self) -> Result<(), ServerError> {
        let log = self.log_path();
        let out = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&log)
            .map_err(ServerError::file("open", &log))?;
        let data = self.folder.data();
        let begin = file_len(&out);
        let err = out.try_clone().map_err(ServerError::file("open", &log))?;

        let postgres = self.installation.program("postgres");
        let mut command = std::process::Command::new(&postgres);
        command.arg("-D").arg(&data);
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", &format!("port={}", self.port)]);
        let sockets = self.folder.sockets().to_string_lossy().replace('"', "\"\"");
        command.args(["-c", &format!("unix_socket_directories=\"{sockets}\"")]);
        command.current_dir(self.folder.path());
        if let Some(account) = self.folder.account() {
            command.uid(account.uid).gid(account.gid);
        }
        let mut command = Command::from(command);
        command = command::clean(command);
        // Not killed by tokio: a server is always asked to stop.
        command.stdout(Stdio::from(out)).stderr(Stdio::from(err)).kill_on_drop(false);
        let child =
            command.into_std().spawn().map_err(|source| ServerError::Spawn { postgres, source })?;
        let pid = child.id();
        self.child = Some(child);
        self.wait_until_ready(pid, &data, &log, begin).await
    }

    async fn wait_until_ready(
        &mut self,
        pid: u32,
        data: &Path,
        log: &Path,
        log_begin: u64,
    ) -> Result<(), ServerError> {
        let tail = || command::tail(&log_from(log, log_begin));
        let begin = Instant::now();
        loop {
            if let Some(child) = &mut self.child
                && let Some(status) = child.try_wait().map_err(ServerError::file("watch", data))?
            {
                self.child = None;
                return Err(ServerError::Ended { status, log: log.to_path_buf(), tail: tail() });
            }
            if is_ready(data, pid) {
                return Ok(());
            }
            if begin.elapsed() > READY_LIMIT {
                return Err(ServerError::NotReady { log: log.to_path_buf(), tail: tail() });
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Stops the server and keeps its data. Nothing happens if it is stopped.
    ///
    /// # Errors
    /// When it can't be signalled or doesn't end.
    pub async fn stop(&mut self, mode: StopMode) -> Result<(), ServerError> {
        let Some(child) = &mut self.child else { return Ok(()) };
        signal(child, mode)?;
        let begin = Instant::now();
        while !ended(child)? {
            if begin.elapsed() > STOP_LIMIT {
                return Err(ServerError::NotStopped { pid: child.id() });
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.child = None;
        Ok(())
    }

    /// Starts a stopped server again, on the same port.
    ///
    /// # Errors
    /// When it doesn't come up; the port may be taken by now.
    pub async fn start_again(&mut self) -> Result<(), ServerError> {
        if self.child.is_some() { Ok(()) } else { self.launch().await }
    }

    /// Stops the server and starts it again, on the same port.
    ///
    /// # Errors
    /// When either fails.
    pub async fn restart(&mut self, mode: StopMode) -> Result<(), ServerError> {
        self.stop(mode).await?;
        self.start_again().await
    }

    /// Lets the server live on after this value is gone. Its data, and the way to stop it
    /// (`pg_ctl stop -D DATA`), are in [`LocalServer::folder`].
    pub fn leave_running(mut self) -> ServerFolder {
        self.left = true;
        self.folder.clone()
    }

    /// Whether the server runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.child.is_some()
    }

    /// The port on 127.0.0.1, which also names the socket.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its data and sockets are.
    #[must_use]
    pub fn folder(&self) -> &ServerFolder {
        &self.folder
    }

    /// The folder of the socket; what psql takes as `--host`.
    #[must_use]
    pub fn socket_dir(&self) -> PathBuf {
        self.folder.sockets()
    }

    /// The server's log.
    #[must_use]
    pub fn log_path(&self) -> PathBuf {
        self.home.join("server.log")
    }

    /// The superuser's passfile.
    #[must_use]
    pub fn passfile(&self) -> PathBuf {
        self.home.join("superuser.pgpass")
    }

    /// The superuser's name.
    #[must_use]
    pub fn superuser(&self) -> &'static str {
        SUPERUSER
    }

    /// The superuser's password.
    #[must_use]
    pub fn password(&self) -> &Password {
        &self.password
    }

    /// The programs that it was made with.
    #[must_use]
    pub fn installation(&self) -> &PostgresInstallation {
        &self.installation
    }

    /// psql as the superuser, through the socket.
    #[must_use]
    pub fn psql(&self) -> Psql {
        let host = self.socket_dir().to_string_lossy().into_owned();
        Psql::local(&self.installation, &host, self.port, SUPERUSER, &self.passfile())
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        if self.left {
            return;
        }
        if let Some(child) = &mut self.child {
            let begin = Instant::now();
            let asked = signal(child, StopMode::Immediate).is_ok();
            while asked
                && begin.elapsed() < STOP_LIMIT
                && !matches!(ended(child), Ok(true) | Err(_))
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            if !matches!(child.try_wait(), Ok(Some(_))) {
                let _ = child.kill();
                let _ = child.wait();
            }
        }
        if let Err(error) =
            identity::end_server_of(&self.folder.data()).and_then(|()| self.folder.remove())
        {
            tracing::warn!(folder = %self.folder.path().display(), %error, "can't remove a server");
        }
    }
}

/// Makes the folder of a server's log and passfile. The server's account may pass through it, and see
/// nothing.
fn make_home(home: &Path) -> Result<(), ServerError> {
    if home.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o711)
        .create(home)
        .map_err(ServerError::file("make", home))
}

fn signal(child: &Child, mode: StopMode) -> Result<(), ServerError> {
    let signal = match mode {
        StopMode::Fast => Signal::INT,
        StopMode::Immediate => Signal::QUIT,
    };
    let pid = child.id();
    // The child was not waited for, so its number is still its own.
    let result = Pid::from_raw(pid.cast_signed()).map_or(Ok(()), |p| kill_process(p, signal));
    result.map_err(|errno| ServerError::Signal { pid, source: errno.into() })
}

fn ended(child: &mut Child) -> Result<bool, ServerError> {
    let pid = child.id();
    child.try_wait().map(|s| s.is_some()).map_err(|source| ServerError::Signal { pid, source })
}

/// Line 8 of `postmaster.pid` is the server's state, written as `pg_ctl --wait` reads it (miscadmin.h,
/// `LOCK_FILE_LINE_PM_STATUS`, PostgreSQL 10 and later).
fn is_ready(data: &Path, pid: u32) -> bool {
    fs::read_to_string(data.join("postmaster.pid")).is_ok_and(|text| {
        let mut lines = text.lines().map(str::trim);
        lines.next() == Some(&*pid.to_string()) && lines.nth(6) == Some("ready")
    })
}

fn file_len(file: &File) -> u64 {
    file.metadata().map(|meta| meta.len()).unwrap_or_default()
}

fn log_from(log: &Path, begin: u64) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let begin = usize::try_from(begin).unwrap_or_default().min(bytes.len());
    String::from_utf8_lossy(&bytes[begin..]).into_owned()
}
