//! Every payload through every set of layers.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::error::Error;
use std::time::{Duration, Instant};

use clonegate_model::RunId;
use clonegate_sql::ReadOnlyStatement;
use clonegate_sql::lookups::Lookups;
use tokio::sync::{mpsc, oneshot};

use super::layers::{self, Layer};
use super::oracle::{self, Effects, Look, Moment};
use super::payload::{Patience, Payload, Role, Through};
use super::pooler::Pooler;
use super::world::{PASSWORD, World};
use crate::channel::Question;
use crate::tests::production::{allowlist, run, settings};
use crate::{
    Accepted, Answer, Bounds, ConnectError, Facts, ProductionChannel, ReadError, RoleFindingKind,
    Terms, Weight,
};

/// Later than the channel's own bounds; whatever runs for so long has lost them. Where they are
/// taken out there is nothing to wait for once they would have cut.
fn cut_off(patience: Patience, out: Option<Layer>) -> Duration {
    Duration::from_millis(match (patience, out) {
        (Patience::Tight, Some(Layer::Bounds)) => 1_500,
        (Patience::Tight, _) => 8_000,
        (Patience::Usual, _) => 12_000,
    })
}

/// What one payload did, or did not.
#[derive(Debug, Clone)]
pub(super) struct Passage {
    /// Who stopped it, and how: `judge`, `server 42501`, `bounds time`, `answered`.
    pub(super) outcome: String,
    pub(super) effects: Effects,
    /// What the answer carried that only a membership gives, and no grant.
    pub(super) told: BTreeSet<&'static str>,
    /// With the oracle's looks and the reset.
    pub(super) took: Duration,
}

/// All payloads of all roles, with one set of layers.
pub(super) type Passages = BTreeMap<(Role, String), Passage>;

type Reached = mpsc::UnboundedReceiver<oneshot::Sender<()>>;

/// Runs payloads with one layer out, or with none.
pub(super) async fn pass_all(
    world: &mut World,
    payloads: &[&Payload],
    roles: &[Role],
    out: Option<Layer>,
) -> Passages {
    layers::take_out(out);
    let (midway, mut reached) = mpsc::unbounded_channel();
    layers::watch_midway(Some(midway));
    let mut passages = Passages::new();
    for role in roles {
        let run = run();
        let mut attacker = Attacker {
            role: *role,
            out,
            name: run.application_name(),
            run,
            channels: HashMap::new(),
            before: None,
            used: BTreeSet::new(),
        };
        for payload in payloads.iter().filter(|payload| payload.roles.contains(role)) {
            let passage = attacker.pass(world, payload, &mut reached).await;
            passages.insert((*role, payload.name.clone()), passage);
        }
        for channel in attacker.channels.into_values() {
            channel.close().await;
        }
    }
    layers::take_out(None);
    layers::watch_midway(None);
    passages
}

/// How long a lock may stay after the statement that took it has failed.
const ABORTING: Duration = Duration::from_secs(1);

/// One role with one set of layers. It keeps its channels, as a program would.
struct Attacker {
    role: Role,
    out: Option<Layer>,
    run: RunId,
    name: String,
    channels: HashMap<Patience, ProductionChannel>,
    before: Option<Look>,
    used: BTreeSet<String>,
}

/// What came of a statement, before it is told apart.
enum Came {
    Judged,
    NotConnected(ConnectError),
    Back(Box<Result<Answer, ReadError>>),
    CutOff,
}

impl Attacker {
    /// Sends a payload, and looks midway and afterwards.
    async fn pass(
        &mut self,
        world: &mut World,
        payload: &Payload,
        reached: &mut Reached,
    ) -> Passage {
        let neighbour = world.neighbour(self.role).await;
        let before = match self.before.take() {
            Some(before) => before,
            None => oracle::look(world, &self.name, neighbour).await,
        };
        let mut effects = Effects::new();
        let mut midway = BTreeSet::new();
        let begun = Instant::now();
        let came = {
            let (role, out, run) = (self.role, self.out, &self.run);
            let mut sent = std::pin::pin!(send(world, payload, role, out, run, &mut self.channels));
            loop {
                tokio::select! {
                    biased;
                    came = &mut sent => break came,
                    Some(looked) = reached.recv() => {
                        let mut now = oracle::midway(world, &self.name, neighbour).await;
                        let moment = Moment::Midway;
                        let mut seen = oracle::effects(&before, &now, moment, &midway);
                        // The server reports an error before it has let go of the statement's locks.
                        let reported = Instant::now();
                        while seen.contains_key("locks") && reported.elapsed() < ABORTING {
                            tokio::time::sleep(Duration::from_millis(5)).await;
                            now = oracle::midway(world, &self.name, neighbour).await;
                            seen = oracle::effects(&before, &now, moment, &midway);
                        }
                        effects.extend(seen);
                        midway.extend(now.busy());
                        let _ = looked.send(());
                    }
                }
            }
        };
        let elapsed = begun.elapsed();
        if !midway.is_disjoint(&self.used) {
            effects.insert("sessions".to_owned(), format!("{midway:?} carried a payload before"));
        }
        self.used.extend(midway);
        let (now, seen, stands) =
            oracle::settled(world, &self.name, neighbour, &before, &self.used).await;
        // What was seen midway and is gone was there nevertheless.
        effects.extend(seen);
        let (heard, told) = self.told(payload, &came);
        effects.extend(heard);
        if matches!(came, Came::CutOff) || elapsed > cut_off(payload.patience, self.out) {
            effects.insert("time".to_owned(), format!("ran for {elapsed:?}"));
        }
        if effects.is_empty() {
            self.before = stands;
        } else {
            // A lock, a notification or a record in the log leaves nothing to put back.
            if !now.is_restored(&before).is_empty() || effects.contains_key("settings") {
                world.reset().await;
            }
            let neighbour = world.neighbour(self.role).await;
            let restored = oracle::look(world, &self.name, neighbour).await;
            let lost = restored.is_restored(&before);
            assert!(lost.is_empty(), "{}: {lost:?} can't be put back", payload.name);
        }
        Passage { outcome: outcome(&came), effects, told, took: begun.elapsed() }
    }

    /// What the answer itself says: too much of it, a wrong one, or what the role may not know.
    fn told(&self, payload: &Payload, came: &Came) -> (Effects, BTreeSet<&'static str>) {
        let mut effects = Effects::new();
        let mut effect = |part: &str, seen: String| {
            effects.insert(part.to_owned(), seen);
        };
        let bounds = Bounds::default();
        let (words, may_know): (String, &[&str]) = match came {
            Came::Back(back) => match &**back {
                Ok(answer) => {
                    let rows = &answer.reading.rows;
                    if rows.len() > bounds.rows {
                        effect("rows bound", format!("{} rows", rows.len()));
                    }
                    if answer.bytes > bounds.bytes {
                        effect("bytes bound", format!("{} bytes", answer.bytes));
                    }
                    let cell = rows.first().and_then(|row| row.first());
                    let cell = cell.map(|value| {
                        value.as_text().map_or_else(|| format!("{value:?}"), str::to_owned)
                    });
                    if let (Some(wanted), Some(cell)) = (&payload.answer, cell)
                        && *wanted != cell
                    {
                        effect("answer", format!("{cell:?} and not {wanted:?}"));
                    }
                    let few: Vec<_> = rows.iter().take(bounds.rows).collect();
                    (format!("{few:?}"), may_be_told(self.role))
                }
                Err(error) => (chain(error), &[]),
            },
            Came::NotConnected(error) => (chain(error), &[]),
            Came::Judged | Came::CutOff => return (effects, BTreeSet::new()),
        };
        let told = SECRETS.into_iter().filter(|one| words.contains(one) && !may_know.contains(one));
        let mut told: BTreeSet<&str> = told.collect();
        // Whoever gave a role pg_read_all_data gave it these too. They are shown and not hidden:
        // the role was let in as it is.
        let given = |one: &&str| self.role == Role::ReadsAll && BY_MEMBERSHIP.contains(one);
        let more: BTreeSet<&str> = if matches!(came, Came::Back(back) if back.is_ok()) {
            told.iter().copied().filter(given).collect()
        } else {
            BTreeSet::new()
        };
        told.retain(|one| !more.contains(one));
        if !told.is_empty() {
            effect("words", format!("{told:?}"));
        }
        (effects, more)
    }
}

/// What pg_read_all_data reads beyond tables: hashes of passwords, options of user mappings, and
/// what is behind a foreign table.
const BY_MEMBERSHIP: [&str; 3] = ["SCRAM-SHA-256$", PASSWORD, "root:x:0"];

const SECRETS: [&str; 7] = [
    "s3cret-in-a-row",
    "hidden-from-readers",
    "row-of-staging",
    "SCRAM-SHA-256$",
    PASSWORD,
    "root:x:0",
    "postmaster.pid",
];

/// What the fixture grants a role to read. Whatever else an answer carries, nobody granted.
fn may_be_told(role: Role) -> &'static [&'static str] {
    match role {
        Role::Minimal => &SECRETS[..1],
        Role::ReadsAll | Role::Owner | Role::Superuser => &SECRETS[..2],
    }
}

fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words = format!("{error} {error:?}");
    let mut next = error.source();
    while let Some(error) = next {
        words.push_str(&format!(" {error} {error:?}"));
        next = error.source();
    }
    words
}

/// The bounds of a channel. Taken out they are so wide that whatever is meant to be cut is not, and
/// still so narrow that the machine survives it.
fn bounds(patience: Patience, out: Option<Layer>) -> Bounds {
    let usual = Bounds::default();
    let hour = Duration::from_secs(3600);
    match (out, patience) {
        (Some(Layer::Bounds), _) => Bounds {
            rows: 200_000,
            bytes: 128 << 20,
            statement_timeout: hour,
            lock_timeout: hour,
            idle_timeout: hour,
            ..usual
        },
        (_, Patience::Usual) => usual,
        (_, Patience::Tight) => Bounds {
            statement_timeout: Duration::from_millis(300),
            lock_timeout: Duration::from_millis(100),
            ..usual
        },
    }
}

thread_local! {
    static JUDGED: RefCell<HashMap<String, Option<Sent>>> = RefCell::default();
}

/// What is sent, and what is looked up for it.
#[derive(Debug, Clone)]
struct Sent {
    sql: String,
    lookups: Lookups,
}

/// What the judge lets through. It knows nothing but the text, so it is asked once for each.
fn judged(text: &str) -> Option<Sent> {
    JUDGED.with_borrow_mut(|judged| {
        let ask = || {
            let judged = ReadOnlyStatement::judge(text).ok()?;
            let (sql, lookups) = (judged.as_sql().to_owned(), judged.lookups().clone());
            Some(Sent { sql, lookups })
        };
        judged.entry(text.to_owned()).or_insert_with(ask).clone()
    })
}

async fn send(
    world: &World,
    payload: &Payload,
    role: Role,
    out: Option<Layer>,
    run: &RunId,
    channels: &mut HashMap<Patience, ProductionChannel>,
) -> Came {
    let text = payload.sql.replace("{data}", &world.data);
    let sent = match judged(&text) {
        Some(sent) => sent,
        // Where the judge is out, what it would have refused is sent; it has taken down no names then.
        None if out == Some(Layer::Judge) => Sent { sql: text, lookups: Lookups::default() },
        None => return Came::Judged,
    };
    let (bounds, limit) = (bounds(payload.patience, out), cut_off(payload.patience, out));
    if payload.through == Through::Nothing {
        let channel = match channels.entry(payload.patience) {
            std::collections::hash_map::Entry::Occupied(there) => there.into_mut(),
            std::collections::hash_map::Entry::Vacant(empty) => {
                match connect(world.port(), role, run, bounds).await {
                    Ok(channel) => empty.insert(channel),
                    Err(error) => return Came::NotConnected(error),
                }
            }
        };
        return ask(channel, &sent, limit).await;
    }
    let pooler = Pooler::start(world.port(), payload.through).await;
    let channel = match connect(pooler.port, role, run, bounds).await {
        Ok(channel) => channel,
        Err(error) => return Came::NotConnected(error),
    };
    if payload.through == Through::MovesLater {
        // The first session was told the truth.
        let first = Sent { sql: "select 1".to_owned(), lookups: Lookups::default() };
        let _ = ask(&channel, &first, limit).await;
    }
    let came = ask(&channel, &sent, limit).await;
    channel.close().await;
    came
}

async fn ask(channel: &ProductionChannel, sent: &Sent, limit: Duration) -> Came {
    let facts = Facts::none();
    let question = Question { sql: &sent.sql, lookups: &sent.lookups };
    let reading = channel.read_sql(question, &facts, channel.callers_limits());
    match tokio::time::timeout(limit, reading).await {
        Ok(back) => Came::Back(Box::new(back)),
        Err(_) => Came::CutOff,
    }
}

async fn connect(
    port: u16,
    role: Role,
    run: &RunId,
    bounds: Bounds,
) -> Result<ProductionChannel, ConnectError> {
    let user = role.user();
    let settings = settings(&format!(
        "host=127.0.0.1 port={port} user={user} password={PASSWORD} dbname=production sslmode=disable"
    ));
    // Whatever can be accepted is: the other layers have to do without it.
    let by_policy = RoleFindingKind::ALL.into_iter().filter(|k| k.weight() == Weight::ByPolicy);
    let accepted = Accepted::new(by_policy.map(|kind| (kind.name(), "an attack".to_owned())))
        .expect("what is decided by policy can be accepted");
    let allowlist = allowlist();
    let terms = Terms { allowlist: &allowlist, role: Some(user), accepted: &accepted, run, bounds };
    ProductionChannel::connect(settings, terms).await
}

fn outcome(came: &Came) -> String {
    let back = match came {
        Came::Judged => return "judge".to_owned(),
        Came::CutOff => return "nobody".to_owned(),
        Came::NotConnected(error) => return not_connected(error),
        Came::Back(back) => back,
    };
    match &**back {
        Ok(answer) if answer.reading.truncated => "bounds rows".to_owned(),
        Ok(_) => "answered".to_owned(),
        Err(ReadError::Server(error)) => format!("server {}", error.sqlstate()),
        Err(ReadError::TimedOut { .. }) => "bounds time".to_owned(),
        Err(ReadError::TooManyBytes { .. }) => "bounds bytes".to_owned(),
        Err(ReadError::WroteSomething { .. }) => "breach wrote".to_owned(),
        Err(ReadError::LeftTransaction) => "breach left".to_owned(),
        Err(ReadError::Refused(_)) => "names".to_owned(),
        Err(ReadError::Guard(_)) => "guard".to_owned(),
        Err(ReadError::Unavailable(error)) => not_connected(error),
        Err(ReadError::Parameters { .. }) => "channel parameters".to_owned(),
        Err(ReadError::UnsupportedType { .. }) => "channel type".to_owned(),
        Err(ReadError::Lost(_)) => "lost".to_owned(),
        Err(other) => format!("{other:?}"),
    }
}

fn not_connected(error: &ConnectError) -> String {
    match error {
        ConnectError::Guard { .. } => "guard".to_owned(),
        ConnectError::RoleRefused { .. } => "role".to_owned(),
        ConnectError::Refused { error, .. } => format!("server {}", error.sqlstate()),
        other => format!("not connected: {other:?}"),
    }
}
