//! Opens the two channels of a profile, and lets the witnesses read through either.

use std::time::Duration;

use clonegate_clone::{
    AskError, CloneChannel, CloneSettings, ContainerName, Hold, HoldError, Holder, OpenError,
    ReadFailure, SshSettings,
};
use clonegate_model::{ChannelRecord, Facts, Reading, RunId, chain};
use clonegate_probe::{
    Attestation, Bounds, ConnectError, CopySink, CutBy, NotACopy, ProductionChannel, ReadError,
    SnapshotReader,
};
use clonegate_profile::{CloneTarget, Limits, ProductionTarget, Profile};
use clonegate_query::{Production, SettingsProblem};
use clonegate_sql::{Permitted, RangeCopy, ReadOnlyStatement};
use clonegate_store::this_process;
use clonegate_witness::{EXTENSION_FUNCTIONS, Reader, RowFold, Streamed, Unread, UnreadKind};

use crate::GateError;
use crate::read::Terms;

/// Why production can't be read; its text carries no secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProductionError {
    #[error(transparent)]
    Settings(#[from] SettingsProblem),
    #[error("production can't be connected to: {}", chain(.0))]
    Connect(Box<ConnectError>),
}

impl ProductionError {
    /// What is known about the role, where it was refused.
    pub(crate) fn attestation(&self) -> Option<&Attestation> {
        match self {
            ProductionError::Connect(error) => match &**error {
                ConnectError::RoleRefused { attestation } => Some(attestation),
                _ => None,
            },
            ProductionError::Settings(_) => None,
        }
    }
}

/// What production may be asked, and for how long.
pub(crate) fn bounds(production: &ProductionTarget, limits: &Limits) -> Bounds {
    Bounds {
        statement_timeout: limits.read_timeout,
        lock_timeout: limits.lock_timeout,
        // The witnesses pack what they list, so that the bound of a caller is enough for them too.
        engine_rows: Bounds::default().rows,
        connections: Bounds::default().connections.max(production.witness.connections),
        ..Bounds::default()
    }
}

pub(crate) async fn open_production(
    target: &ProductionTarget,
    limits: &Limits,
    run: &RunId,
) -> Result<ProductionChannel, ProductionError> {
    let production = Production::resolve(target, &target.database)?;
    let opened = production.connect(run, bounds(target, limits)).await;
    opened.map_err(|e| ProductionError::Connect(Box::new(e)))
}

/// The clone channel's settings; a container's name is checked here, before anything is run.
pub(crate) fn clone_settings(target: &CloneTarget) -> Result<CloneSettings, GateError> {
    let container = target.container.as_ref().map(ContainerName::new).transpose().map_err(|e| {
        GateError::Profile {
            problem: e.to_string(),
            hint: "write the name that `docker ps` shows".to_owned(),
        }
    })?;
    Ok(CloneSettings {
        ssh: target.ssh.as_ref().map(|host| SshSettings {
            host: host.clone(),
            config: target.ssh_config.clone(),
            ..SshSettings::default()
        }),
        container,
        runtime: target.runtime.clone(),
        psql: target.psql.clone(),
        host: target.host.clone(),
        port: target.port,
        passfile: target.passfile.clone(),
        maintenance: target.maintenance_database.clone(),
        ..CloneSettings::new(target.database.clone(), target.role.clone())
    })
}

pub(crate) async fn open_clone(
    limits: &Limits,
    settings: CloneSettings,
    run: &RunId,
) -> Result<CloneChannel, OpenError> {
    CloneChannel::open(settings, run, limits_of_clone(limits)).await
}

/// Who has a clone, asked without a session on it.
pub(crate) async fn holder_of(
    limits: &Limits,
    settings: &CloneSettings,
    run: &RunId,
) -> Result<Option<Holder>, AskError> {
    CloneChannel::holder_of(settings, run, &limits_of_clone(limits)).await
}

/// Takes a clone away from who has it, without a session on it.
pub(crate) async fn end_holder_of(
    limits: &Limits,
    settings: &CloneSettings,
    run: &RunId,
    holder: &Holder,
    of: Option<&RunId>,
) -> Result<bool, AskError> {
    CloneChannel::end_holder_of(settings, run, &limits_of_clone(limits), holder, of).await
}

/// Opens the channel for who has no business on a clone that a run has.
pub(crate) async fn open_free_clone(
    limits: &Limits,
    settings: CloneSettings,
    run: &RunId,
) -> Result<CloneChannel, OpenError> {
    CloneChannel::open_free(settings, run, limits_of_clone(limits)).await
}

/// Opens the channel for a run that begins, which has no business on a clone that somebody has.
pub(crate) async fn open_held_clone(
    limits: &Limits,
    settings: CloneSettings,
    run: &RunId,
) -> Result<(CloneChannel, Result<Hold, HoldError>), OpenError> {
    CloneChannel::open_held(settings, run, limits_of_clone(limits), &this_process()).await
}

fn limits_of_clone(limits: &Limits) -> clonegate_clone::Limits {
    clonegate_clone::Limits {
        statement_timeout: limits.statement_timeout,
        lock_timeout: limits.lock_timeout,
        script_deadline: limits.script_timeout,
        ..clonegate_clone::Limits::default()
    }
}

/// What a report says of the production channel.
pub(crate) fn production_record(
    profile: &Profile,
    channel: Option<&ProductionChannel>,
) -> ChannelRecord {
    let bounds = bounds(&profile.production, &profile.limits);
    let route = match channel {
        Some(channel) => {
            let description = channel.describe();
            let wire = if description.encrypted { "TLS" } else { "no TLS" };
            format!("{}/{} ({wire})", description.endpoint, description.database)
        }
        None => "not connected".to_owned(),
    };
    ChannelRecord {
        route,
        role: profile.production.role.clone(),
        mutability: format!(
            "read-only by construction: every statement in a READ ONLY transaction behind a guard, {} s time-out, at most {} rows, always rolled back",
            bounds.statement_timeout.as_secs_f64(),
            bounds.rows
        ),
    }
}

/// The way to the clone, and which container it was pinned to.
fn route(channel: &CloneChannel) -> String {
    match channel.container().and_then(|id| id.get(..12)) {
        Some(id) => format!("{} (container {id})", channel.route()),
        None => channel.route(),
    }
}

/// What a report says of the clone channel.
pub(crate) fn clone_record(profile: &Profile, channel: Option<&CloneChannel>) -> ChannelRecord {
    ChannelRecord {
        route: channel.map_or_else(|| "not connected".to_owned(), route),
        role: profile.clone.role.clone(),
        mutability: format!(
            "read and write; the executor's own guard stands inside every script's transaction, psql's meta-commands are locked, and the name must match {}",
            profile.clone.name_pattern
        ),
    }
}

/// Rows that are streamed are folded and forgotten.
struct Folding(RowFold);

impl CopySink for Folding {
    fn take(&mut self, piece: &[u8]) -> Result<(), NotACopy> {
        self.0.take(piece).map_err(NotACopy)
    }
}

/// One snapshot of production, as the witnesses read it.
pub(crate) struct ProductionReader(pub(crate) SnapshotReader);

impl ProductionReader {
    async fn answer(&mut self, statement: &ReadOnlyStatement) -> Result<Reading, Unread> {
        let answer = self.0.read(statement).await.map(|a| a.reading);
        answer.map_err(|e| Unread { kind: what_may_help(&e), reason: chain(&e) })
    }
}

impl Reader for ProductionReader {
    async fn read(&mut self, statements: &[String]) -> Vec<Result<Reading, Unread>> {
        let mut answers = Vec::with_capacity(statements.len());
        for text in statements {
            let answer = match judged(text.clone()).await {
                Err(refusal) => Err(Unread::refused(refusal)),
                // The witnesses' own text: it has nothing to look up.
                Ok(statement) => self.answer(&statement.of_the_program()).await,
            };
            answers.push(answer);
        }
        answers
    }

    async fn scan(&mut self, scans: &[ReadOnlyStatement]) -> Vec<Result<Reading, Unread>> {
        let mut answers = Vec::with_capacity(scans.len());
        for scan in scans {
            answers.push(self.answer(scan).await);
        }
        answers
    }

    async fn stream(&mut self, copy: RangeCopy, fold: RowFold) -> Result<Streamed, Unread> {
        match self.0.copy_out(copy, Folding(fold)).await {
            Ok((Folding(fold), copied)) => Ok(Streamed { fold, filenode: copied.filenode }),
            Err(e) => Err(Unread { kind: what_may_help(&e), reason: chain(&e) }),
        }
    }

    async fn wait(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Judges what a witness wrote, where that keeps no other reader waiting.
async fn judged(text: String) -> Result<ReadOnlyStatement, String> {
    let judge = move || {
        let permitted = Permitted::in_any_schema(EXTENSION_FUNCTIONS);
        ReadOnlyStatement::judge_with(&text, &permitted).map_err(|refusal| refusal.to_string())
    };
    tokio::task::spawn_blocking(judge).await.unwrap_or_else(|e| Err(e.to_string()))
}

fn what_may_help(error: &ReadError) -> UnreadKind {
    match error {
        ReadError::TimedOut { by: CutBy::Server, .. } => UnreadKind::TimedOut,
        ReadError::Server(error) if error.severity() == "ERROR" => in_the_way(error.sqlstate()),
        ReadError::UnsupportedType { .. }
        | ReadError::Parameters { .. }
        | ReadError::Refused(_) => UnreadKind::Refused,
        _ => UnreadKind::Ended,
    }
}

/// A lock, a deadlock, a standby's replay, somebody's `pg_cancel_backend`.
fn in_the_way(sqlstate: &str) -> UnreadKind {
    match sqlstate {
        "55P03" | "40P01" | "40001" | "57014" => UnreadKind::InTheWay,
        _ => UnreadKind::Refused,
    }
}

/// A clone, as the witnesses read it: each call is one transaction and one snapshot.
pub(crate) struct CloneReader<'a>(pub(crate) &'a CloneChannel);

impl Reader for CloneReader<'_> {
    async fn read(&mut self, statements: &[String]) -> Vec<Result<Reading, Unread>> {
        let permitted = Permitted::in_any_schema(EXTENSION_FUNCTIONS);
        let terms = Terms { facts: &Facts::none(), permitted: &permitted };
        let answers = read_judged(self.0, statements, terms).await;
        let unread = |failure: Unanswered| match failure {
            Unanswered::Refused(reason) => Unread::refused(reason),
            Unanswered::Failed(failure) => not_read(&failure),
        };
        answers.into_iter().map(|answer| answer.map_err(unread)).collect()
    }

    async fn scan(&mut self, scans: &[ReadOnlyStatement]) -> Vec<Result<Reading, Unread>> {
        let answers = self.0.read(scans, &Facts::none()).await.answers;
        answers.into_iter().map(|answer| answer.map_err(|f| not_read(&f))).collect()
    }

    async fn wait(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// A call costs a transaction and several round trips, over ssh too.
    fn together(&self) -> usize {
        16
    }
}

fn not_read(failure: &ReadFailure) -> Unread {
    let kind = match failure {
        ReadFailure::Server(d) => match d.sqlstate.as_deref() {
            Some("57014") => UnreadKind::TimedOut,
            state => in_the_way(state.unwrap_or_default()),
        },
        ReadFailure::Timeout(_) => UnreadKind::TimedOut,
        // The next call opens another session.
        ReadFailure::Lost(_) => UnreadKind::InTheWay,
        ReadFailure::TooLarge(_) | ReadFailure::Guard(_) | ReadFailure::Shape => {
            UnreadKind::Refused
        }
    };
    Unread { kind, reason: chain(failure) }
}

/// Why the clone gave no answer.
enum Unanswered {
    Refused(String),
    Failed(ReadFailure),
}

/// Judges and reads, and says why not in words.
pub(crate) async fn read_all(
    channel: &CloneChannel,
    statements: &[String],
    terms: Terms<'_>,
) -> Vec<Result<Reading, String>> {
    let answers = read_judged(channel, statements, terms).await;
    let why = |failure| match failure {
        Unanswered::Refused(reason) => reason,
        Unanswered::Failed(failure) => chain(&failure),
    };
    answers.into_iter().map(|answer| answer.map_err(why)).collect()
}

/// Judges and reads; a refused statement keeps its place among the answers.
async fn read_judged(
    channel: &CloneChannel,
    statements: &[String],
    terms: Terms<'_>,
) -> Vec<Result<Reading, Unanswered>> {
    let judged: Vec<Result<ReadOnlyStatement, Unanswered>> = statements
        .iter()
        .map(|text| {
            ReadOnlyStatement::judge_with(text, terms.permitted)
                .map_err(|r| Unanswered::Refused(r.to_string()))
        })
        .collect();
    let accepted: Vec<ReadOnlyStatement> =
        judged.iter().filter_map(|j| j.as_ref().ok()).cloned().collect();
    let mut answers = if accepted.is_empty() {
        Vec::new().into_iter()
    } else {
        channel.read(&accepted, terms.facts).await.answers.into_iter()
    };
    judged
        .into_iter()
        .map(|judged| {
            judged?;
            let answer =
                answers.next().unwrap_or_else(|| Err(ReadFailure::Lost("no answer".to_owned())));
            answer.map_err(Unanswered::Failed)
        })
        .collect()
}
