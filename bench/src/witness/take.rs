//! Takes a snapshot of a database as a gate does, and notes what it cost.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clonegate_model::{
    Covered, DigestKey, Footprint, Phase, Reading, RunId, SNAPSHOT_FORMAT, Since, Snapshot,
    StreamKey, Target, Value,
};
use clonegate_probe::{CutBy, ReadError, SnapshotReader};
use clonegate_sql::{RangeCopy, ReadOnlyStatement};
use clonegate_witness::{
    DigestOf, Granted, Plan, Reader, RowFold, Streamed, Streaming, Unread, UnreadKind, collect,
};
use jiff::Timestamp;

use super::server::{Content, Place};
use crate::streamed::Folding;

/// What is taken of a database, besides catalog, sequences and horizon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum What {
    /// Of no relation a digest.
    Lineage,
    /// Of every relation a digest, on the server.
    Digest,
    /// The same, and the large tables' rows are streamed and hashed here.
    Streamed,
    /// What a gate takes if the profile says nothing else.
    Usual,
}

/// What one snapshot cost.
pub(crate) struct Take {
    pub(crate) snapshot: Snapshot,
    /// Until the channel was open and the role attested.
    pub(crate) opening: Duration,
    /// From there to the last assertion.
    pub(crate) reading: Duration,
    /// The statement that took longest.
    pub(crate) longest: Duration,
    /// Statements that read rows.
    pub(crate) scans: Vec<ReadOnlyStatement>,
}

#[derive(Default)]
struct Log {
    longest: Duration,
    scans: Vec<ReadOnlyStatement>,
}

/// Does what the gate's own reader does: judges each statement, and reads it on the snapshot.
struct Recorder {
    reader: SnapshotReader,
    log: Arc<Mutex<Log>>,
}

impl Recorder {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer(&mut self, statement: &ReadOnlyStatement) -> Result<Reading, Unread> {
        let begun = Instant::now();
        let answer = self.reader.read(statement).await;
        {
            let mut log = self.log();
            log.longest = log.longest.max(begun.elapsed());
        }
        answer.map(|a| a.reading).map_err(unread)
    }
}

impl Reader for Recorder {
    async fn read(&mut self, statements: &[String]) -> Vec<Result<Reading, Unread>> {
        let mut answers = Vec::with_capacity(statements.len());
        for text in statements {
            let text = text.clone();
            let judge = tokio::task::spawn_blocking(move || ReadOnlyStatement::judge(&text));
            answers.push(match judge.await {
                Ok(Ok(judged)) => self.answer(&judged.of_the_program()).await,
                Ok(Err(refusal)) => Err(Unread::refused(refusal.to_string())),
                Err(e) => Err(Unread::refused(e.to_string())),
            });
        }
        answers
    }

    async fn scan(&mut self, scans: &[ReadOnlyStatement]) -> Vec<Result<Reading, Unread>> {
        let mut answers = Vec::with_capacity(scans.len());
        for scan in scans {
            answers.push(self.answer(scan).await);
        }
        self.log().scans.extend_from_slice(scans);
        answers
    }

    async fn stream(&mut self, copy: RangeCopy, fold: RowFold) -> Result<Streamed, Unread> {
        let begun = Instant::now();
        let copied = self.reader.copy_out(copy, Folding(fold)).await;
        {
            let mut log = self.log();
            log.longest = log.longest.max(begun.elapsed());
        }
        let (Folding(fold), copied) = copied.map_err(unread)?;
        Ok(Streamed { fold, filenode: copied.filenode })
    }

    async fn wait(&mut self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

fn unread(error: ReadError) -> Unread {
    Unread {
        kind: match &error {
            ReadError::TimedOut { by: CutBy::Server, .. } => UnreadKind::TimedOut,
            _ => UnreadKind::Refused,
        },
        reason: format!("{error:?}"),
    }
}

/// Takes a snapshot over connections that were never used before. With an earlier one it is the proof of
/// an exit.
///
/// # Errors
/// Where anything of the database could not be read: a figure of half a reading is none.
pub(crate) async fn take(
    place: &Place,
    what: What,
    connections: usize,
    entry: Option<&Snapshot>,
) -> Result<Take> {
    let begun_at = Timestamp::now();
    let begun = Instant::now();
    let channel = place.channel(connections).await?;
    let opening = begun.elapsed();
    let plan = Plan {
        digest: match what {
            What::Lineage => DigestOf::Chosen { named: Default::default(), small: 0 },
            What::Digest | What::Streamed => DigestOf::Everything,
            What::Usual => Plan::usual(DigestKey(0)).digest,
        },
        stream: (what == What::Streamed).then(|| Streaming {
            granted: Granted::Named(Content::relations().collect()),
            key: StreamKey([0x5e; 32]),
        }),
        ..Plan::usual(DigestKey(0x5eed))
    };
    let log: Arc<Mutex<Log>> = Arc::default();
    let recorder = |reader| Recorder { reader, log: log.clone() };
    let begun = Instant::now();
    let mut readers = vec![recorder(channel.snapshot().await?)];
    if connections > 1 {
        let at = readers[0].reader.export().await?;
        while readers.len() < connections {
            readers.push(recorder(channel.snapshot_at(&at).await?));
        }
    }
    let collected = collect(&mut readers, &plan, entry).await?;
    for reader in readers {
        reader.reader.finish().await?;
    }
    let reading = begun.elapsed();
    let gap = collected.coverage.iter().find(|c| matches!(c.covered, Covered::Gap(_)));
    if let Some(gap) = gap {
        bail!("{} of {} was not read: {:?}", gap.subject, place.database, gap.covered);
    }
    let identity = channel.identity().clone();
    channel.close().await;
    let log = std::mem::take(&mut *log.lock().unwrap_or_else(PoisonError::into_inner));
    let run: RunId = "bench-witness".parse()?;
    let snapshot = Snapshot {
        format: SNAPSHOT_FORMAT,
        run,
        target: Target::Production,
        phase: if entry.is_none() { Phase::Entry } else { Phase::Exit },
        since: entry.map(Since::of),
        begun_at,
        ended_at: Timestamp::now(),
        identity,
        readings: Vec::new(),
        horizon: collected.horizon,
        anchor: collected.anchor,
        relations: collected.relations,
        sequences: collected.sequences,
        catalog: collected.catalog,
        activity: collected.activity,
        coverage: collected.coverage,
        footprint: Footprint::default(),
        digest_key: collected.digest_key,
        wal: collected.wal,
    };
    Ok(Take { snapshot, opening, reading, longest: log.longest, scans: log.scans })
}

/// How long the statements that read rows take by themselves, over several connections at once.
pub(crate) async fn rows_alone(
    place: &Place,
    scans: &[ReadOnlyStatement],
    connections: usize,
) -> Result<Duration> {
    let channel = place.channel(connections).await?;
    let mut readers = vec![channel.snapshot().await?];
    let at = readers[0].export().await?;
    while readers.len() < connections {
        readers.push(channel.snapshot_at(&at).await?);
    }
    // In the order in which they were read: the last ones are small, so that both end together.
    let left = Mutex::new(scans.iter().collect::<VecDeque<_>>());
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let begun = Instant::now();
    let work = readers.iter_mut().map(|reader| async {
        while let Some(scan) = next() {
            reader.read(scan).await?;
        }
        Ok::<_, ReadError>(())
    });
    futures_util::future::try_join_all(work).await?;
    let took = begun.elapsed();
    for reader in readers {
        reader.finish().await?;
    }
    channel.close().await;
    Ok(took)
}

/// How long the same ranges took, on one connection.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SameRanges {
    /// `count(*)`, which does not look at the rows of a page that are all visible.
    pub(crate) count: Duration,
    /// `count(xmin)`, which looks at the head of each row, and does nothing else.
    pub(crate) heads: Duration,
    pub(crate) lineage: Duration,
}

/// Counts rows in the ranges of a lineage, and takes that: range after range, as a gate reads a relation, and each
/// range once more as soon as it was read, which then is in the server's own memory as far as that reaches.
pub(crate) async fn in_the_same_ranges(
    place: &Place,
    scans: &[ReadOnlyStatement],
) -> Result<(SameRanges, SameRanges)> {
    let channel = place.channel(1).await?;
    let mut reader = channel.snapshot().await?;
    let mut ranges = Vec::with_capacity(scans.len());
    for scan in scans {
        let text = scan.as_sql();
        let at = text.find("\n  from only ").context(
            "the table was read in one piece and has no ranges; measure with a larger --scale",
        )?;
        let end = text.rfind("\n) as s(").context("and is one of its pieces")?;
        let counting = |what: &str| {
            let text = format!("select {what} {}", &text[at..end]);
            ReadOnlyStatement::judge(&text).map(ReadOnlyStatement::of_the_program)
        };
        ranges.push([counting("count(*)")?, scan.clone(), counting("count(t.xmin)")?]);
    }
    // What one way leaves in the server's memory is there for the next, so each follows each of the others: the
    // first three are not counted.
    const ORDER: [usize; 12] = [0, 1, 2, 0, 1, 2, 1, 0, 2, 1, 0, 2];
    let mut took = [Duration::ZERO; 3];
    let mut counted = BTreeSet::new();
    for (n, way) in ORDER.into_iter().enumerate() {
        let mut all = Vec::with_capacity(ranges.len());
        for range in &ranges {
            let (time, rows) = timed(&mut reader, &range[way], way == 1).await?;
            all.push(rows);
            if n >= 3 {
                took[way] += time / 3;
            }
        }
        counted.insert(all);
    }
    ensure!(counted.len() == 1, "all count the same rows in each range: {counted:?}");
    let mut again = [Duration::ZERO; 3];
    for range in &ranges {
        // Each finds what the others left: none of them brings the range into the processor's caches for the next,
        // which read different parts of a page.
        for statement in range {
            reader.read(statement).await?;
        }
        for (way, statement) in range.iter().enumerate() {
            again[way] += timed(&mut reader, statement, way == 1).await?.0;
        }
    }
    reader.finish().await?;
    channel.close().await;
    let times = |[count, lineage, heads]: [Duration; 3]| SameRanges { count, heads, lineage };
    Ok((times(took), times(again)))
}

/// How long a statement took, and how many rows it counted.
async fn timed(
    reader: &mut SnapshotReader,
    statement: &ReadOnlyStatement,
    is_a_scan: bool,
) -> Result<(Duration, i64)> {
    let begun = Instant::now();
    let answer = reader.read(statement).await?;
    let took = begun.elapsed();
    let row = answer.reading.rows.first().context("it counts")?;
    let rows = row.get(usize::from(is_a_scan)).and_then(Value::as_integer);
    Ok((took, rows.context("it counts")?))
}
