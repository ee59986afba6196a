//! The production channel itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use clonegate_model::{DatabaseName, Footprint, Identity, RunId};
use clonegate_sql::ReadOnlyStatement;
use clonegate_sql::lookups::Lookups;
use serde::Serialize;
use tokio::sync::mpsc;
use tracing::Instrument as _;

use crate::attestation::{Accepted, Attestation};
use crate::dial::{Dialer, Session, Wire};
use crate::error::ConnectError;
use crate::guard::{Expectation, startup_options};
use crate::pool::{Lease, Pool, Purpose};
use crate::settings::{ConnectionSettings, SslMode, TargetSessionAttrs};
use crate::snapshot::{ExportedSnapshot, SnapshotReader};
use crate::statement::{self, Answer, Behind, InFlight, Limits};
#[cfg(test)]
use crate::tests::attacks::layers::{self, Layer};
use crate::transaction::Ledger;
use crate::{Allowlist, Facts, ReadError};

const ROW_LOCK: &str = include_str!("../../../sql/engine/probe/row-lock.sql");

/// By how much the channel's own deadline is later than the server's time-out.
const GRACE: Duration = Duration::from_secs(1);

/// How long [`ProductionChannel::close`] waits for the last connection to end.
const FAREWELL: Duration = Duration::from_secs(5);

/// What the channel may cost production.
///
/// These bound what crosses the wire, how long, and how much at once. They don't bound the memory
/// that the server takes for a statement: nothing on the client's side can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Rows of a caller's statement. 500.
    pub rows: usize,
    /// Bytes of a caller's rows. 1 MiB.
    pub bytes: u64,
    /// Rows of one of the program's own statements, in a snapshot. 1,000,000.
    pub engine_rows: usize,
    /// Bytes of one of the program's own statements, in a snapshot. 64 MiB.
    pub engine_bytes: u64,
    /// `statement_timeout`. 5 s. The channel's own deadline is a second later.
    pub statement_timeout: Duration,
    /// `lock_timeout`. 1 s.
    pub lock_timeout: Duration,
    /// `idle_in_transaction_session_timeout`. 30 s; a snapshot that is exported must not idle
    /// longer.
    pub idle_timeout: Duration,
    /// How long connecting may take. 10 s; `connect_timeout` of the settings can shorten it.
    pub connect_timeout: Duration,
    /// Connections at once. 2.
    pub connections: usize,
    /// How long a statement waits for a free connection. 30 s.
    pub queue_timeout: Duration,
    /// Connections that are dialled ahead after a use, because a caller's statement spends its
    /// own. They count among `connections`. 1; with 0 every caller waits for a new connection.
    pub spares: usize,
    /// How long a connection that nobody uses is kept. 30 s.
    pub spare_timeout: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            rows: 500,
            bytes: 1 << 20,
            engine_rows: 1_000_000,
            engine_bytes: 64 << 20,
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(1),
            idle_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            connections: 2,
            queue_timeout: Duration::from_secs(30),
            spares: 1,
            spare_timeout: Duration::from_secs(30),
        }
    }
}

impl Bounds {
    pub(crate) fn deadline(&self) -> Duration {
        self.statement_timeout + GRACE
    }

    /// Zero would mean "no bound" to the server, and the server counts milliseconds in 31 bits.
    fn check(&self) -> Result<(), ConnectError> {
        let bad = |name: &'static str, value: String| Err(ConnectError::Bounds { name, value });
        for (name, time) in [
            ("statement_timeout", self.statement_timeout),
            ("lock_timeout", self.lock_timeout),
            ("idle_timeout", self.idle_timeout),
            ("connect_timeout", self.connect_timeout),
            ("queue_timeout", self.queue_timeout),
            ("spare_timeout", self.spare_timeout),
        ] {
            if time.as_millis() == 0 || i32::try_from(time.as_millis()).is_err() {
                return bad(name, format!("{time:?}"));
            }
        }
        for (name, rows) in [
            ("rows", self.rows),
            ("engine_rows", self.engine_rows),
            ("connections", self.connections),
        ] {
            if rows == 0 || i32::try_from(rows).is_err() {
                return bad(name, rows.to_string());
            }
        }
        for (name, bytes) in [("bytes", self.bytes), ("engine_bytes", self.engine_bytes)] {
            if bytes == 0 || i64::try_from(bytes).is_err() {
                return bad(name, bytes.to_string());
            }
        }
        Ok(())
    }

    fn of_a_caller(&self) -> Limits {
        Limits {
            rows: self.rows,
            bytes: self.bytes,
            statement_timeout: self.statement_timeout,
            deadline: self.deadline(),
        }
    }

    fn of_the_engine(&self) -> Limits {
        Limits { rows: self.engine_rows, bytes: self.engine_bytes, ..self.of_a_caller() }
    }
}

/// On what terms a channel is opened.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The databases that may be read.
    pub allowlist: &'a Allowlist,
    /// The role that must be in force; any, if it is left out.
    pub role: Option<&'a str>,
    /// What the role may have besides reading.
    pub accepted: &'a Accepted,
    /// The run, which every session names.
    pub run: &'a RunId,
    /// What the channel may cost.
    pub bounds: Bounds,
}

/// What a reader has to know about a channel; never a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChannelDescription {
    /// Host and port, or the socket's folder and port.
    pub endpoint: String,
    /// What was asked for.
    pub sslmode: SslMode,
    /// What came of it.
    pub encrypted: bool,
    /// Whose signature on the server's certificate is trusted.
    pub root_certificates: String,
    /// The database.
    pub database: DatabaseName,
    /// The role.
    pub role: String,
    /// `application_name` of every session.
    pub application_name: String,
    /// Rows of a caller's statement.
    pub rows: usize,
    /// Bytes of a caller's rows.
    pub bytes: u64,
    /// `statement_timeout`, in milliseconds.
    pub statement_timeout_ms: u64,
    /// `lock_timeout`, in milliseconds.
    pub lock_timeout_ms: u64,
    /// `idle_in_transaction_session_timeout`, in milliseconds.
    pub idle_timeout_ms: u64,
    /// Connections at once.
    pub connections: usize,
}

impl fmt::Display for ChannelDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wire = if self.encrypted { "TLS" } else { "no TLS" };
        write!(
            f,
            "{}@{}/{} (sslmode {}, {wire})",
            self.role, self.endpoint, self.database, self.sslmode
        )
    }
}

/// The channel to a production database. Its only verb is to read.
///
/// Each statement goes through the same steps: `BEGIN … REPEATABLE READ READ ONLY`; the guard; the meaning of the
/// statement's names; the statement by the extended protocol, bounded in rows, bytes and time; the assertion that no
/// transaction id was assigned; ROLLBACK.
pub struct ProductionChannel {
    pool: Pool,
    dialer: Arc<Dialer>,
    ledger: Arc<Ledger>,
    identity: Identity,
    attestation: Attestation,
    accepted: Accepted,
    wire: Wire,
    endpoint: usize,
    bounds: Bounds,
    ended: mpsc::Receiver<()>,
    span: tracing::Span,
}

impl ProductionChannel {
    /// Opens the first connection, pins what answers (every later connection must reach the same
    /// database of the same server, not restarted since), and attests the role.
    ///
    /// # Errors
    /// [`ConnectError::NotAllowed`] before any socket is opened; [`ConnectError::RoleRefused`] for a role
    /// that could do more than read; else what went wrong on the way.
    pub async fn connect(
        settings: ConnectionSettings,
        terms: Terms<'_>,
    ) -> Result<Self, ConnectError> {
        let channel = Self::connect_unattested(settings, terms).await?;
        #[cfg(test)]
        if layers::is_out(Layer::Role) {
            return Ok(channel);
        }
        if channel.attestation.is_clean() {
            return Ok(channel);
        }
        let attestation = channel.attestation.clone();
        channel.close().await;
        Err(ConnectError::RoleRefused { attestation: Box::new(attestation) })
    }

    /// Without acting on what the attestation says: for [`Self::connect`], and for tests that hold the
    /// layers behind it to account.
    pub(crate) async fn connect_unattested(
        settings: ConnectionSettings,
        terms: Terms<'_>,
    ) -> Result<Self, ConnectError> {
        let Terms { allowlist, role: expected_role, accepted, run, bounds } = terms;
        if !allowlist.contains(settings.database()) {
            return Err(ConnectError::NotAllowed {
                database: settings.database().clone(),
                allowlist: allowlist.clone(),
            });
        }
        bounds.check()?;
        let span = tracing::info_span!(
            "production_channel", database = %settings.database(), run = %run
        );
        let ledger = Arc::new(Ledger::new(Expectation {
            database: settings.database().clone(),
            role: expected_role.map(str::to_owned),
            application_name: run.application_name(),
            bounds,
        }));
        let (alive, ended) = mpsc::channel(1);
        let target = settings.target;
        let dialer = Arc::new(Dialer::new(
            settings,
            startup_options(&bounds),
            run.application_name(),
            bounds.connect_timeout,
            alive,
        )?);
        let first = first_session(&dialer, &ledger, target, accepted).instrument(span.clone());
        let (session, identity, attestation) = first.await?;
        let route = dialer.route.get_or_init(|| session.route.clone());
        let (wire, endpoint) = (route.wire, route.endpoint);
        let identity = ledger.pin(identity).clone();
        span.in_scope(|| {
            tracing::info!(server = %identity.server_version, standby = identity.in_recovery, "connected");
        });
        Ok(Self {
            pool: Pool::new(dialer.clone(), ledger.clone(), session, &bounds),
            dialer,
            ledger,
            identity,
            attestation,
            accepted: accepted.clone(),
            wire,
            endpoint,
            bounds,
            ended,
            span,
        })
    }

    /// What the role could do besides reading, as it was when the channel was opened.
    #[must_use]
    pub fn attestation(&self) -> &Attestation {
        &self.attestation
    }

    /// Attests the role again: grants may have changed since.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn attest(&self) -> Result<Attestation, ReadError> {
        let work = async {
            let mut lease = self.pool.lease(Purpose::Engine).await?;
            lease.spent = true;
            let meter = lease.meter.clone();
            let (transaction, identity) = self.ledger.open(lease.client(), &meter, None).await?;
            let attestation =
                self.ledger.attest(&transaction, &meter, &identity, &self.accepted).await?;
            self.ledger.close(transaction, &meter, None).await?;
            lease.spent = false;
            Ok(attestation)
        };
        work.instrument(self.span.clone()).await
    }

    /// Which server and database answered at the first connect.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Reads one statement in a transaction of its own, over a connection that is thrown away
    /// afterwards. If the future is dropped, the statement is cancelled on the server.
    ///
    /// # Errors
    /// See [`ReadError`]; [`ReadError::severity`] tells a missing answer from a breach.
    pub async fn read(
        &self,
        statement: &ReadOnlyStatement,
        facts: &Facts,
    ) -> Result<Answer, ReadError> {
        let question = Question { sql: statement.as_sql(), lookups: statement.lookups() };
        self.read_sql(question, facts, self.bounds.of_a_caller()).await
    }

    /// A negative control: sends a row lock, which is a write, without the judge. The transaction has to
    /// refuse it, because it is READ ONLY; the role, which was attested, has no right to it in any.
    ///
    /// # Errors
    /// See [`ReadError`]: only `Server` with SQLSTATE 25006 is the refusal that has to come.
    pub async fn control_write(&self) -> Result<Answer, ReadError> {
        let question = Question { sql: ROW_LOCK, lookups: &Lookups::default() };
        self.read_sql(question, &Facts::none(), self.bounds.of_a_caller()).await
    }

    #[cfg(test)]
    pub(crate) fn callers_limits(&self) -> Limits {
        self.bounds.of_a_caller()
    }

    pub(crate) async fn read_sql(
        &self,
        question: Question<'_>,
        facts: &Facts,
        limits: Limits,
    ) -> Result<Answer, ReadError> {
        let work = async {
            let mut lost = 0;
            loop {
                let mut lease = self.pool.lease(Purpose::Caller).await?;
                match self.read_over(&mut lease, question, facts, limits).await {
                    // A spare may have been lost since it was dialled; nothing was sent over it.
                    Err(Unread::BeforeTheStatement(error))
                        if lease.rested
                            && lost < self.bounds.connections
                            && error.is_the_connections_end() =>
                    {
                        lost += 1;
                        tracing::debug!(%error, "a spare connection was lost");
                    }
                    done => return done.map_err(Unread::into_error),
                }
            }
        };
        let done = work.instrument(self.span.clone()).await;
        self.span.in_scope(|| match &done {
            Ok(answer) => tracing::debug!(
                rows = answer.reading.rows.len(),
                bytes = answer.bytes,
                elapsed = ?answer.elapsed,
                "read"
            ),
            Err(error) => tracing::debug!(%error, "not read"),
        });
        done
    }

    async fn read_over(
        &self,
        lease: &mut Lease,
        question: Question<'_>,
        facts: &Facts,
        limits: Limits,
    ) -> Result<Answer, Unread> {
        lease.spent = true;
        let meter = lease.meter.clone();
        let in_flight =
            InFlight::new(lease.client().cancel_token(), self.dialer.clone(), lease.route.clone());
        let Question { sql, lookups } = question;
        #[cfg(test)]
        let nothing = Lookups::default();
        #[cfg(test)]
        let lookups = if layers::is_out(Layer::Names) { &nothing } else { lookups };
        let opened = self.ledger.open_for(lease.client(), &meter, None, lookups).await;
        let (transaction, noted) = match opened {
            Ok((transaction, _, noted)) => (transaction, noted),
            Err(error) => {
                in_flight.done();
                return Err(Unread::BeforeTheStatement(error));
            }
        };
        let judged = self.ledger.judge_names(&transaction, &meter, lookups, &noted).await;
        if let Err(error @ ReadError::Refused(_)) = judged {
            in_flight.done();
            // It is asserted too: what was asked was the channel's own.
            self.ledger.close(transaction, &meter, None).await.map_err(Unread::Failed)?;
            return Err(Unread::Failed(error));
        }
        judged.map_err(Unread::Failed)?;
        self.ledger.publish(&transaction, facts).await.map_err(Unread::Failed)?;
        #[cfg(not(test))]
        let behind = Behind::Close;
        // Whoever looks at the server while the transaction is open needs it to stay open.
        #[cfg(test)]
        let behind = if layers::is_watched() { Behind::GoOn } else { Behind::Close };
        let (answer, closing) =
            statement::run(&transaction, in_flight, &meter, sql, limits, behind).await;
        #[cfg(test)]
        layers::midway().await;
        match answer {
            Err(error) if !error.leaves_the_connection_whole() => Err(Unread::Failed(error)),
            answer => {
                // What a breach says weighs more than why the statement failed.
                let closed = self.ledger.close(transaction, &meter, closing).await;
                closed.map_err(Unread::Failed)?;
                answer.map_err(Unread::Failed)
            }
        }
    }

    /// Begins a snapshot, on which several of the program's own statements are read.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn snapshot(&self) -> Result<SnapshotReader, ReadError> {
        self.snapshot_as_of(None).await
    }

    /// Begins another snapshot as of the same moment, to read with several connections at once.
    ///
    /// # Errors
    /// See [`ReadError`]; the server reports an error when the exporting transaction has ended.
    pub async fn snapshot_at(&self, at: &ExportedSnapshot) -> Result<SnapshotReader, ReadError> {
        self.snapshot_as_of(Some(at.clone())).await
    }

    async fn snapshot_as_of(
        &self,
        at: Option<ExportedSnapshot>,
    ) -> Result<SnapshotReader, ReadError> {
        let lease = self.pool.lease(Purpose::Engine).instrument(self.span.clone()).await?;
        let limits = self.bounds.of_the_engine();
        SnapshotReader::open(lease, self.ledger.clone(), self.dialer.clone(), limits, at).await
    }

    /// What the channel has done to production so far. A transaction that is open, or that broke
    /// off before the assertion, is counted as opened and not as asserted.
    #[must_use]
    pub fn footprint(&self) -> Footprint {
        self.ledger.footprint()
    }

    /// The channel, for a report.
    #[must_use]
    pub fn describe(&self) -> ChannelDescription {
        let settings = &self.dialer.settings;
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        ChannelDescription {
            endpoint: settings.endpoints()[self.endpoint].to_string(),
            sslmode: settings.sslmode(),
            encrypted: self.wire == Wire::Tls,
            root_certificates: settings.root_certificates().to_string(),
            database: settings.database().clone(),
            role: self.identity.role.clone(),
            application_name: self.ledger.expectation.application_name.clone(),
            rows: self.bounds.rows,
            bytes: self.bounds.bytes,
            statement_timeout_ms: milliseconds(self.bounds.statement_timeout),
            lock_timeout_ms: milliseconds(self.bounds.lock_timeout),
            idle_timeout_ms: milliseconds(self.bounds.idle_timeout),
            connections: self.bounds.connections,
        }
    }

    /// Ends every connection, and waits until they have ended.
    pub async fn close(self) {
        let Self { pool, dialer, mut ended, .. } = self;
        pool.close();
        drop(pool);
        dialer.close();
        if tokio::time::timeout(FAREWELL, ended.recv()).await.is_err() {
            tracing::warn!("a connection to production did not end in time");
        }
    }
}

/// A statement and what its names have to be looked up for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) sql: &'a str,
    pub(crate) lookups: &'a Lookups,
}

/// Why a statement was not read.
enum Unread {
    /// The guard did not get so far as to let it through.
    BeforeTheStatement(ReadError),
    Failed(ReadError),
}

impl Unread {
    fn into_error(self) -> ReadError {
        match self {
            Unread::BeforeTheStatement(error) | Unread::Failed(error) => error,
        }
    }
}

impl fmt::Debug for ProductionChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProductionChannel")
            .field("description", &self.describe())
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// Tries the endpoints in their order, as `target_session_attrs` wants them.
async fn first_session(
    dialer: &Dialer,
    ledger: &Ledger,
    target: TargetSessionAttrs,
    accepted: &Accepted,
) -> Result<(Session, Identity, Attestation), ConnectError> {
    let passes: &[TargetSessionAttrs] = match target {
        TargetSessionAttrs::PreferStandby => {
            &[TargetSessionAttrs::Standby, TargetSessionAttrs::Any]
        }
        _ => &[target],
    };
    let mut failure = None;
    for wanted in passes {
        for number in 0..dialer.settings.endpoints().len() {
            match try_endpoint(dialer, ledger, number, *wanted, accepted).await {
                Ok(found) => return Ok(found),
                // Another host may do; what the rest says would be said by it too.
                Err(
                    error @ (ConnectError::Unreachable { .. }
                    | ConnectError::TimedOut { .. }
                    | ConnectError::OtherKind { .. }),
                ) => failure = failure.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
    }
    Err(failure.expect("settings have at least one endpoint"))
}

async fn try_endpoint(
    dialer: &Dialer,
    ledger: &Ledger,
    number: usize,
    wanted: TargetSessionAttrs,
    accepted: &Accepted,
) -> Result<(Session, Identity, Attestation), ConnectError> {
    let mut session = dialer.at(number).await?;
    let meter = session.meter.clone();
    let endpoint = dialer.settings.endpoints()[number].to_string();
    let proven = async {
        let (transaction, identity) = ledger.open(session.client(), &meter, None).await?;
        let attestation = match fits(&identity, wanted) {
            true => Some(ledger.attest(&transaction, &meter, &identity, accepted).await?),
            false => None,
        };
        ledger.close(transaction, &meter, None).await?;
        Ok((identity, attestation))
    };
    match proven.await.map_err(|error| not_proven(error, &endpoint, dialer))? {
        (identity, Some(attestation)) => Ok((session, identity, attestation)),
        (identity, None) => {
            let is = if identity.in_recovery { "standby" } else { "primary" };
            Err(ConnectError::OtherKind { endpoint, is, wanted })
        }
    }
}

fn fits(identity: &Identity, wanted: TargetSessionAttrs) -> bool {
    match wanted {
        TargetSessionAttrs::Any | TargetSessionAttrs::PreferStandby => true,
        TargetSessionAttrs::ReadWrite | TargetSessionAttrs::Primary => !identity.in_recovery,
        TargetSessionAttrs::ReadOnly | TargetSessionAttrs::Standby => identity.in_recovery,
    }
}

fn not_proven(error: ReadError, endpoint: &str, dialer: &Dialer) -> ConnectError {
    let endpoint = endpoint.to_owned();
    match error {
        ReadError::Guard(source) => ConnectError::Guard { endpoint, source },
        ReadError::Server(error) => {
            ConnectError::Refused { endpoint, user: dialer.settings.user().to_owned(), error }
        }
        ReadError::Lost(source) => ConnectError::Broken { endpoint, source },
        ReadError::TimedOut { after, .. } => ConnectError::TimedOut { endpoint, after },
        // The channel's own guard wrote nothing and has no callers.
        other => ConnectError::Unreachable { endpoint, source: std::io::Error::other(other) },
    }
}
