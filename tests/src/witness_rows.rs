//! The witnesses of rows on a real server: each change is seen, by the witness that should see it, and
//! what is no change is not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clonegate_diff::{Additions, Contents, NotComparable, Policy, compare_contents, diff};
use clonegate_model::{
    Across, Covered, DatabaseName, DigestKey, Disposition, Finding, Footprint, HashSum, Lane,
    Phase, Reading, RunId, SNAPSHOT_FORMAT, Since, Snapshot, StreamKey, Target, WalWrites, Witness,
};
use clonegate_probe::{
    Accepted, Allowlist, Bounds, ConnectionSettings, CopySink, CutBy, Environment, Fields,
    NotACopy, ProductionChannel, ReadError, SnapshotReader, Terms,
};
use clonegate_sandbox::{Auth, LocalServer, Psql, ServerOptions, StopMode, find_postgres};
use clonegate_sql::{
    Blocks, ColumnForm, OwnSums, Permitted, RangeCopy, ReadOnlyStatement, RowColumn, RowHash,
    RowScan, ScannedRange,
};
use clonegate_witness::{
    Asked, DigestOf, EXTENSION_FUNCTIONS, Granted, Keys, LoadLimits, Plan, Reader, RowFold,
    Streamed, Streaming, Unread, UnreadKind, collect,
};
use jiff::Timestamp;

use crate::harness::until;

/// A server of a test's own, with a role that may read everything.
pub(crate) struct Bench {
    server: LocalServer,
    pub(crate) psql: Psql,
    _folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let installation = find_postgres(None).expect("a local PostgreSQL");
        let settings = [("track_commit_timestamp", "on"), ("max_prepared_transactions", "5")];
        let options = ServerOptions {
            settings: settings.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec(),
            auth: Auth::Trust,
        };
        let server = LocalServer::start(&installation, folder.path(), &options).await;
        let server = server.expect("the server starts");
        let psql = server.psql();
        let bench = Self { server, psql, _folder: folder };
        bench.sql("postgres", "create role reader login; grant pg_read_all_data to reader").await;
        bench
    }

    pub(crate) async fn sql(&self, database: &str, sql: &str) -> String {
        let said = self.psql.run_sql(database, sql).await;
        said.unwrap_or_else(|e| panic!("{sql}: {e:?}")).trim().to_owned()
    }

    /// A database with these objects.
    pub(crate) async fn database(&self, name: &str, sql: &str) {
        self.sql("postgres", &format!("create database {name}")).await;
        self.sql(name, sql).await;
    }

    pub(crate) async fn channel(&self, database: &str, bounds: Bounds) -> ProductionChannel {
        let name = DatabaseName::new(database).expect("a name");
        let fields = Fields {
            host: Some(self.server.socket_dir().display().to_string()),
            port: Some(self.server.port()),
            user: Some("reader".into()),
            database: Some(name.clone()),
            ..Fields::default()
        };
        let settings = ConnectionSettings::resolve(&fields, None, &Environment::of_process());
        let allowlist = Allowlist::new([name]).expect("an allowlist");
        let run: RunId = "witness-1".parse().expect("a run");
        let accepted = [
            ("temporary", "a server of a test"),
            ("pg-read-all-data", "it reads everything"),
            ("dangerous-function", "one test reads the log"),
        ];
        let accepted = Accepted::new(accepted).expect("they can be accepted");
        let terms =
            Terms { allowlist: &allowlist, role: None, accepted: &accepted, run: &run, bounds };
        let channel = ProductionChannel::connect(settings.expect("settings"), terms).await;
        channel.expect("a connection")
    }

    pub(crate) async fn snapshot(
        &self,
        database: &str,
        plan: &Plan,
        entry: Option<&Snapshot>,
    ) -> Snapshot {
        self.snapshot_within(database, Bounds::default(), plan, entry, 2, "").await
    }

    /// A snapshot with so many readers; after the first answer, `between` is run by somebody else.
    pub(crate) async fn snapshot_within(
        &self,
        database: &str,
        bounds: Bounds,
        plan: &Plan,
        entry: Option<&Snapshot>,
        readers: usize,
        between: &str,
    ) -> Snapshot {
        let bounds = Bounds { connections: readers.max(1), ..bounds };
        let channel = self.channel(database, bounds).await;
        let mut first = channel.snapshot().await.expect("a snapshot");
        let at = first.export().await.expect("it is exported");
        let between = (!between.is_empty()).then_some((self, database, between));
        let mut all = vec![Hand { reader: first, between }];
        for _ in 1..readers {
            let reader = channel.snapshot_at(&at).await.expect("another reader");
            all.push(Hand { reader, between: None });
        }
        let seen = collect(&mut all, plan, entry).await.expect("the database can be read");
        for hand in all {
            hand.reader.finish().await.expect("nothing was written");
        }
        let snapshot = Snapshot {
            format: SNAPSHOT_FORMAT,
            run: "witness-1".parse().expect("a run"),
            target: Target::Production,
            phase: if entry.is_some() { Phase::Exit } else { Phase::Entry },
            since: entry.map(Since::of),
            begun_at: Timestamp::UNIX_EPOCH,
            ended_at: Timestamp::UNIX_EPOCH,
            identity: channel.identity().clone(),
            readings: Vec::new(),
            horizon: seen.horizon,
            anchor: seen.anchor,
            relations: seen.relations,
            sequences: seen.sequences,
            catalog: seen.catalog,
            activity: seen.activity,
            coverage: seen.coverage,
            footprint: Footprint::default(),
            digest_key: seen.digest_key,
            wal: seen.wal,
        };
        let footprint = channel.footprint();
        assert_eq!(footprint.transactions, footprint.asserted_without_xid);
        channel.close().await;
        // What is stored must come back as it was.
        let json = serde_json::to_string(&snapshot).expect("a snapshot is JSON");
        assert_eq!(serde_json::from_str::<Snapshot>(&json).expect("and back"), snapshot);
        snapshot
    }
}

fn unread(e: ReadError) -> Unread {
    let kind = match &e {
        ReadError::TimedOut { by: CutBy::Server, .. } => UnreadKind::TimedOut,
        ReadError::Server(e) if e.sqlstate() == "55P03" => UnreadKind::InTheWay,
        ReadError::Server(_) => UnreadKind::Refused,
        _ => UnreadKind::Ended,
    };
    Unread { kind, reason: e.to_string() }
}

struct Folding(RowFold);

impl CopySink for Folding {
    fn take(&mut self, piece: &[u8]) -> Result<(), NotACopy> {
        self.0.take(piece).map_err(NotACopy)
    }
}

struct Hand<'a> {
    reader: SnapshotReader,
    between: Option<(&'a Bench, &'a str, &'a str)>,
}

impl Reader for Hand<'_> {
    async fn read(&mut self, statements: &[String]) -> Vec<Result<Reading, Unread>> {
        let mut answers = Vec::new();
        for sql in statements {
            let permitted = Permitted::in_any_schema(EXTENSION_FUNCTIONS);
            let statement = ReadOnlyStatement::judge_with(sql, &permitted);
            let statement = statement.expect("the judge lets it through");
            let answer = self.reader.read(&statement).await;
            if let Ok(answer) = &answer {
                assert!(answer.reading.rows.len() <= 500, "{sql}");
            }
            answers.push(answer.map(|a| a.reading).map_err(unread));
        }
        if let Some((bench, database, sql)) = self.between.take() {
            bench.sql(database, sql).await;
        }
        answers
    }

    async fn stream(&mut self, copy: RangeCopy, fold: RowFold) -> Result<Streamed, Unread> {
        let copied = self.reader.copy_out(copy, Folding(fold)).await;
        let (Folding(fold), copied) = copied.map_err(unread)?;
        Ok(Streamed { fold, filenode: copied.filenode })
    }

    async fn wait(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

pub(crate) fn plan() -> Plan {
    Plan::usual(DigestKey(0x5eed))
}

pub(crate) fn findings(
    before: &Snapshot,
    after: &Snapshot,
    organic: &[(&str, Across)],
) -> Vec<Finding> {
    let organic: BTreeMap<String, Across> =
        organic.iter().map(|(n, a)| ((*n).to_owned(), *a)).collect();
    let policy = Policy { organic: &organic, additions: Additions::Unexplained };
    diff(before, after, policy).expect("they are comparable")
}

pub(crate) fn gaps(snapshot: &Snapshot) -> Vec<String> {
    let gaps = snapshot.coverage.iter().filter_map(|c| match &c.covered {
        Covered::Gap(why) => Some(format!("{} ({}): {why}", c.subject, c.witness)),
        _ => None,
    });
    gaps.collect()
}

const ZOO: &str = r#"
create table plain (id int primary key, state text, n numeric);
insert into plain select g, 'state ' || g, g from generate_series(1, 300) g;
cluster plain using plain_pkey;
create table "Odd "" name.x" ("Käse" int, "select" text); insert into "Odd "" name.x" values (1, 'a');
create table parted (id int, k int) partition by list (k);
create table leaf partition of parted for values in (1); insert into parted values (1, 1), (2, 1);
create table parent (id int); create table child () inherits (parent); insert into child values (1);
insert into parent values (2);
create unlogged table loose (id int); insert into loose values (1);
create materialized view seen as select count(*) as n from plain;
create materialized view unseen as select 1 as n with no data;
create table zero (); insert into zero default values;
create table dropped (a int, b text, c int generated always as (a * 2) stored);
insert into dropped values (1, 'x'); alter table dropped drop column b;
create table toasted (id int, t text); alter table toasted alter t set storage external;
insert into toasted values (1, repeat('x', 100000));
create sequence counter; select nextval('counter');
create table bare (id int);
select lo_from_bytea(4711, 'hello'); grant select on pg_largeobject to reader;
create table copied (id int, t text); insert into copied values (1, 'a');
"#;

/// Each change alone, on a database of its own, by one who may: by which witness, and what is named.
const CHANGES: &[(&str, &str, Witness, &str)] = &[
    ("updated", "update plain set state = 'x' where id = 7", Witness::Lineage, "public.plain"),
    ("deleted", "delete from plain where id = 7", Witness::Lineage, "public.plain"),
    ("inserted", "insert into plain values (1000, 'x', 1)", Witness::Lineage, "public.plain"),
    (
        "reinserted",
        "begin; create temp table k as select * from plain where id = 7; delete from plain where id = 7; insert into plain select * from k; commit",
        Witness::Lineage,
        "public.plain",
    ),
    ("touched", "update plain set id = id where id = 7", Witness::Lineage, "public.plain"),
    (
        "reloaded",
        "begin; create temp table k as select * from plain; truncate plain; insert into plain select * from k; commit",
        Witness::Lineage,
        "public.plain",
    ),
    (
        "frozen",
        "begin; truncate copied; copy copied from stdin with (freeze);\n1\ta\n\\.\ncommit",
        Witness::Lineage,
        "public.copied",
    ),
    ("retyped", "alter table plain alter n type float8 using n", Witness::Lineage, "public.plain"),
    ("truncated", "truncate plain", Witness::Lineage, "public.plain"),
    ("remade", "drop table bare; create table bare (id int)", Witness::Lineage, "public.bare"),
    ("leafed", "update parted set id = 9 where id = 1", Witness::Lineage, "public.leaf"),
    ("inherited", "delete from only child", Witness::Lineage, "public.child"),
    ("unlogged", "insert into loose values (2)", Witness::Lineage, "public.loose"),
    ("refreshed", "refresh materialized view seen", Witness::Lineage, "public.seen"),
    ("zeroed", "insert into zero default values", Witness::Lineage, "public.zero"),
    (
        "odd",
        "update \"Odd \"\" name.x\" set \"Käse\" = 2",
        Witness::Lineage,
        r#"public."Odd "" name.x""#,
    ),
    ("stretched", "update toasted set t = t || 'y'", Witness::Lineage, "public.toasted"),
    ("overwritten", "select lo_put(4711, 0, 'j')", Witness::Lineage, "pg_catalog.pg_largeobject"),
    ("advanced", "select nextval('counter')", Witness::Sequence, "public.counter"),
    ("uncalled", "select setval('counter', 1, false)", Witness::Sequence, "public.counter"),
    // Without a new transaction id on the row only the contents tell.
    (
        "forged",
        "create extension pg_surgery; update plain set state = 'x' where id = 7; vacuum plain; select heap_force_freeze('plain', array(select ctid from plain where id = 7))",
        Witness::Digest,
        "public.plain",
    ),
];

/// What is no change, each alone.
const NO_CHANGES: &[(&str, &str)] = &[
    ("rewritten", "vacuum full"),
    ("clustered", "cluster plain using plain_pkey"),
    ("shuffled", "delete from plain where false; vacuum (full, freeze) plain; analyze"),
    ("aged", "vacuum (freeze)"),
    ("reindexed", "reindex table plain"),
    ("undone", "begin; insert into plain values (1000, 'x', 1); update plain set n = 0; rollback"),
    ("locked", "begin; select from plain for update; commit"),
    ("hinted", "set enable_indexscan = off; select count(*) from plain; checkpoint"),
    ("swept", "set vacuum_cost_delay = 0; vacuum (index_cleanup on)"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_of_rows_is_seen_and_what_is_none_is_not() {
    let bench = Bench::new().await;
    bench.database("zoo", ZOO).await;
    let mut problems = Vec::new();
    let with = |name: &str| format!("create database {name} template zoo");
    for (name, sql, witness, subject) in CHANGES {
        bench.sql("postgres", &with(name)).await;
        let before = bench.snapshot(name, &plan(), None).await;
        assert_eq!(gaps(&before), Vec::<String>::new());
        bench.sql(name, sql).await;
        let after = bench.snapshot(name, &plan(), Some(&before)).await;
        let found = findings(&before, &after, &[]);
        let named = |f: &&Finding| f.witness == *witness && f.subject.ends_with(subject);
        match found.iter().find(named) {
            Some(f) if f.disposition == Disposition::Unexplained => {}
            _ => problems.push(format!("{name}: {found:#?}")),
        }
        let rows = [Witness::Lineage, Witness::Digest, Witness::Sequence];
        let others = found.iter().filter(|f| rows.contains(&f.witness) && !named(f));
        problems.extend(others.map(|f| format!("{name} also: {f:#?}")));
        bench.sql("postgres", &format!("drop database {name}")).await;
    }
    for (name, sql) in NO_CHANGES {
        bench.sql("postgres", &with(name)).await;
        let before = bench.snapshot(name, &plan(), None).await;
        bench.sql(name, sql).await;
        let after = bench.snapshot(name, &plan(), Some(&before)).await;
        assert_eq!(gaps(&after), Vec::<String>::new());
        let found = findings(&before, &after, &[]);
        if !found.is_empty() {
            problems.push(format!("{name} is no change: {found:#?}"));
        }
        bench.sql("postgres", &format!("drop database {name}")).await;
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_is_no_change_and_a_crash_empties_unlogged_tables() {
    let mut bench = Bench::new().await;
    bench.database("zoo", ZOO).await;
    let before = bench.snapshot("zoo", &plan(), None).await;
    bench.server.restart(StopMode::Fast).await.expect("it restarts");
    let after = bench.snapshot("zoo", &plan(), Some(&before)).await;
    assert_eq!(findings(&before, &after, &[]), []);
    bench.server.restart(StopMode::Immediate).await.expect("it recovers");
    let after = bench.snapshot("zoo", &plan(), Some(&before)).await;
    // A sequence that was not at its logged value comes back at one ahead of it; that is a difference too.
    let found = findings(&before, &after, &[]);
    assert!(found.iter().any(|f| f.subject == "table public.loose"), "{found:#?}");
}

/// What a standby had not received when it was promoted is nowhere to be seen afterwards, so nothing is compared. It has
/// made no checkpoint of its own by then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_promoted_in_between_is_not_compared() {
    let mut bench = Bench::new().await;
    bench.database("zoo", ZOO).await;
    let before = bench.snapshot("zoo", &plan(), None).await;
    bench.server.stop(StopMode::Fast).await.expect("it stops");
    let signal = bench.server.folder().data().join("standby.signal");
    std::fs::write(signal, "").expect("it becomes a standby");
    bench.server.start_again().await.expect("it starts");
    // A standby has no timeline of its own, and no list of what runs.
    let standby = bench.snapshot("zoo", &plan(), Some(&before)).await;
    assert!(standby.anchor.is_none());
    assert_eq!(bench.sql("postgres", "select pg_promote()").await, "t");
    let after = bench.snapshot("zoo", &plan(), Some(&before)).await;
    let organic = BTreeMap::new();
    let policy = Policy { organic: &organic, additions: Additions::Unexplained };
    for (first, second) in [(&before, &standby), (&standby, &after), (&before, &after)] {
        let compared = diff(first, second, policy);
        assert!(matches!(compared, Err(NotComparable::History { .. })), "{compared:?}");
    }
    let later = bench.snapshot("zoo", &plan(), Some(&after)).await;
    assert_eq!(findings(&after, &later, &[]), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_not_read_again_only_while_the_horizon_proves_that_they_are_the_same() {
    let bench = Bench::new().await;
    let tables =
        "create table kept (id int primary key); insert into kept select generate_series(1, 100);
        create unlogged table fleeting as select * from kept; vacuum analyze; checkpoint";
    bench.database("still", tables).await;
    let digest = DigestOf::Chosen { named: BTreeSet::new(), small: 0 };
    let plan = Plan { digest, ..plan() };
    let entry = bench.snapshot("still", &plan, None).await;
    let not_read = |snapshot: &Snapshot| -> Vec<String> {
        let by_horizon = snapshot.coverage.iter().filter(|c| c.witness == Witness::Horizon);
        by_horizon.map(|c| format!("{}: {:?}", c.subject, c.covered)).collect()
    };

    let exit = bench.snapshot("still", &plan, Some(&entry)).await;
    assert!(not_read(&exit)[0].contains("2 relations, 200 rows"), "{:?}", not_read(&exit));
    assert_eq!(findings(&entry, &exit, &[]), []);
    let rows = |snapshot: &Snapshot| -> Vec<_> {
        snapshot.relations.iter().map(|r| r.lineage.map(|l| (l.rows, l.newer))).collect()
    };
    assert_eq!(rows(&exit), [Some((100, Some(0))); 2]);
    assert_eq!(gaps(&exit), Vec::<String>::new());
    // Nor are definitions, but for those that are also kept elsewhere.
    let listed = |snapshot: &Snapshot| -> Vec<String> {
        let lines = snapshot.coverage.iter().filter(|c| {
            let as_at_entry =
                matches!(&c.covered, Covered::Yes(text) if text.contains("as at entry"));
            c.witness == Witness::Catalog && matches!(c.covered, Covered::Yes(_)) && !as_at_entry
        });
        lines.map(|c| c.subject.clone()).collect()
    };
    let elsewhere = ["server setting", "tablespace", "replication slot"];
    assert_eq!(listed(&exit), elsewhere.map(|class| format!("catalog {class}")));
    assert_eq!(exit.catalog, entry.catalog);
    let deadlocks = async |sql: &str, expected: &str| {
        bench.sql("postgres", sql).await;
        bench.sql("postgres", "select pg_reload_conf()").await;
        let ask = "select current_setting('deadlock_timeout')";
        let read = async || bench.sql("postgres", ask).await == expected;
        crate::harness::until("the server has read its configuration", read).await;
    };
    deadlocks("alter system set deadlock_timeout = '3s'", "3s").await;
    bench.sql("postgres", "select pg_create_physical_replication_slot('unheard')").await;
    let exit = bench.snapshot("still", &plan, Some(&entry)).await;
    assert!(listed(&exit).len() == elsewhere.len(), "or no transaction would be needed for this");
    let seen: Vec<String> =
        findings(&entry, &exit, &[]).into_iter().map(|finding| finding.subject).collect();
    assert!(seen.iter().any(|subject| subject.contains("unheard")), "{seen:?}");
    assert!(seen.iter().any(|subject| subject.contains("deadlock_timeout")), "{seen:?}");
    deadlocks("alter system reset deadlock_timeout", "1s").await;
    bench.sql("postgres", "select pg_drop_replication_slot('unheard')").await;

    // A digest is a reading of the contents, and is taken whatever the horizon says.
    let everything = Plan { digest: DigestOf::Everything, ..plan.clone() };
    let deep = bench.snapshot("still", &everything, None).await;
    let exit = bench.snapshot("still", &everything, Some(&deep)).await;
    assert_eq!(not_read(&exit), Vec::<String>::new());
    assert!(listed(&exit).len() > 30, "{:?}", listed(&exit));
    assert!(exit.relations.iter().all(|r| r.digest.is_some()));

    // So is one that was streamed, beside what is not read again.
    let kept = BTreeSet::from(["public.kept".to_owned()]);
    let stream = Streaming { granted: Granted::Named(kept.clone()), key: StreamKey([9; 32]) };
    let digest = DigestOf::Chosen { named: kept, small: 0 };
    let streaming = Plan { digest, stream: Some(stream), ..plan.clone() };
    let streamed = bench.snapshot("still", &streaming, None).await;
    let exit = bench.snapshot("still", &streaming, Some(&streamed)).await;
    assert!(not_read(&exit)[0].contains("1 relations, 100 rows"), "{:?}", not_read(&exit));
    let manifest = format!("{:?}", exit.coverage);
    assert!(manifest.contains("streamed to this program: public.kept"), "{manifest}");
    assert_eq!((findings(&streamed, &exit, &[]), gaps(&exit)), (Vec::new(), Vec::new()));

    // Without the memory of the server the horizon comes back as it was, and an unlogged relation empty.
    let _ = bench
        .psql
        .run_sql("still", "copy (select pg_backend_pid()) to program 'xargs kill -9'")
        .await;
    let emptied = async || {
        let said = bench.psql.run_sql("still", "select count(*) from fleeting").await;
        said.is_ok_and(|said| said.trim() == "0")
    };
    crate::harness::until("the server has recovered", emptied).await;
    let exit = bench.snapshot("still", &plan, Some(&entry)).await;
    assert_eq!(exit.horizon, entry.horizon, "or this proves nothing");
    assert_eq!(exit.identity.postmaster_start, entry.identity.postmaster_start);
    assert_eq!(not_read(&exit), Vec::<String>::new());
    let lost = findings(&entry, &exit, &[]);
    assert_eq!(lost.len(), 1, "{lost:#?}");
    assert!(lost[0].subject.contains("fleeting") && lost[0].witness == Witness::Lineage);

    // Any transaction with an id, even one that is rolled back, and everything is read.
    bench.sql("still", "begin; insert into kept values (0); rollback").await;
    let exit = bench.snapshot("still", &plan, Some(&entry)).await;
    assert_eq!(not_read(&exit), Vec::<String>::new());
    assert!(listed(&exit).len() > 30, "{:?}", listed(&exit));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_was_open_at_entry_is_seen_when_it_commits() {
    let bench = Bench::new().await;
    bench.database("zoo", ZOO).await;
    for (gid, sql) in [
        ("plain", "update plain set state = 'late' where id = 3"),
        ("sub", "savepoint s; insert into bare values (1); release s"),
    ] {
        bench.sql("zoo", &format!("begin; {sql}; prepare transaction '{gid}'")).await;
        // Others come and go, so that the open one lies below the horizon's end.
        bench.sql("zoo", "create table passing (id int); drop table passing").await;
        let before = bench.snapshot("zoo", &plan(), None).await;
        bench.sql("zoo", &format!("commit prepared '{gid}'")).await;
        let after = bench.snapshot("zoo", &plan(), Some(&before)).await;
        let found = findings(&before, &after, &[]);
        assert!(
            found.iter().any(|f| f.witness == Witness::Lineage
                && f.disposition == Disposition::Unexplained),
            "{gid}: {found:#?}"
        );
    }
}

/// Two rows are changed under the ids of subtransactions that a snapshot does not list. There are as many rows as
/// before, none of them newer, and even the sum of their ids is the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_open_transaction_changes_is_seen_whatever_its_ids_add_up_to() {
    let bench = Bench::new().await;
    let tables =
        "create table late (id int); create table other (id int); create table signal (id int)";
    bench.database("zoo", tables).await;
    // Which takes ids, too.
    bench.sql("postgres", "alter system set autovacuum = off").await;
    bench.sql("postgres", "select pg_reload_conf()").await;
    let wait = |table: &str| {
        format!(
            "do $$ begin for n in 1..6000 loop exit when exists (select from {table}); perform pg_sleep(0.01); end loop; end $$"
        )
    };
    let script = format!(
        "begin; insert into other values (0); {}; savepoint a; insert into other values (1); savepoint b; insert into other values (2);
         select pg_advisory_xact_lock(77); {}; update late set id = 10 where id = 1; release b; update late set id = 20 where id = 2; commit",
        wait("late"),
        wait("signal")
    );
    let session = bench.psql.clone();
    let open = tokio::spawn(async move { session.run_sql("zoo", &script).await });
    let has = async |sql: &str| bench.sql("zoo", sql).await == "1";
    until("it has an id", async || {
        has("select count(*) from pg_stat_activity where backend_xid is not null").await
    })
    .await;
    bench.sql("zoo", "insert into late values (1)").await;
    until("it has written twice more", async || {
        has("select count(*) from pg_locks where locktype = 'advisory'").await
    })
    .await;
    bench.sql("zoo", "insert into late values (2)").await;
    let ids = "select sum(xmin::text::bigint) from late";
    let sum = bench.sql("zoo", ids).await;
    let plan = Plan { digest: DigestOf::Chosen { named: BTreeSet::new(), small: 0 }, ..plan() };
    let before = bench.snapshot("zoo", &plan, None).await;
    bench.sql("zoo", "insert into signal values (1)").await;
    open.await.expect("it ends").expect("it commits");
    assert_eq!(bench.sql("zoo", ids).await, sum, "somebody else took an id");
    let after = bench.snapshot("zoo", &plan, Some(&before)).await;
    let found = findings(&before, &after, &[]);
    let late = found.iter().find(|f| f.subject == "table public.late");
    assert!(late.is_some_and(|f| f.disposition == Disposition::Unexplained), "{found:#?}");
}

/// Pairs of values that a type tells apart, and that a weaker comparison takes for equal.
const FAITHFUL: &[(&str, &str, &str)] = &[
    ("float8", "'-0'", "'0'"),
    ("float4", "'-0'", "'0'"),
    ("numeric", "1.0", "1.00"),
    ("interval", "'1 month'", "'30 days'"),
    ("interval", "'1 day'", "'24:00'"),
    ("text", "null", "''"),
    ("text", "'a'", "'a '"),
    ("varchar(9)", "'a'", "'A'"),
    ("varchar(9)", "null", "''"),
    ("text collate loose", "'a'", "'A'"),
    ("bigint", "null", "0"),
    ("bigint", "1", "4294967296"),
    ("bigint", "-1", "-4294967298"),
    ("json", r#"'{"a":1}'"#, r#"'{"a": 1}'"#),
    ("jsonb", r#"'{"a":1.0}'"#, r#"'{"a":1.00}'"#),
    ("xml", "'<a/>'", "'<a></a>'"),
    ("point", "'(0,0)'", "'(-0,0)'"),
    ("int[]", "'{1,2}'", "'[2:3]={1,2}'"),
    ("int[]", "'{}'", "null"),
    ("text[]", "'{NULL}'", "'{\"NULL\"}'"),
    ("numeric[]", "'{1.0}'", "'{1.00}'"),
    ("numrange", "'[1.0,2)'", "'[1.00,2)'"),
    ("timestamptz", "'2020-01-01 00:00:00+00'", "'2020-01-01 00:00:00.000001+00'"),
    ("timetz", "'10:00+00'", "'11:00+01'"),
    ("bytea", r"'\x00'", r"'\x'"),
    ("bit varying", "B'0'", "B'00'"),
    ("mood", "'sad'", "'ok'"),
    ("mood[]", "'{sad}'", "'{ok}'"),
    ("amount", "1.0", "1.00"),
    ("code", "'a'", "'b'"),
    ("pair", "null", "row(null, null)"),
    ("pair", "row(1.0, 'x')", "row(1.00, 'x')"),
    ("pair", "row(1, null)", "row(1, '')"),
    ("shop[]", "'{\"(1,a)\"}'", "'{\"(1,b)\"}'"),
    ("inet", "'10.0.0.1'", "'10.0.0.1/24'"),
    ("tsvector", "'a:1'", "'a:2'"),
    ("\"char\"", "'a'", "'b'"),
    ("uuid", "null", "'00000000-0000-0000-0000-000000000000'"),
    ("lseg", "'((0,0),(1,1))'", "'((1,1),(0,0))'"),
    ("aclitem", "'reader=r/postgres'", "'reader=w/postgres'"),
    ("bpchar", "'a'", "'a '"),
    // Written out as text, which depends on the session's settings.
    (
        "measured",
        r"row('0.1', '2020-01-01 00:00:00+00', '1 month', '\x00')",
        r"row('0.10000000000000002', '2020-01-01 00:00:00+00', '1 month', '\x00')",
    ),
    (
        "measured",
        r"row('0.1', '2020-01-01 00:00:00+00', '1 month', '\x00')",
        r"row('0.1', '2020-01-01 00:00:00+00', '30 days', '\x00')",
    ),
];

const TYPES: &str = "create type mood as enum ('sad', 'ok'); create domain amount as numeric;
create domain code as char(5); create domain deeper as code; create type pair as (n numeric, t text);
create type shop as (id int, name text); create type measured as (f float8, z timestamptz, i interval, b bytea);
create collation loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_digest_tells_apart_whatever_a_type_tells_apart_and_is_the_same_in_another_database() {
    let bench = Bench::new().await;
    let tables = |value: fn(&(&str, &'static str, &'static str)) -> &'static str| -> String {
        let table = |(n, pair): (usize, &(&'static str, &'static str, &'static str))| {
            format!(
                "create table t{n} (id int, v {}); insert into t{n} values (1, {});",
                pair.0,
                value(pair)
            )
        };
        FAITHFUL.iter().enumerate().map(table).collect::<Vec<_>>().join("\n")
    };
    bench.database("one", &format!("{TYPES}\n{}", tables(|p| p.1))).await;
    bench.database("two", &format!("{TYPES}\n{}", tables(|p| p.2))).await;
    // Types with other OIDs, columns in another order, rows in another order and a dropped column.
    let other = "create type mood as enum ('ok'); alter type mood add value 'sad' before 'ok'; create table away (id int);";
    let types = TYPES.replacen("create type mood as enum ('sad', 'ok');", other, 1);
    bench.database("same", &format!("{types}\n{}", tables(|p| p.1))).await;
    for (database, make) in [
        (
            "one",
            "create table many (a int, b text, m mood); insert into many select g % 50, 'b' || g % 7, 'ok' from generate_series(1, 1000) g",
        ),
        (
            "two",
            "create table many (a int, b text, m mood); insert into many select g % 50, 'b' || g % 7, 'ok' from generate_series(1, 999) g",
        ),
        (
            "same",
            "create table many (m mood, gone int, b text, a int); insert into many select 'ok', 1, 'b' || g % 7, g % 50 from generate_series(1000, 1, -1) g; alter table many drop column gone",
        ),
        // A sum of the columns' hashes would not see it.
        ("one", "create table swap (a int, b text); insert into swap values (1, 'x'), (2, 'y')"),
        ("two", "create table swap (a int, b text); insert into swap values (1, 'y'), (2, 'x')"),
        ("same", "create table swap (a int, b text); insert into swap values (2, 'y'), (1, 'x')"),
        // Whole numbers go into the seed: each change of one, or of which has which, is another row.
        (
            "one",
            "create table whole (a int, b smallint, c int); insert into whole values (1, 2, 3), (4, 5, 6)",
        ),
        (
            "two",
            "create table whole (a int, b smallint, c int); insert into whole values (4, 2, 3), (1, 5, 6)",
        ),
        (
            "same",
            "create table whole (c int, a int, b smallint); insert into whole values (6, 4, 5), (3, 1, 2)",
        ),
        (
            "one",
            "create table turned (a int, b int, t text); insert into turned values (1, 2, 'x')",
        ),
        (
            "two",
            "create table turned (a int, b int, t text); insert into turned values (2, 1, 'x')",
        ),
        (
            "same",
            "create table turned (t text, b int, a int); insert into turned values ('x', 2, 1)",
        ),
        ("one", "create table nothing (a int, b int); insert into nothing values (0, null)"),
        ("two", "create table nothing (a int, b int); insert into nothing values (null, 0)"),
        ("same", "create table nothing (b int, a int); insert into nothing values (null, 0)"),
        // Numbers of which each has its partner, by exclusive or with what two seeds differ by: under the seed alone
        // they would be hashed alike. 24301 is the key.
        (
            "one",
            "create table partners (a int, b bigint); insert into partners select 1, v from (select hashint4extended(1, 24301) # hashint4extended(2, 24301)) as s(d), unnest(array[0, 5, d, 5 # d]) as v",
        ),
        (
            "two",
            "create table partners (a int, b bigint); insert into partners select 2, v from (select hashint4extended(1, 24301) # hashint4extended(2, 24301)) as s(d), unnest(array[0, 5, d, 5 # d]) as v",
        ),
        (
            "same",
            "create table partners (a int, b bigint); insert into partners select 1, v from (select hashint4extended(1, 24301) # hashint4extended(2, 24301)) as s(d), unnest(array[5 # d, d, 0, 5]) as v",
        ),
        // So do bigints and texts.
        (
            "one",
            "create table texts (a text, b varchar); insert into texts values ('ab', 'c'), ('x', null)",
        ),
        (
            "two",
            "create table texts (a text, b varchar); insert into texts values ('a', 'bc'), (null, 'x')",
        ),
        (
            "same",
            "create table texts (b varchar, a text); insert into texts values (null, 'x'), ('c', 'ab')",
        ),
        (
            "one",
            "create table bigs (a bigint, b bigint, t text); insert into bigs values (1, 2, 'x'), (3, 4, 'y')",
        ),
        (
            "two",
            "create table bigs (a bigint, b bigint, t text); insert into bigs values (2, 1, 'x'), (3, 4, 'y')",
        ),
        (
            "same",
            "create table bigs (t text, b bigint, a bigint); insert into bigs values ('y', 4, 3), ('x', 2, 1)",
        ),
        (
            "one",
            "create table among (a int, b bigint, t text, n numeric); insert into among values (1, 2, 'x', 3), (1, 2, 'y', 4)",
        ),
        (
            "two",
            "create table among (a int, b bigint, t text, n numeric); insert into among values (1, 2, 'x', 4), (1, 2, 'y', 3)",
        ),
        (
            "same",
            "create table among (n numeric, t text, b bigint, a int); insert into among values (4, 'y', 2, 1), (3, 'x', 2, 1)",
        ),
        ("one", "create table zero (a int, t text); insert into zero values (0, null)"),
        ("two", "create table zero (a int, t text); insert into zero values (null, null)"),
        ("same", "create table zero (t text, a int); insert into zero values (null, 0)"),
        ("one", "create table twice (a int); insert into twice values (1), (1), (2), (2)"),
        ("two", "create table twice (a int); insert into twice values (1), (1), (1), (2)"),
        ("same", "create table twice (a int); insert into twice values (1), (2), (1), (2)"),
    ] {
        bench.sql(database, make).await;
    }
    // Whatever the role's settings are, and others in one of the databases, the channel pins what output depends on.
    bench
        .sql(
            "postgres",
            "alter role reader set \"TimeZone\" = 'Asia/Tokyo'; alter role reader set extra_float_digits = -5;
             alter role reader in database same set \"TimeZone\" = 'America/New_York';
             alter role reader in database same set \"DateStyle\" = 'German';
             alter role reader in database same set \"IntervalStyle\" = 'iso_8601';
             alter role reader in database same set bytea_output = 'escape'",
        )
        .await;
    for plan in [crate::witness_stream::streamed(), plan()] {
        let one = bench.snapshot("one", &plan, None).await;
        let two = bench.snapshot("two", &plan, None).await;
        let same = bench.snapshot("same", &plan, None).await;
        assert_eq!(gaps(&one), Vec::<String>::new());
        let lanes = one.relations.iter().filter_map(|r| r.digest.as_ref()).map(|d| d.lane);
        assert!(lanes.clone().count() > FAITHFUL.len());
        assert!(lanes.clone().all(|lane| (lane == Lane::Server) == plan.stream.is_none()));
        for compared in compare_contents(&one, &two) {
            let different = matches!(compared.contents, Contents::Different { .. });
            assert!(different, "{} is taken for equal: {:?}", compared.relation, compared.contents);
        }
        for compared in compare_contents(&one, &same) {
            let equal = matches!(compared.contents, Contents::Equal { .. });
            let only =
                compared.contents == Contents::OnlyInSecond && compared.relation == "public.away";
            assert!(equal || only, "{}: {:?}", compared.relation, compared.contents);
        }
    }
    let one = bench.snapshot("one", &plan(), None).await;
    let two = bench.snapshot("two", &plan(), None).await;
    let t0 = compare_contents(&one, &two).into_iter().find(|c| c.relation == "public.t0");
    assert_eq!(
        t0.map(|c| c.contents),
        Some(Contents::Different { first: 1, second: 1, columns: vec!["v".into()] })
    );
}

/// Texts are hashed as they are stored, and the same text is stored otherwise in another encoding: that is no difference,
/// and not taken for one. Streamed, it comes in one encoding from both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_in_two_encodings_are_compared_only_where_they_come_in_one() {
    let bench = Bench::new().await;
    let other = "latin encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0";
    bench.sql("postgres", &format!("create database {other}")).await;
    bench.database("utf8", "").await;
    for database in ["latin", "utf8"] {
        let tables = "create table texts (t text); insert into texts values (chr(233)), ('e');
            create table numbers (n int); insert into numbers values (1)";
        bench.sql(database, tables).await;
    }
    for plan in [crate::witness_stream::streamed(), plan()] {
        let (latin, utf8) =
            (bench.snapshot("latin", &plan, None).await, bench.snapshot("utf8", &plan, None).await);
        let contents: BTreeMap<String, Contents> = compare_contents(&latin, &utf8)
            .into_iter()
            .map(|compared| (compared.relation, compared.contents))
            .collect();
        assert_eq!(contents["public.numbers"], Contents::Equal { rows: 1 });
        match &contents["public.texts"] {
            Contents::Equal { rows: 2 } => assert!(plan.stream.is_some()),
            Contents::NotComparable(why) => {
                assert!(plan.stream.is_none() && why.contains("UTF-8"), "{why}");
            }
            other => panic!("{other:?}"),
        }
    }
}

const LARGE: &str = "create table large (id int primary key, t text);
insert into large select g, repeat('x', 300) from generate_series(1, 120000) g;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_difference_in_a_large_relation_has_a_place() {
    let bench = Bench::new().await;
    bench.database("big", LARGE).await;
    let deep = Plan { digest: DigestOf::Everything, keys: Keys::Shown, ..plan() };
    let before = bench.snapshot("big", &deep, None).await;
    let large = &before.relations[0];
    assert!(large.ranges.len() > 1 && large.digest.is_some(), "{large:?}");
    let rows: u64 = large.ranges.iter().map(|r| r.rows).sum();
    assert_eq!(rows, 120_000);
    assert!(
        large.ranges.windows(2).all(|w| w[0].to == Some(w[1].from)) && large.ranges[0].from == 0
    );

    bench
        .sql("big", "delete from large where id = 5; update large set t = 'y' where id = 119999")
        .await;
    let after = bench.snapshot("big", &deep, Some(&before)).await;
    let found = findings(&before, &after, &[]);
    assert_eq!(found.len(), 1, "{found:#?}");
    let note = &found[0].note;
    assert!(
        note.contains("2 rows of entry were changed or removed, and 1 rows are newer"),
        "{note}"
    );
    assert!(note.contains("(119999) by transaction ") && note.contains(" at 20"), "{note}");
    assert!(note.contains("1 from blocks 0 to "), "{note}");

    // Values stay where they are unless they are asked for.
    let redacted = Plan { keys: Keys::Redacted, ..deep };
    let after = bench.snapshot("big", &redacted, Some(&before)).await;
    let found = findings(&before, &after, &[]);
    assert!(found[0].note.contains("by transaction") && !found[0].note.contains("119999"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn growth_is_growth_only_while_entrys_rows_are_what_they_were() {
    let bench = Bench::new().await;
    bench.database("zoo", ZOO).await;
    let grow = [("public.plain", Across::MayGrow)];
    let before = bench.snapshot("zoo", &plan(), None).await;
    bench
        .sql("zoo", "insert into plain select g, 'new', 0 from generate_series(1000, 1600) g")
        .await;
    let after = bench.snapshot("zoo", &plan(), Some(&before)).await;
    let found = findings(&before, &after, &grow);
    assert!(found.len() == 1 && found[0].disposition == Disposition::Organic, "{found:#?}");
    assert_eq!(after.relations.iter().map(|r| r.newer_rows.len()).sum::<usize>(), 100, "bounded");
    // An update that leaves no trace in the row, under cover of growth.
    bench
        .sql("zoo", "create extension pg_surgery; update plain set state = 'x' where id = 7; vacuum plain; select heap_force_freeze('plain', array(select ctid from plain where id = 7))")
        .await;
    let after = bench.snapshot("zoo", &plan(), Some(&before)).await;
    let found = findings(&before, &after, &grow);
    let forged = found.iter().find(|f| f.witness == Witness::Digest);
    assert!(forged.is_some_and(|f| f.disposition == Disposition::Unexplained), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_read_is_named_and_covers_up_nothing_else() {
    let bench = Bench::new().await;
    bench.database("zoo", ZOO).await;
    bench
        .sql(
            "zoo",
            "create access method other type table handler heap_tableam_handler; create table elsewhere (id int) using other;
             create foreign data wrapper w; create server s foreign data wrapper w; create foreign table away (id int) server s;
             create table secret (id int); revoke all on pg_largeobject from reader; revoke pg_read_all_data from reader;
             grant usage on schema public to reader; grant select on all tables in schema public to reader;
             revoke all on secret, away from reader; grant select on all sequences in schema public to reader;
             alter table bare enable row level security;",
        )
        .await;
    let named = BTreeSet::from(["public.secret".to_owned(), "public.nothing".to_owned()]);
    let small = 8 << 20;
    let plan = Plan { digest: DigestOf::Chosen { named, small }, ..plan() };
    let session = bench.psql.clone();
    let holder = tokio::spawn(async move {
        let sql = "create temp table mine (id int); begin; lock table copied; select pg_sleep(600)";
        session.run_sql("zoo", sql).await
    });
    crate::harness::until("the lock is held", async || {
        bench.sql("zoo", "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and relation = 'copied'::regclass").await == "1"
    })
    .await;
    let bounds = Bounds { lock_timeout: Duration::from_millis(100), ..Bounds::default() };
    let snapshot = bench.snapshot_within("zoo", bounds, &plan, None, 2, "").await;
    bench.sql("postgres", "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()").await;
    let _ = holder.await;
    let gaps = gaps(&snapshot);
    for (subject, why) in [
        ("public.secret (lineage)", "grant it SELECT"),
        ("public.secret (digest)", "grant it SELECT"),
        ("public.nothing (digest)", "nothing of that name"),
        ("public.bare (lineage)", "row security"),
        ("public.copied (lineage)", "lock"),
        ("public.elsewhere (lineage)", "access method is not heap"),
        ("large objects (lineage)", "pg_largeobject"),
    ] {
        assert!(
            gaps.iter().any(|g| g.starts_with(subject) && g.contains(why)),
            "{subject}: {gaps:#?}"
        );
    }
    assert_eq!(gaps.iter().filter(|g| g.contains("pg_largeobject")).count(), 1, "{gaps:#?}");
    // What leaves no hole is named too.
    for (subject, why) in [
        ("public.parted", "partitions hold the rows"),
        ("public.unseen", "not populated"),
        ("public.away", "another server's"),
        ("temporary relations", "1 of them"),
    ] {
        let named = |c: &&clonegate_model::Coverage| c.subject == subject;
        let line = snapshot.coverage.iter().find(named).map(|c| &c.covered);
        let said = matches!(line, Some(Covered::NotNeeded(text)) if text.contains(why));
        assert!(said, "{subject}: {line:?}");
    }
    let plain = snapshot.relations.iter().find(|r| r.name == "public.plain").expect("it is there");
    assert!(plain.lineage.is_some() && plain.digest.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relation_that_is_truncated_under_the_snapshot_is_a_gap_and_not_empty() {
    let bench = Bench::new().await;
    bench.database("zoo", ZOO).await;
    let bounds = Bounds::default;
    let snapshot = bench.snapshot_within("zoo", bounds(), &plan(), None, 1, "truncate plain").await;
    assert!(
        gaps(&snapshot).iter().any(|g| g.starts_with("public.plain (lineage): it was truncated"))
    );
    let rest = bench
        .snapshot_within("zoo", bounds(), &plan(), None, 1, "insert into bare values (1)")
        .await;
    assert_eq!(gaps(&rest), Vec::<String>::new(), "what is only written to is read as it was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_is_bounded_by_time_and_by_the_servers_load() {
    let bench = Bench::new().await;
    bench.database("big", LARGE).await;
    // A statement may take far less than a first range needs: it is split until it fits.
    let deep = Plan { digest: DigestOf::Everything, slice: Duration::from_millis(10), ..plan() };
    let bounds = Bounds { statement_timeout: Duration::from_millis(60), ..Bounds::default() };
    let snapshot = bench.snapshot_within("big", bounds, &deep, None, 2, "").await;
    let large = &snapshot.relations[0];
    assert_eq!(large.lineage.map(|l| l.rows), Some(120_000), "{:?}", gaps(&snapshot));
    assert_eq!(large.ranges.iter().map(|r| r.rows).sum::<u64>(), 120_000);
    let whole = bench.snapshot("big", &deep, None).await;
    let sum = |s: &Snapshot| s.relations[0].digest.as_ref().map(|d| d.sum);
    assert_eq!(sum(&snapshot), sum(&whole), "however it was split");

    let hurried = Plan { budget: Duration::from_millis(1), ..plan() };
    let snapshot = bench.snapshot("big", &hurried, None).await;
    assert!(gaps(&snapshot).iter().any(|g| g.starts_with("public.large") && g.contains("budget")));

    let load = LoadLimits {
        active_sessions: Some(0),
        patience: Duration::from_secs(1),
        ..LoadLimits::default()
    };
    let considerate = Plan { load, ..plan() };
    let session = bench.psql.clone();
    let busy = tokio::spawn(async move { session.run_sql("big", "select pg_sleep(600)").await });
    crate::harness::until("somebody is at work", async || {
        bench.sql("big", "select count(*) from pg_stat_activity where query like 'select pg_sleep(600)%' and state = 'active'").await != "0"
    })
    .await;
    let snapshot = bench.snapshot("big", &considerate, None).await;
    assert!(gaps(&snapshot).iter().any(|g| g.contains("too busy")), "{:?}", gaps(&snapshot));
    bench.sql("postgres", "select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep(600)%' and pid <> pg_backend_pid()").await;
    let _ = busy.await;
    let snapshot = bench.snapshot("big", &considerate, None).await;
    assert_eq!(gaps(&snapshot), Vec::<String>::new());
}

/// Where there are many, small relations share a query, and none has sums of its columns.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relations_that_share_a_query_are_told_apart() {
    let bench = Bench::new().await;
    let tables: String = FAITHFUL
        .iter()
        .enumerate()
        .map(|(n, p)| {
            format!("create table t{n} (v {}); insert into t{n} values ({});\n", p.0, p.1)
        })
        .collect();
    let objects = format!("{TYPES}\n{tables}\n{ZOO}");
    bench.database("alone", &objects).await;
    bench.database("crowd", &objects).await;
    // More than those of which each column's sum is taken: all without rows but one in seven.
    let crowd = "do $$ begin for n in 1..1010 loop
                   execute format('create table crowd_%s (a int, b text)', n);
                   if n % 7 = 0 then execute format('insert into crowd_%s values (%s, null)', n, n); end if;
                 end loop; end $$";
    bench.sql("crowd", crowd).await;
    let alone = bench.snapshot("alone", &plan(), None).await;
    let before = bench.snapshot("crowd", &plan(), None).await;
    assert_eq!(gaps(&before), Vec::<String>::new());
    let of_columns = |s: &Snapshot| {
        s.relations.iter().filter_map(|r| r.digest.as_ref()).any(|d| !d.columns.is_empty())
    };
    assert!(of_columns(&alone) && !of_columns(&before), "one shares queries, the other does not");
    let compared = compare_contents(&alone, &before);
    let digested: BTreeSet<&str> =
        alone.relations.iter().filter(|r| r.digest.is_some()).map(|r| r.name.as_str()).collect();
    let common = compared.iter().filter(|c| digested.contains(c.relation.as_str()));
    for compared in common.clone() {
        let equal = matches!(compared.contents, Contents::Equal { .. });
        assert!(equal, "{}: {:?}", compared.relation, compared.contents);
    }
    assert!(common.count() > FAITHFUL.len());
    let rows = |s: &Snapshot, name: &str| {
        s.relations.iter().find(|r| r.name == name).and_then(|r| r.lineage).map(|l| l.rows)
    };
    assert_eq!(rows(&before, "public.crowd_6"), Some(0));
    assert_eq!(rows(&before, "public.crowd_7"), Some(1));

    bench.sql("crowd", "insert into crowd_6 values (1, 'x'); update crowd_7 set b = ''").await;
    bench.sql("crowd", "delete from crowd_14").await;
    let after = bench.snapshot("crowd", &plan(), Some(&before)).await;
    let named: BTreeSet<(Witness, String)> =
        findings(&before, &after, &[]).into_iter().map(|f| (f.witness, f.subject)).collect();
    let changed = ["public.crowd_14", "public.crowd_6", "public.crowd_7"];
    let expected = changed.map(|name| (Witness::Lineage, format!("table {name}")));
    assert_eq!(named, expected.into());
    let sums = |s: &Snapshot| -> BTreeMap<String, Option<HashSum>> {
        s.relations.iter().map(|r| (r.name.clone(), r.digest.as_ref().map(|d| d.sum))).collect()
    };
    let (before, after_sums) = (sums(&before), sums(&after));
    let differ = before.iter().filter(|(name, sum)| after_sums[*name] != **sum);
    assert!(differ.map(|(name, _)| name.as_str()).eq(changed));

    // Where lineage is all that is taken, but for those without a single page.
    let nothing = DigestOf::Chosen { named: BTreeSet::new(), small: 0 };
    let lineage = bench.snapshot("crowd", &Plan { digest: nothing, ..plan() }, None).await;
    let counted = lineage.relations.iter().filter(|r| r.digest.is_none());
    assert!(counted.clone().count() > 100);
    assert!(counted.clone().all(|r| rows(&after, &r.name) == r.lineage.map(|l| l.rows)));
}

/// A statement that fails is asked again relation by relation, so that nobody would notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn columns_of_like_types_and_of_any_collation_share_a_query() {
    let bench = Bench::new().await;
    let tables = format!(
        "{TYPES} create table a (n smallint, t text collate loose); insert into a values (7, 'x');
         create table b (n int, t varchar(9) collate \"C\"); insert into b values (7, 'x');
         create table c (n int, t text); insert into c values (7, 'X')"
    );
    bench.database("mixed", &tables).await;
    let column = |name: &str, form| RowColumn { name: name.parse().expect("a name"), form };
    let columns = [column("n", ColumnForm::Integer), column("t", ColumnForm::Characters)];
    let hash = RowHash::new(&columns, 7, OwnSums::No).expect("a hash");
    let mut scan = RowScan::new(3);
    for name in ["a", "b", "c"] {
        let relation = format!("public.{name}").parse().expect("a name");
        let range =
            ScannedRange { oid: 1259, relation: &relation, blocks: Blocks::ALL, hash: Some(&hash) };
        assert!(scan.push(range));
    }
    let statement = ReadOnlyStatement::from(scan);
    assert_eq!(statement.as_sql().matches("group by").count(), 1);
    let channel = bench.channel("mixed", Bounds::default()).await;
    let mut reader = channel.snapshot().await.expect("a snapshot");
    let answer = reader.read(&statement).await.expect("an answer").reading;
    let sums: BTreeMap<i64, String> = answer
        .rows
        .iter()
        .map(|row| (row[0].as_integer().expect("a number"), row[4].to_string()))
        .collect();
    assert_eq!(sums.len(), 3);
    assert_eq!(sums[&1], sums[&2]);
    assert_ne!(sums[&1], sums[&3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_tells_production_from_a_clone_in_the_same_cluster() {
    let bench = Bench::new().await;
    bench.database("zoo", ZOO).await;
    bench.database("other", ZOO).await;
    // The server takes its time to write asynchronous commits to disk, so that they have to be waited for.
    bench.sql("postgres", "alter system set wal_writer_delay = '1s'").await;
    bench.sql("postgres", "select pg_reload_conf()").await;
    let asked = Plan { wal: Asked::Yes, ..plan() };
    let without = bench.snapshot("zoo", &asked, None).await;
    assert!(gaps(&without).iter().any(|g| g.contains("pg_walinspect is not installed")));
    bench.sql("zoo", "create extension pg_walinspect").await;
    let without = bench.snapshot("zoo", &asked, None).await;
    assert!(gaps(&without).iter().any(|g| g.contains("may not use pg_walinspect")));
    bench
        .sql("zoo", "grant execute on function pg_get_wal_records_info to reader; checkpoint")
        .await;

    let before = bench.snapshot("zoo", &asked, None).await;
    assert_eq!(gaps(&before), Vec::<String>::new());
    bench
        .sql(
            "other",
            "update plain set n = n + 1; insert into bare select generate_series(1, 9999)",
        )
        .await;
    let after = bench.snapshot("zoo", &asked, Some(&before)).await;
    assert_eq!(gaps(&after), Vec::<String>::new());
    assert_eq!(findings(&before, &after, &[]), []);
    let writes = after.wal.as_ref().and_then(|w| w.since_entry.clone()).expect("it was read");
    assert!(writes.iter().any(|w| w.records > 9000), "the clone's writes are counted: {writes:?}");
    let production = after.identity.database_oid;
    assert!(!writes.iter().any(|w| w.database == production && w.kind.contains("INSERT")));

    // What autovacuum does at any time is no write to anybody's rows.
    bench.sql("zoo", "vacuum").await;
    bench.sql("zoo", "analyze").await;
    let after = bench.snapshot("zoo", &asked, Some(&before)).await;
    let writes = after.wal.as_ref().and_then(|w| w.since_entry.as_deref()).expect("it was read");
    let statistics = |w: &&WalWrites| w.relation.as_deref() == Some("pg_catalog.pg_statistic");
    assert!(writes.iter().any(|w| statistics(&w) && w.kind.contains("INSERT")), "{writes:?}");
    assert_eq!(findings(&before, &after, &[]), []);

    // What leaves no other trace: a write that was undone.
    bench.sql("zoo", "begin; insert into bare values (1); rollback").await;
    let after = bench.snapshot("zoo", &asked, Some(&before)).await;
    let found = findings(&before, &after, &[]);
    assert!(found.len() == 1 && found[0].witness == Witness::Wal, "{found:#?}");
    assert_eq!(
        (found[0].subject.as_str(), found[0].after.as_str()),
        ("public.bare", "1 Heap/INSERT")
    );
}
