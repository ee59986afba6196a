//! The streamed lane of the digest on a real server: what it sees, what it costs here, and that nothing leaves the
//! server that was not granted.

use std::collections::BTreeSet;
use std::time::Duration;

use clonegate_diff::{Contents, compare_contents};
use clonegate_model::{Across, Disposition, Lane, Snapshot, StreamKey, Witness};
use clonegate_probe::{Bounds, CopySink, NotACopy, ReadError};
use clonegate_sql::{Blocks, ColumnForm, RangeCopy, ReadOnlyStatement, RowColumn};
use clonegate_witness::{DigestOf, Granted, Plan, Streaming};

use crate::harness::until;
use crate::witness_rows::{Bench, findings, gaps, plan};

/// Everything is streamed, however small.
pub(crate) fn streamed() -> Plan {
    let named = |n: usize| format!("public.t{n}");
    let others = [
        "many", "swap", "whole", "turned", "nothing", "partners", "zero", "twice", "away", "plain",
        "grow", "heap", "huge", "copies", "texts", "bigs", "among",
    ];
    let names = (0..100).map(named).chain(others.map(|name| format!("public.{name}")));
    let granted = Granted::Named(names.collect());
    Plan {
        digest: DigestOf::Everything,
        stream: Some(Streaming { granted, key: StreamKey([0x5e; 32]) }),
        ..plan()
    }
}

fn lane(snapshot: &Snapshot, relation: &str) -> Option<Lane> {
    let relation = snapshot.relations.iter().find(|r| r.name == relation).expect("it is there");
    relation.digest.as_ref().map(|d| d.lane)
}

const LANE: Lane = Lane::Streamed { key: StreamKey([0x5e; 32]) };

const TABLES: &str = "
create table plain (id int primary key, state text, n numeric);
insert into plain select g, 'state ' || g, g from generate_series(1, 30000) g;
create table grow (id int, t text); insert into grow select g, 'a' from generate_series(1, 500) g;
create table heap (id int, t text); insert into heap select g, repeat('x', 300) from generate_series(1, 70000) g;
create table bare (id int); insert into bare values (1);
create index i on heap (md5(id::text)); alter table heap cluster on i;
create extension pg_surgery;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_streamed_is_seen_as_on_the_server_and_only_what_is_granted_is_streamed() {
    let bench = Bench::new().await;
    bench.database("zoo", TABLES).await;
    let horizon = "select pg_current_snapshot()";
    let untouched = bench.sql("zoo", horizon).await;
    let before = bench.snapshot("zoo", &streamed(), None).await;
    assert_eq!(bench.sql("zoo", horizon).await, untouched, "reading takes no transaction id");
    assert_eq!(gaps(&before), Vec::<String>::new());
    let relation = before.relations.iter().find(|r| r.name == "public.heap").expect("it is there");
    assert!(relation.ranges.len() > 1, "in ranges: {relation:?}");
    assert_eq!(relation.digest.as_ref().map(|d| (d.rows, d.lane)), Some((70_000, LANE)));
    let manifest = |s: &Snapshot| format!("{:?}", s.coverage);
    assert!(manifest(&before).contains("streamed to this program: public.grow, public.heap"));

    // Not granted, not streamed.
    assert_eq!(lane(&before, "public.bare"), Some(Lane::Server));
    let without = Plan { stream: None, ..streamed() };
    let on_the_server = bench.snapshot("zoo", &without, None).await;
    assert!(
        on_the_server
            .relations
            .iter()
            .all(|r| { r.digest.as_ref().is_some_and(|d| d.lane == Lane::Server) })
    );
    assert!(!manifest(&on_the_server).contains("streamed"));
    // What both lanes can say, both say.
    let lineages = |s: &Snapshot| s.relations.iter().map(|r| r.lineage).collect::<Vec<_>>();
    assert_eq!(lineages(&on_the_server), lineages(&before));
    let everything = Streaming { granted: Granted::Everything, key: StreamKey([1; 32]) };
    let large = Plan { stream: Some(everything), ..streamed() };
    let large = bench.snapshot("zoo", &large, None).await;
    assert_eq!(lane(&large, "public.grow"), Some(Lane::Server), "a small one shares a statement");
    assert_eq!(lane(&large, "public.heap"), Some(Lane::Streamed { key: StreamKey([1; 32]) }));

    // At exit entry's lane and key are taken, whatever the profile says by then, but never against it.
    let other = Streaming { granted: Granted::Everything, key: StreamKey([1; 32]) };
    let exit = bench.snapshot("zoo", &Plan { stream: Some(other), ..plan() }, Some(&before)).await;
    assert_eq!((gaps(&exit), lane(&exit, "public.grow")), (Vec::new(), Some(LANE)));
    assert_eq!(findings(&before, &exit, &[]), []);
    let exit = bench.snapshot("zoo", &without, Some(&before)).await;
    assert_eq!(lane(&exit, "public.plain"), None);
    let refused = "public.plain (digest): its contents were streamed at entry";
    assert!(gaps(&exit).iter().any(|g| g.starts_with(refused)), "{:?}", gaps(&exit));
    let exit = bench.snapshot("zoo", &streamed(), Some(&on_the_server)).await;
    assert_eq!(lane(&exit, "public.plain"), Some(Lane::Server));

    // Rows in other places are the same rows.
    bench.sql("zoo", "vacuum (full, freeze) plain; cluster heap").await;
    let exit = bench.snapshot("zoo", &streamed(), Some(&before)).await;
    assert_eq!((gaps(&exit), findings(&before, &exit, &[])), (Vec::new(), Vec::new()));

    // Growth is growth while entry's rows are what they were.
    let may_grow = [("public.grow", Across::MayGrow)];
    bench.sql("zoo", "insert into grow select g, 'b' from generate_series(501, 900) g").await;
    let exit = bench.snapshot("zoo", &streamed(), Some(&before)).await;
    let found = findings(&before, &exit, &may_grow);
    assert!(found.len() == 1 && found[0].disposition == Disposition::Organic, "{found:#?}");
    let grown = exit.relations.iter().find(|r| r.name == "public.grow").expect("it is there");
    assert_eq!(grown.lineage.and_then(|l| l.newer), Some(400));
    assert!(!grown.newer_rows.is_empty(), "they are named");

    // What leaves no trace in a row's transaction is seen by its contents alone.
    for table in ["plain", "grow"] {
        bench
            .sql(
                "zoo",
                &format!("update {table} set t = 'x' where id = 7")
                    .replace("plain set t", "plain set state"),
            )
            .await;
        bench.sql("zoo", &format!("vacuum {table}")).await;
        bench.sql("zoo", &format!("select heap_force_freeze('{table}', array(select ctid from {table} where id = 7))")).await;
    }
    let exit = bench.snapshot("zoo", &streamed(), Some(&before)).await;
    let found = findings(&before, &exit, &may_grow);
    for table in ["table public.plain", "table public.grow"] {
        let forged =
            |f: &&clonegate_model::Finding| f.subject == table && f.witness == Witness::Digest;
        let forged = found.iter().find(forged).map(|f| f.disposition);
        assert_eq!(forged, Some(Disposition::Unexplained), "{table}: {found:#?}");
    }

    // A deletion and a transaction that was open are lineage's, by the same rows.
    bench
        .sql("zoo", "begin; update heap set t = 'late' where id = 3; prepare transaction 'late'")
        .await;
    bench.sql("zoo", "create table passing (id int); drop table passing").await;
    let before = bench.snapshot("zoo", &streamed(), None).await;
    bench.sql("zoo", "commit prepared 'late'; delete from plain where id = 9").await;
    let exit = bench.snapshot("zoo", &streamed(), Some(&before)).await;
    let found = findings(&before, &exit, &[]);
    for table in ["table public.heap", "table public.plain"] {
        assert!(
            found.iter().any(|f| f.subject == table && f.witness == Witness::Lineage),
            "{found:#?}"
        );
    }

    // 2^16 copies of one row against as many of another.
    for (database, value) in [("one", "a"), ("other", "b")] {
        let copies = format!(
            "create table copies (t text); insert into copies select '{value}' from generate_series(1, 65536)"
        );
        bench.database(database, &copies).await;
    }
    let (one, other) = (
        bench.snapshot("one", &streamed(), None).await,
        bench.snapshot("other", &streamed(), None).await,
    );
    let said = compare_contents(&one, &other).remove(0).contents;
    assert!(matches!(said, Contents::Different { first: 65_536, second: 65_536, .. }), "{said:?}");
}

/// What this process has in memory, and the most it had since the last call, in MiB.
fn memory() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = |name: &str| -> Option<u64> {
        let line = status.lines().find(|l| l.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    let memory = (kib("VmRSS")? / 1024, kib("VmHWM")? / 1024);
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    Some(memory)
}

/// Refuses the first piece, takes its time, or looks how large they are.
#[derive(Clone, Copy)]
enum Sink {
    Refusing,
    Slow,
    Counting(usize),
}

impl CopySink for Sink {
    fn take(&mut self, piece: &[u8]) -> Result<(), NotACopy> {
        match self {
            Sink::Refusing => Err(NotACopy("not wanted")),
            Sink::Slow => {
                std::thread::sleep(Duration::from_millis(5));
                Ok(())
            }
            Sink::Counting(largest) => {
                *largest = piece.len().max(*largest);
                Ok(())
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_bounded_in_memory_and_time_and_what_fails_is_a_gap() {
    let bench = Bench::new().await;
    bench
        .database(
            "big",
            "create table huge (id int, t text); alter table huge alter t set storage external;
             insert into huge values (1, repeat('x', 100000000)), (2, 'y');
             create table plain (id int); insert into plain select generate_series(1, 100000);
             create table grow (id int); insert into grow values (1);",
        )
        .await;
    // A row of 100 MB passes through, and is never whole in here.
    let bounds = Bounds { statement_timeout: Duration::from_secs(60), ..Bounds::default() };
    memory();
    let before = memory();
    let snapshot = bench.snapshot_within("big", bounds, &streamed(), None, 2, "").await;
    let after = memory();
    assert_eq!((gaps(&snapshot), lane(&snapshot, "public.huge")), (Vec::new(), Some(LANE)));
    if let (Some((resident, _)), Some((_, peak))) = (before, after) {
        assert!(peak < resident + 48, "{resident} MiB before, and then {peak} MiB");
    }

    let channel = bench.channel("big", bounds).await;
    let mut reader = channel.snapshot().await.expect("a snapshot");
    let oid = bench.sql("big", "select 'huge'::regclass::oid").await;
    let column = RowColumn { name: "t".parse().expect("a name"), form: ColumnForm::Binary };
    let copy = |oid: u32, name: &str| {
        let relation = name.parse().expect("a name");
        RangeCopy::new(oid, relation, std::slice::from_ref(&column), Blocks::ALL).expect("a range")
    };
    let huge = copy(oid.parse().expect("a number"), "public.huge");
    let (sink, copied) = reader.copy_out(huge.clone(), Sink::Counting(0)).await.expect("it comes");
    let Sink::Counting(largest) = sink else { panic!("another sink") };
    assert!(copied.bytes > 100_000_000 && largest <= 64 * 1024, "{copied:?} {largest}");
    let filenode = bench.sql("big", "select pg_relation_filenode('huge')").await;
    assert_eq!(copied.filenode.map(|n| n.to_string()), Some(filenode));
    // Under the name of another relation it is not taken for this one.
    let (_, copied) =
        reader.copy_out(copy(1, "public.huge"), Sink::Counting(0)).await.expect("it comes");
    assert_eq!(copied.filenode, None);
    // An error of the statement leaves the snapshot whole.
    let error = reader.copy_out(copy(1, "public.gone"), Sink::Refusing).await.err();
    assert!(matches!(error, Some(ReadError::Server(_))), "{error:?}");
    let one = ReadOnlyStatement::judge("select 1").expect("it reads");
    reader.read(&one).await.expect("it goes on");
    // What the sink does not want is stopped on the server too.
    let error = reader.copy_out(huge.clone(), Sink::Refusing).await.err();
    assert!(matches!(error, Some(ReadError::NotACopy(_))), "{error:?}");
    assert!(matches!(reader.read(&one).await, Err(ReadError::SnapshotEnded)));
    let running = "select count(*) from pg_stat_activity where query like 'copy (select%' and state = 'active' and pid <> pg_backend_pid()";
    until("the server has stopped", async || bench.sql("big", running).await == "0").await;
    // So is what nobody waits for any more.
    let mut reader = channel.snapshot().await.expect("a snapshot");
    let waited = tokio::time::timeout(
        Duration::from_millis(20),
        reader.copy_out(huge.clone(), Sink::Counting(0)),
    )
    .await;
    drop(waited);
    drop(reader);
    until("the server has stopped", async || bench.sql("big", running).await == "0").await;
    channel.close().await;
    // And what takes too long.
    let hurried = Bounds { statement_timeout: Duration::from_millis(500), ..bounds };
    let channel = bench.channel("big", hurried).await;
    let mut reader = channel.snapshot().await.expect("a snapshot");
    let error = reader.copy_out(huge, Sink::Slow).await.err();
    assert!(matches!(error, Some(ReadError::TimedOut { .. })), "{error:?}");
    until("the server has stopped", async || bench.sql("big", running).await == "0").await;
    channel.close().await;

    // Truncated under the snapshot: a gap, and not empty.
    let snapshot = bench
        .snapshot_within("big", Bounds::default(), &streamed(), None, 1, "truncate plain")
        .await;
    let seen = gaps(&snapshot);
    assert!(
        seen.iter().any(|g| g.starts_with("public.plain (digest): it was truncated")),
        "{seen:?}"
    );
    assert_eq!(lane(&snapshot, "public.plain"), None);

    // Locked by somebody else: a gap, and the others are read.
    let session = bench.psql.clone();
    let holder = tokio::spawn(async move {
        session.run_sql("big", "begin; lock table grow; select pg_sleep(600)").await
    });
    until("the lock is held", async || {
        bench.sql("big", "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and relation = 'grow'::regclass").await == "1"
    })
    .await;
    let bounds = Bounds { lock_timeout: Duration::from_millis(100), ..bounds };
    let snapshot = bench.snapshot_within("big", bounds, &streamed(), None, 1, "").await;
    bench.sql("postgres", "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid()").await;
    let _ = holder.await;
    let seen = gaps(&snapshot);
    assert!(seen.iter().any(|g| g.starts_with("public.grow (digest)")), "{seen:?}");
    assert_eq!(lane(&snapshot, "public.huge"), Some(LANE));
    let named: BTreeSet<&str> =
        seen.iter().map(|g| g.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(named, BTreeSet::from(["public.grow"]));
}
