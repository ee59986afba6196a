//! A dump of production: `pg_dump`, on a snapshot that the channel exported.
//!
//! The channel's role is attested to be a reader before there is a channel. `pg_dump` is given that role, the
//! address at which the channel got through, and the channel's snapshot, which only the same database of the
//! same server knows; its session begins read-only, and its own transaction is READ ONLY. Nothing of a
//! caller's is run by it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;

use crate::dial::{Address, Wire};
use crate::{ExportedSnapshot, Host, ProductionChannel, RootCertificates, SslMode};

/// What is dumped, and within which bounds.
#[derive(Debug, Clone)]
pub struct DumpOptions {
    /// `pg_dump`: a name that is looked up in `PATH`, or a path. At least as new as the server.
    pub program: PathBuf,
    /// Schemas that are left out, as `pg_dump --exclude-schema` takes them.
    pub exclude_schemas: Vec<String>,
    /// Relations whose rows are left out, as `pg_dump --exclude-table-data` takes them.
    pub exclude_rows: Vec<String>,
    /// How long a lock is waited for. ACCESS SHARE is all that is taken.
    pub lock_timeout: Duration,
    /// How long all of it may take.
    pub deadline: Duration,
}

/// Why production was not dumped.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// The program could not be started.
    #[error("can't run {} on this machine; name PostgreSQL's pg_dump by `pg-dump`", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The program failed.
    #[error("pg_dump failed: {said}")]
    Failed {
        /// The first error that it named.
        said: String,
    },
    /// Its output can't be read.
    #[error("pg_dump's output can't be read")]
    Read(#[source] std::io::Error),
    /// It took too long.
    #[error("pg_dump was not done within {} s", .0.as_secs())]
    Deadline(Duration),
}

/// A `pg_dump` at work. Dropping it ends it.
#[derive(Debug)]
pub struct Dump {
    child: Child,
    output: ChildStdout,
    said: Option<JoinHandle<Vec<u8>>>,
    until: tokio::time::Instant,
    deadline: Duration,
}

/// Bytes of pg_dump's messages that are kept.
const SAID: usize = 64 * 1024;

impl ProductionChannel {
    /// Starts `pg_dump` in its custom format, as of a snapshot that a reader of this channel exported, and
    /// which has to stay open until the first piece is there. Publications and subscriptions are left out: a
    /// clone must have neither.
    ///
    /// # Errors
    /// When the program can't be started.
    pub fn dump(&self, at: &ExportedSnapshot, options: &DumpOptions) -> Result<Dump, DumpError> {
        let mut command = Command::new(&options.program);
        command.args(["-Fc", "-Z1", "-w", "--no-publications", "--no-subscriptions"]);
        command.arg(format!("--snapshot={}", at.as_str()));
        command.arg(format!("--lock-wait-timeout={}", options.lock_timeout.as_millis().max(1)));
        for schema in &options.exclude_schemas {
            command.arg(format!("--exclude-schema={schema}"));
        }
        for relation in &options.exclude_rows {
            command.arg(format!("--exclude-table-data={relation}"));
        }
        self.reach(&mut command);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let mut child = command
            .spawn()
            .map_err(|source| DumpError::Spawn { program: options.program.clone(), source })?;
        let output = child.stdout.take().expect("standard output is piped");
        let errors = child.stderr.take().expect("standard error is piped");
        let said = tokio::spawn(async move {
            let mut said = Vec::new();
            let mut errors = errors;
            let mut buffer = vec![0; 4096];
            while let Ok(read @ 1..) = errors.read(&mut buffer).await {
                // The first error is what counts; the pipe is emptied all the same.
                if said.len() < SAID {
                    said.extend_from_slice(&buffer[..read]);
                }
            }
            said
        });
        let until = tokio::time::Instant::now() + options.deadline;
        Ok(Dump { child, output, said: Some(said), until, deadline: options.deadline })
    }

    /// The same server, role and database, and the same care for TLS. Nothing of this process' environment says
    /// where to connect.
    fn reach(&self, command: &mut Command) {
        let settings = &self.dialer.settings;
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(&name);
            }
        }
        let endpoint = &settings.endpoints()[self.endpoint];
        match &endpoint.host {
            Host::Tcp { name, .. } => command.arg("-h").arg(name),
            Host::Socket(folder) => command.arg("-h").arg(folder),
        };
        if let Some(Address::Tcp(address)) = self.dialer.route.get().map(|route| &route.address) {
            command.env("PGHOSTADDR", address.ip().to_string());
        }
        command.args(["-p", &endpoint.port.to_string(), "-U", settings.user()]);
        command.args(["-d", settings.database().as_str()]);
        // Where the channel came to speak TLS, this may not do with less.
        let mode = match (settings.sslmode(), self.wire) {
            (SslMode::Allow | SslMode::Prefer, Wire::Tls) => SslMode::Require,
            (mode, _) => mode,
        };
        command.env("PGSSLMODE", mode.to_string());
        match settings.root_certificates() {
            RootCertificates::None => {}
            RootCertificates::System => drop(command.env("PGSSLROOTCERT", "system")),
            RootCertificates::File(path) => drop(command.env("PGSSLROOTCERT", path)),
        }
        if let Some(password) = endpoint.password() {
            command.env("PGPASSWORD", password.reveal());
        }
        // The password was looked up where the channel's was, and nowhere else.
        command.env("PGPASSFILE", "/dev/null");
        command.env("PGAPPNAME", &self.ledger.expectation.application_name);
        command.env("PGOPTIONS", "-c default_transaction_read_only=on -c row_security=off");
        command.env("LC_ALL", "C");
    }
}

impl Dump {
    /// The next piece, or `None` where all of it was read and `pg_dump` ended well.
    ///
    /// # Errors
    /// See [`DumpError`].
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, DumpError> {
        let late = DumpError::Deadline(self.deadline);
        let mut buffer = vec![0; 64 * 1024];
        let read = tokio::time::timeout_at(self.until, self.output.read(&mut buffer)).await;
        match read {
            Err(_) => Err(late),
            Ok(Err(source)) => Err(DumpError::Read(source)),
            Ok(Ok(0)) => match tokio::time::timeout_at(self.until, self.child.wait()).await {
                Err(_) => Err(late),
                Ok(Err(source)) => Err(DumpError::Read(source)),
                Ok(Ok(status)) if status.success() => Ok(None),
                Ok(Ok(status)) => {
                    let said = match self.said.take() {
                        Some(said) => said.await.unwrap_or_default(),
                        None => Vec::new(),
                    };
                    let said = String::from_utf8_lossy(&said);
                    let error = said.lines().find(|line| line.contains("error:"));
                    let said = error.map_or_else(|| status.to_string(), str::to_owned);
                    Err(DumpError::Failed { said })
                }
            },
            Ok(Ok(read)) => {
                buffer.truncate(read);
                Ok(Some(buffer))
            }
        }
    }
}
