//! The streamed lane of the digest against `pg_dump -t | sha256sum` on the same table.
//!
//! What is timed is a whole snapshot of a database that has nothing but the table: definitions, lineage and the
//! digest, by two connections. Beside it stands the same stream thrown away, which is what the lane can't be
//! faster than, and the digest on the server.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use clonegate_model::{DatabaseName, DigestKey, Lane, Reading, StreamKey};
use clonegate_probe::{
    Accepted, Allowlist, Bounds, ConnectionSettings, CopySink, Environment, Fields, NotACopy,
    ProductionChannel, SnapshotReader, Terms,
};
use clonegate_sandbox::{Auth, LocalServer, ServerOptions, find_postgres};
use clonegate_sql::{Blocks, ColumnForm, Identifier, RangeCopy, ReadOnlyStatement, RowColumn};
use clonegate_witness::{
    DigestOf, Granted, LoadLimits, Plan, Reader, RowFold, Streamed, Streaming, Unread, collect,
};
use tokio::process::Command;

use crate::spread::{Spread, ratio, shown};
use crate::{Done, machine, note, say};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often each way is taken, in turns.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Rows of the narrow table, in thousands; the wide one has half as many.
    #[arg(long, default_value_t = 2000)]
    thousands: u64,
}

/// A table with the columns of `pgbench_accounts`.
fn narrow(rows: u64) -> String {
    format!(
        "create table t (aid int not null, bid int, abalance int, filler char(84)) with (fillfactor = 100);
         insert into t select g, 1, 0, '' from generate_series(1, {rows}) as g;"
    )
}

/// Eight columns with text, jsonb and numeric.
fn wide(rows: u64) -> String {
    format!(
        "create table t (id bigint not null, name text, body text, doc jsonb, price numeric(12,2), weight numeric, seen timestamptz, ok bool);
         insert into t select g, 'name ' || g, repeat(md5(g::text), 5),
             jsonb_build_object('id', g, 'tags', jsonb_build_array('a', g % 7), 'note', md5((g + 1)::text)),
             g * 1.25, g / 7.0, timestamptz '2026-01-01' + g * interval '1 second', g % 3 = 0
           from generate_series(1, {rows}) as g;"
    )
}

/// The columns of both tables.
const TABLES: [(&str, &[&str]); 2] = [
    ("narrow", &["aid", "bid", "abalance", "filler"]),
    ("wide", &["id", "name", "body", "doc", "price", "weight", "seen", "ok"]),
];

/// Where a digest is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Here, of rows that are streamed.
    Streamed,
    /// On the server.
    Server,
}

pub(crate) async fn run(options: &Options) -> Done {
    let folder = tempfile::Builder::new().prefix("clonegate-bench-").tempdir()?;
    let installation = find_postgres(None).context("a local PostgreSQL")?;
    let settings = [("shared_buffers", "1GB"), ("max_wal_size", "4GB"), ("autovacuum", "off")];
    let server = ServerOptions {
        settings: settings.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec(),
        auth: Auth::Trust,
    };
    let server = LocalServer::start(&installation, folder.path(), &server).await?;
    say(&format!("machine: {}", machine::describe()));
    let reader = "create role reader login; grant pg_read_all_data to reader";
    server.psql().run_sql("postgres", reader).await?;
    let rows = options.thousands * 1000;
    for ((name, columns), sql) in TABLES.into_iter().zip([narrow(rows), wide(rows / 2)]) {
        note(&format!("filling {name}"));
        server.psql().run_sql("postgres", &format!("create database {name}")).await?;
        server.psql().run_sql(name, &format!("{sql} vacuum (freeze, analyze) t;")).await?;
        let channel = open(&server, name).await?;
        let pg_dump = installation.program("pg_dump");
        table(options, &server, &pg_dump, (name, columns), &channel).await?;
        channel.close().await;
    }
    drop(server);
    Ok(std::process::ExitCode::SUCCESS)
}

async fn table(
    options: &Options,
    server: &LocalServer,
    pg_dump: &Path,
    (name, columns): (&str, &[&str]),
    channel: &ProductionChannel,
) -> Result<()> {
    let ways =
        ["streamed, whole snapshot", "streamed and thrown away", "on the server, whole snapshot"];
    let mut dump = Spread::default();
    let mut taken = ways.map(|_| Spread::default());
    let mut peak = 0;
    for round in 0..=options.rounds {
        note(&format!("{name}, round {round} of {}", options.rounds));
        // In turns, so that whatever else the machine does meets all of them; the first round warms.
        let dumped = dumped(server, pg_dump, name).await?;
        machine::reset_peak();
        let streamed = snapshot(channel, Way::Streamed).await?;
        peak = peak.max(machine::peak_kib().unwrap_or_default());
        let thrown = thrown_away(channel, columns).await?;
        let on_the_server = snapshot(channel, Way::Server).await?;
        if round > 0 {
            for (spread, time) in taken.iter_mut().zip([streamed, thrown, on_the_server]) {
                spread.add(time);
            }
        }
        if round > 0 {
            dump.add(dumped);
        }
    }
    say("");
    say(&format!(
        "{name}: medians of {}, peak of this process {} MiB",
        options.rounds,
        peak / 1024
    ));
    say("");
    say("| way | median | against pg_dump \\| sha256sum |");
    say("| --- | --- | --- |");
    say(&format!("| pg_dump -t \\| sha256sum | {} | 1 |", shown(dump.median())));
    for (way, spread) in ways.iter().zip(&taken) {
        let ratio = ratio(spread.median(), dump.median());
        say(&format!("| {way}, 2 connections | {} | {ratio} |", shown(spread.median())));
    }
    Ok(())
}

async fn dumped(server: &LocalServer, pg_dump: &Path, database: &str) -> Result<Duration> {
    let begun = Instant::now();
    let mut dump = Command::new(pg_dump)
        .args(["-h", &server.socket_dir().display().to_string(), "-p", &server.port().to_string()])
        .args(["-U", "reader", "-t", "t", database])
        .stdout(Stdio::piped())
        .spawn()?;
    let out: Stdio = dump.stdout.take().context("its output is piped")?.try_into()?;
    let sum = Command::new("sha256sum").stdin(out).output().await?;
    ensure!(dump.wait().await?.success() && sum.status.success(), "the dump failed");
    Ok(begun.elapsed())
}

/// One snapshot of the channel's database, its contents read in this way by two connections: how long it took.
pub(crate) async fn snapshot(channel: &ProductionChannel, way: Way) -> Result<Duration> {
    let granted = Streaming { granted: Granted::Everything, key: StreamKey([7; 32]) };
    let plan = Plan {
        digest: DigestOf::Everything,
        stream: (way == Way::Streamed).then_some(granted),
        load: LoadLimits { active_sessions: None, ..LoadLimits::default() },
        ..Plan::usual(DigestKey(7))
    };
    let begun = Instant::now();
    let mut first = channel.snapshot().await?;
    let at = first.export().await?;
    let second = channel.snapshot_at(&at).await?;
    let mut readers = [Hand(first), Hand(second)];
    let seen = collect(&mut readers, &plan, None).await?;
    let elapsed = begun.elapsed();
    for hand in readers {
        hand.0.finish().await?;
    }
    let table = seen.relations.iter().find(|r| r.name.ends_with(".t")).context("the table")?;
    match (way, &table.digest) {
        (Way::Streamed, Some(d)) => ensure!(matches!(d.lane, Lane::Streamed { .. })),
        (Way::Server, Some(d)) => ensure!(d.lane == Lane::Server),
        (_, None) => anyhow::bail!("no digest was taken: {:?}", seen.coverage),
    }
    Ok(elapsed)
}

async fn open(server: &LocalServer, database: &str) -> Result<ProductionChannel> {
    let name = DatabaseName::new(database)?;
    let fields = Fields {
        host: Some(server.socket_dir().display().to_string()),
        port: Some(server.port()),
        user: Some("reader".into()),
        database: Some(name.clone()),
        ..Fields::default()
    };
    let settings = ConnectionSettings::resolve(&fields, None, &Environment::of_process())?;
    let run = "bench-streamed".parse()?;
    let accepted = Accepted::new([("temporary", "a bench"), ("pg-read-all-data", "a bench")])?;
    let terms = Terms {
        allowlist: &Allowlist::new([name])?,
        role: None,
        accepted: &accepted,
        run: &run,
        bounds: Bounds::default(),
    };
    Ok(ProductionChannel::connect(settings, terms).await?)
}

/// The same rows by two connections, and nothing done with them: what the lane can't be faster than.
async fn thrown_away(channel: &ProductionChannel, columns: &[&str]) -> Result<Duration> {
    let begun = Instant::now();
    let mut first = channel.snapshot().await?;
    let at = first.export().await?;
    let second = channel.snapshot_at(&at).await?;
    let size = "select 'public.t'::regclass::oid::bigint as oid, pg_relation_size('public.t') / 8192 as blocks";
    let reading = first.read(&ReadOnlyStatement::judge(size)?).await?.reading;
    let number = |column| {
        let value = reading.single(column).and_then(clonegate_model::Value::as_integer);
        value.and_then(|n| u64::try_from(n).ok()).context("a number")
    };
    let (oid, blocks) = (u32::try_from(number("oid")?)?, number("blocks")?);
    let column =
        |name: &&str| Ok(RowColumn { name: name.parse::<Identifier>()?, form: ColumnForm::Binary });
    let columns = columns.iter().map(column).collect::<Result<Vec<_>>>()?;
    let half = |mut reader: SnapshotReader, from: u64, end: u64| {
        let columns = &columns;
        async move {
            let mut from = from;
            while from < end {
                let to = end.min(from + RANGE);
                let copy = RangeCopy::new(
                    oid,
                    "public.t".parse()?,
                    columns,
                    Blocks { from, to: Some(to) },
                )?;
                reader.copy_out(copy, Nowhere).await?;
                from = to;
            }
            Ok::<_, anyhow::Error>(reader.finish().await?)
        }
    };
    tokio::try_join!(half(first, 0, blocks / 2), half(second, blocks / 2, blocks))?;
    Ok(begun.elapsed())
}

/// Blocks of a range that is thrown away.
const RANGE: u64 = 8192;

struct Nowhere;

impl CopySink for Nowhere {
    fn take(&mut self, _: &[u8]) -> Result<(), NotACopy> {
        Ok(())
    }
}

struct Hand(SnapshotReader);

/// Gives what comes to the digest.
pub(crate) struct Folding(pub(crate) RowFold);

impl CopySink for Folding {
    fn take(&mut self, piece: &[u8]) -> Result<(), NotACopy> {
        self.0.take(piece).map_err(NotACopy)
    }
}

impl Reader for Hand {
    async fn read(&mut self, statements: &[String]) -> Vec<Result<Reading, Unread>> {
        let mut answers = Vec::new();
        for sql in statements {
            let answer = match ReadOnlyStatement::judge(sql) {
                Ok(statement) => self.0.read(&statement).await.map_err(|e| e.to_string()),
                Err(refusal) => Err(refusal.to_string()),
            };
            answers.push(answer.map(|a| a.reading).map_err(Unread::refused));
        }
        answers
    }

    async fn stream(&mut self, copy: RangeCopy, fold: RowFold) -> Result<Streamed, Unread> {
        let copied = self.0.copy_out(copy, Folding(fold)).await;
        let (Folding(fold), copied) = copied.map_err(|e| Unread::refused(e.to_string()))?;
        Ok(Streamed { fold, filenode: copied.filenode })
    }

    async fn wait(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
