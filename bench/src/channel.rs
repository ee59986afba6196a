//! The production channel: what it adds to a round trip, and many callers at once.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use clonegate_model::{DatabaseName, Exit, RunId};
use clonegate_probe::{
    Accepted, Allowlist, Bounds, ConnectionSettings, Environment, Facts, Fields, ProductionChannel,
    Terms,
};
use clonegate_profile::ProductionProfile;
use clonegate_query::{Caller, QueryService};
use clonegate_sandbox::{Backend, Endpoint, Options as SandboxOptions, Sandbox, Scale, start};
use clonegate_sql::ReadOnlyStatement;
use tokio::task::JoinSet;

use crate::spread::{Spread, ratio, shown};
use crate::{Done, machine, note, say};

/// What a caller thinks between two questions when the overhead is measured: a connection that
/// carried its text is thrown away, and the next one has time to be opened.
const THINKING: Duration = Duration::from_millis(25);

/// How long a caller that was told that the channel is busy waits at least before it asks again; at most twice
/// that. Without it the callers would measure how fast they are turned away.
const COMING_BACK: Duration = Duration::from_millis(100);

/// How often the server is looked at while callers are at work.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long backends may take to end after the last connection was closed.
const ENDING: Duration = Duration::from_secs(10);

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many callers ask at once.
    #[arg(long, default_value_t = 100)]
    callers: usize,
    /// For how many seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How often `select 1` is asked by each way.
    #[arg(long, default_value_t = 400)]
    rounds: usize,
}

/// What callers ask. The weight says how often.
struct Question {
    name: &'static str,
    weight: usize,
    sql: &'static str,
}

const QUESTIONS: &[Question] = &[
    Question { name: "honest: one row", weight: 30, sql: "select 1 as one" },
    Question {
        name: "honest: aggregate",
        weight: 25,
        sql: "select count(*), max(id), percentile_cont(0.5) within group (order by id) from public.system_issues",
    },
    Question {
        name: "honest: catalog",
        weight: 15,
        sql: "select c.oid::regclass::text, pg_size_pretty(pg_total_relation_size(c.oid)) from pg_class c \
              where c.relkind = 'r' order by pg_total_relation_size(c.oid) desc limit 20",
    },
    Question {
        name: "honest: truncated",
        weight: 10,
        sql: "select n, md5(n::text) from generate_series(1, 20000) as n",
    },
    Question {
        name: "hostile: second statement",
        weight: 5,
        sql: "select 1; drop schema public cascade",
    },
    Question {
        name: "hostile: writing function",
        weight: 5,
        sql: "select pg_logical_emit_message(false, 'x', repeat('x', 1000000))",
    },
    Question {
        name: "hostile: hidden name",
        weight: 3,
        sql: r#"select U&"pg\005fadvisory\005flock"(1)"#,
    },
    Question { name: "hostile: many bytes", weight: 3, sql: "select repeat('x', 20000000) as x" },
    Question {
        name: "hostile: error with data",
        weight: 3,
        sql: "select cast((select string_agg(title, ',') from public.system_issues) as integer)",
    },
    Question {
        name: "hostile: endless",
        weight: 1,
        sql: "select count(*) from generate_series(1, 100000000000)",
    },
];

pub(crate) async fn run(options: &Options) -> Done {
    ensure!(options.callers > 0 && options.rounds > 0, "at least one caller and one round");
    let folder = tempfile::Builder::new().prefix("clonegate-bench-").tempdir()?;
    let sandbox = SandboxOptions {
        root: folder.path().join("sandbox"),
        backend: Backend::Local,
        scale: Scale::Small,
        ..SandboxOptions::default()
    };
    note("starting a server with the one-roof fixture");
    let sandbox = start(&sandbox, &|_: &str| {}).await?;
    let measured = measure(options, &sandbox, folder.path()).await;
    sandbox.stop().await?;
    measured
}

async fn measure(options: &Options, sandbox: &Sandbox, folder: &Path) -> Done {
    let endpoint = sandbox.production();
    // Autovacuum takes transaction ids of its own; without it each one that is taken is a caller's.
    superuser(endpoint, "alter system set autovacuum = off").await?;
    superuser(endpoint, "select pg_reload_conf()").await?;
    say(&format!("machine: {}", machine::describe()));
    say(&format!("server: {}", superuser(endpoint, "select version()").await?));
    say("");
    let profile = ProductionProfile::load(sandbox.config_path())?;
    overhead(options, endpoint, &profile, folder).await?;
    say("");
    load(options, endpoint, &profile, folder).await
}

async fn superuser(endpoint: &Endpoint, sql: &str) -> Result<String> {
    let said = endpoint.psql.run_sql(&endpoint.database, sql).await?;
    Ok(said.trim().to_owned())
}

async fn overhead(
    options: &Options,
    endpoint: &Endpoint,
    profile: &ProductionProfile,
    folder: &Path,
) -> Result<()> {
    let (bare, connection) = bare(endpoint).await?;
    let driving = tokio::spawn(connection);
    let run: RunId = "bench-overhead".parse()?;
    let service = QueryService::from_profile(profile, run.clone(), &folder.join("overhead"))?;
    let caller = Caller::new("bench:overhead")?;
    let database = service.databases()[0].to_string();
    let bounds = Bounds { connections: profile.query.connections, ..Bounds::default() };
    let channel = channel(endpoint, &run, bounds).await?;
    let statement = ReadOnlyStatement::judge("select 1")?;

    let ways = ["bare, one round trip", "channel", "channel, judge and log"];
    for (how, pause, rounds) in [
        ("with a spare connection ready", THINKING, options.rounds),
        ("one behind the other", Duration::ZERO, options.rounds),
    ] {
        note(&format!("select 1, {how}, {rounds} times by each way"));
        let mut spreads = [Spread::default(), Spread::default(), Spread::default()];
        for round in 0..=rounds {
            for (way, spread) in spreads.iter_mut().enumerate() {
                tokio::time::sleep(pause).await;
                let begun = Instant::now();
                match way {
                    0 => ensure!(bare.query_typed("select 1", &[]).await?.len() == 1),
                    1 => {
                        let answer = channel.read(&statement, &Facts::none()).await?;
                        ensure!(answer.reading.rows.len() == 1);
                    }
                    _ => {
                        let served = service.query(&caller, &database, "select 1").await?;
                        ensure!(served.reading.rows.len() == 1);
                    }
                }
                // The first round opens the connections.
                if round > 0 {
                    spread.add(begun.elapsed());
                }
            }
        }
        say(&format!("`select 1`, {how}"));
        say("");
        say("| way | median | p90 | p99 | ratio of the medians |");
        say("| --- | --- | --- | --- | --- |");
        for (name, spread) in ways.iter().zip(&spreads) {
            say(&format!(
                "| {name} | {} | {} | {} | {} |",
                shown(spread.median()),
                shown(spread.quantile(0.9)),
                shown(spread.quantile(0.99)),
                ratio(spread.median(), spreads[0].median()),
            ));
        }
        say("");
    }
    channel.close().await;
    service.close().await;
    drop(bare);
    driving.await??;
    Ok(())
}

/// The channel as the service opens it, without judge and log.
async fn channel(endpoint: &Endpoint, run: &RunId, bounds: Bounds) -> Result<ProductionChannel> {
    let database = DatabaseName::new(&endpoint.database)?;
    let fields = Fields {
        host: Some(endpoint.host.clone()),
        port: Some(endpoint.port),
        user: Some(endpoint.role.clone()),
        database: Some(database.clone()),
        passfile: Some(endpoint.passfile.clone()),
        ..Fields::default()
    };
    let settings = ConnectionSettings::resolve(&fields, None, &Environment::of_process())?;
    let allowlist = Allowlist::new([database])?;
    let accepted = Accepted::nothing();
    let terms = Terms {
        allowlist: &allowlist,
        role: Some(&endpoint.role),
        accepted: &accepted,
        run,
        bounds,
    };
    Ok(ProductionChannel::connect(settings, terms).await?)
}

type Bare = tokio_postgres::Connection<tokio_postgres::Socket, tokio_postgres::tls::NoTlsStream>;

/// A connection without any of the channel: the round trip that everything is held against.
async fn bare(endpoint: &Endpoint) -> Result<(tokio_postgres::Client, Bare)> {
    let passfile = std::fs::read_to_string(&endpoint.passfile)?;
    let password = passfile.trim().rsplit(':').next().context("the passfile has a password")?;
    let mut config = tokio_postgres::Config::new();
    config
        .host(&endpoint.host)
        .port(endpoint.port)
        .user(&endpoint.role)
        .dbname(&endpoint.database)
        .password(password);
    Ok(config.connect(tokio_postgres::NoTls).await?)
}

/// What the server shows of the callers, and of what must not change.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    backends: u64,
    advisory_locks: u64,
    idle_in_transaction: u64,
    memory_kib: u64,
}

async fn look(endpoint: &Endpoint, application: &str) -> Result<Look> {
    let sql = format!(
        "select string_agg(pid::text, ','), count(*) filter (where state like 'idle in%' \
                and state_change < clock_timestamp() - interval '2 s'), \
                (select count(*) from pg_locks where locktype = 'advisory') \
           from pg_stat_activity where application_name = '{application}'"
    );
    let said = superuser(endpoint, &sql).await?;
    let parts: Vec<&str> = said.split('|').collect();
    let [pids, idle, locks] = parts.as_slice() else {
        anyhow::bail!("the server says {said:?}");
    };
    let pids: Vec<&str> = pids.split(',').filter(|p| !p.is_empty()).collect();
    let memory = |pid: &&str| {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let line = rollup.lines().find(|l| l.starts_with("Private_Dirty:"))?;
        line.split_whitespace().nth(1)?.parse::<u64>().ok()
    };
    Ok(Look {
        backends: pids.len() as u64,
        advisory_locks: locks.parse()?,
        idle_in_transaction: idle.parse()?,
        memory_kib: pids.iter().filter_map(memory).sum(),
    })
}

/// What nobody may change, in one text.
async fn state(endpoint: &Endpoint) -> Result<String> {
    superuser(
        endpoint,
        "select pg_snapshot_xmax(pg_current_snapshot()), \
                (select count(*) from pg_class), (select count(*) from pg_largeobject_metadata), \
                (select md5(string_agg(i::text, ',' order by id)) from public.system_issues as i), \
                (select count(*) from pg_db_role_setting), (select count(*) from pg_replication_slots)",
    )
    .await
}

async fn load(
    options: &Options,
    endpoint: &Endpoint,
    profile: &ProductionProfile,
    folder: &Path,
) -> Done {
    let run: RunId = "bench-load".parse()?;
    let application = run.application_name();
    let service = QueryService::from_profile(profile, run, &folder.join("load"))?;
    let database = service.databases()[0].to_string();
    let before = state(endpoint).await?;
    machine::reset_peak();
    note(&format!("{} callers for {} s", options.callers, options.seconds));

    let until = Instant::now() + Duration::from_secs(options.seconds);
    let failures = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for number in 0..options.callers {
        let service = service.clone();
        let database = database.clone();
        let caller = Caller::new(format!("bench:{number}"))?;
        let failures = failures.clone();
        callers.spawn(async move {
            let mut asked = Asked::default();
            let mut dice = Dice(number as u64 + 1);
            while Instant::now() < until {
                let question = &QUESTIONS[pick(dice.roll())];
                let begun = Instant::now();
                let outcome = match service.query(&caller, &database, question.sql).await {
                    Ok(served) if served.reading.truncated => "answered, truncated",
                    Ok(_) => "answered",
                    Err(error) => {
                        if matches!(error.exit(), Exit::Fail | Exit::Unexpected) {
                            failures.fetch_add(1, Ordering::Relaxed);
                        }
                        error.rule()
                    }
                };
                asked.entry((question.name, outcome)).or_default().add(begun.elapsed());
                if outcome == "busy" {
                    let more = Duration::from_millis(dice.roll() % 100);
                    tokio::time::sleep(COMING_BACK + more).await;
                }
            }
            asked
        });
    }
    let (mut most, mut stale) =
        (Look { backends: 0, advisory_locks: 0, idle_in_transaction: 0, memory_kib: 0 }, 0);
    while Instant::now() < until {
        let now = look(endpoint, &application).await?;
        stale += now.idle_in_transaction;
        most = Look {
            backends: most.backends.max(now.backends),
            advisory_locks: most.advisory_locks.max(now.advisory_locks),
            idle_in_transaction: most.idle_in_transaction.max(now.idle_in_transaction),
            memory_kib: most.memory_kib.max(now.memory_kib),
        };
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let mut asked = Asked::default();
    while let Some(done) = callers.join_next().await {
        for (key, spread) in done? {
            asked.entry(key).or_default().extend(spread);
        }
    }
    let peak = machine::peak_kib();
    service.close().await;
    let ended_by = Instant::now() + ENDING;
    let mut left = look(endpoint, &application).await?;
    while left.backends > 0 && Instant::now() < ended_by {
        tokio::time::sleep(Duration::from_millis(50)).await;
        left = look(endpoint, &application).await?;
    }
    let after = state(endpoint).await?;

    let total: usize = asked.values().map(Spread::count).sum();
    say(&format!(
        "{} callers at once for {} s, {total} questions, {:.0} a second",
        options.callers,
        options.seconds,
        total as f64 / options.seconds as f64
    ));
    say("");
    say("| question | outcome | count | p50 | p90 | p99 | most |");
    say("| --- | --- | --- | --- | --- | --- | --- |");
    for ((name, outcome), spread) in &asked {
        say(&format!(
            "| {name} | {outcome} | {} | {} | {} | {} | {} |",
            spread.count(),
            shown(spread.quantile(0.5)),
            shown(spread.quantile(0.9)),
            shown(spread.quantile(0.99)),
            shown(spread.quantile(1.0)),
        ));
    }
    say("");
    let limit = profile.query.connections as u64;
    let checks = [
        (
            "backends at once",
            format!("at most {limit}"),
            most.backends.to_string(),
            most.backends <= limit,
        ),
        ("backends left", "0".to_owned(), left.backends.to_string(), left.backends == 0),
        (
            "advisory locks seen",
            "0".to_owned(),
            most.advisory_locks.to_string(),
            most.advisory_locks == 0,
        ),
        (
            "sightings of a session idle in its transaction for 2 s",
            "0".to_owned(),
            stale.to_string(),
            stale == 0,
        ),
        (
            "transaction ids, rows, definitions, large objects, settings",
            "unchanged".to_owned(),
            if before == after { "unchanged".to_owned() } else { format!("{before} → {after}") },
            before == after,
        ),
        (
            "breaches, and statements that could not be logged",
            "0".to_owned(),
            failures.load(Ordering::Relaxed).to_string(),
            failures.load(Ordering::Relaxed) == 0,
        ),
        (
            "this process' memory at its peak",
            "at most 128 MiB".to_owned(),
            peak.map_or("not known here".to_owned(), |kib| format!("{} MiB", kib >> 10)),
            peak.is_some_and(|kib| kib <= 128 << 10),
        ),
    ];
    say("| what | required | actual |");
    say("| --- | --- | --- |");
    let mut held = true;
    for (what, required, actual, fine) in checks {
        say(&format!("| {what} | {required} | {actual} {} |", if fine { "✓" } else { "✗" }));
        held &= fine;
    }
    say(&format!(
        "| the backends' own memory, together, at its peak | no bound is promised | {} MiB |",
        most.memory_kib >> 10
    ));
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

type Asked = BTreeMap<(&'static str, &'static str), Spread>;

/// Which question a number stands for, by the weights.
fn pick(number: u64) -> usize {
    let all: usize = QUESTIONS.iter().map(|q| q.weight).sum();
    let mut at = (number % all as u64) as usize;
    for (index, question) in QUESTIONS.iter().enumerate() {
        if at < question.weight {
            return index;
        }
        at -= question.weight;
    }
    0
}

/// The same questions in every run, in an order that is not the same for two callers (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x2545_F491_4F6C_DD1D;
        self.0 ^= self.0 >> 29;
        self.0 >> 8
    }
}
