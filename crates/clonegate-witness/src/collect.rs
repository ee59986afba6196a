//! Asks everything about one database and folds the answers.

use std::pin::pin;
use std::time::Duration;

use clonegate_model::{
    Anchor, CatalogObject, Coverage, Covered, DigestKey, Horizon, Reading, RelationState,
    SequenceState, SessionState, Snapshot, Value, Wal, Witness,
};
use futures_util::FutureExt as _;
use futures_util::future::{Either, join, join_all, ready, select};
use serde::Deserialize;

use crate::anchor::{self, Since};
use crate::aside;
use crate::catalog;
use crate::coverage::Coverages;
use crate::lineage::Against;
use crate::load::Guard;
use crate::localise::localise;
use crate::plan::{DigestOf, LoadLimits, Plan};
use crate::reader::{Reader, Unread};
use crate::relations::{self, Order, Prescribed, RelationRow, Sorted};
use crate::rows::{SHAPE, packed, unpack};
use crate::scan::Scan;
use crate::sequences::{self, SequenceRow};
use crate::template::fill;
use crate::wal;

const HORIZON: &str = include_str!("../../../sql/engine/witness/horizon.sql");
const RELATIONS: &str = include_str!("../../../sql/engine/witness/relations.sql");
const COLUMNS: &str = include_str!("../../../sql/engine/witness/columns.sql");
const SEQUENCES: &str = include_str!("../../../sql/engine/witness/sequences.sql");
const ACTIVITY: &str = include_str!("../../../sql/engine/witness/activity.sql");
const LARGE_OBJECTS: &str = include_str!("../../../sql/engine/witness/large_objects.sql");

/// How often the relations are asked for again.
const RELATION_ATTEMPTS: usize = 3;

/// What the witnesses saw in one database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// Which transactions had completed.
    pub horizon: Horizon,
    /// What must be the same at exit for an equal horizon to mean equal rows.
    pub anchor: Option<Anchor>,
    /// Relations with their lineage, in the order of their names.
    pub relations: Vec<RelationState>,
    /// Sequences, in the order of their names.
    pub sequences: Vec<SequenceState>,
    /// Definitions, by class and identity.
    pub catalog: Vec<CatalogObject>,
    /// Other sessions.
    pub activity: Vec<SessionState>,
    /// What was covered, and what was not, and why.
    pub coverage: Vec<Coverage>,
    /// The key of the digests.
    pub digest_key: DigestKey,
    /// What the write-ahead log says, where it was asked.
    pub wal: Option<Wal>,
}

/// Why a database could not be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectError {
    /// Without the horizon nothing can be held against a later snapshot.
    #[error("the horizon could not be read: {0}")]
    Horizon(String),
    /// Without the list of relations it is not known what there is to cover.
    #[error("the relations could not be listed: {0}")]
    Relations(String),
    /// There is no reader.
    #[error("there is no connection to read with")]
    NoReader,
}

#[derive(Debug, Deserialize)]
struct SessionRow {
    pid: i64,
    role: String,
    application: String,
    state: Option<String>,
}

/// Asks everything about one database, with readers of one snapshot of it. With an earlier snapshot,
/// lineage also counts the rows that are newer, and digests are taken with its key, of its relations and
/// in its ranges.
///
/// # Errors
/// [`CollectError`] where nothing could be established; everything less is a gap in the coverage.
pub async fn collect<R: Reader + Send>(
    readers: &mut [R],
    plan: &Plan,
    entry: Option<&Snapshot>,
) -> Result<Collected, CollectError> {
    let mut readers: Vec<&mut R> = readers.iter_mut().collect();
    let last = readers.pop().ok_or(CollectError::NoReader)?;
    let first = readers.first_mut().map_or(&mut *last, |first| &mut **first);
    let unhurried = LoadLimits { active_sessions: None, replica_lag: None, ..plan.load };
    let mut logged = Coverages::default();
    let mut wal = None;
    if entry.is_none() {
        // The log is followed from before anything else is read: what is written meanwhile is within.
        let guard = Guard::new(unhurried, plan.budget);
        wal = wal::take(first, plan.wal, None, guard, &mut logged).await;
    }
    let moment = Moment::read(first, entry).await?;
    // Who wants the contents of everything read again wants the definitions read again, too.
    let again = plan.digest == DigestOf::Everything;
    let untouched = entry.filter(|_| moment.since == Since::Nothing && !again);
    // One reader reads the definitions. Where there is another, that one finds out meanwhile what rows there
    // are, and begins with them.
    let (begun, defining) = match readers.first_mut() {
        None => (prelude(last, plan, entry, &moment).await?, definitions(last, untouched).boxed()),
        Some(first) => {
            let mut defining = definitions(last, untouched).boxed();
            match select(pin!(prelude(*first, plan, entry, &moment)), &mut defining).await {
                Either::Left((begun, _)) => (begun?, defining),
                Either::Right((defined, begun)) => (begun.await?, ready(defined).boxed()),
            }
        }
    };
    let Moment { horizon, anchor, .. } = moment;
    let Prelude { key, mut sorted, mut coverage } = begun;
    let against = entry.map_or(Against::Itself(&horizon), |e| Against::Entry(&e.horizon));
    let guard = Guard::new(plan.load, plan.budget);
    let count = readers.len() + 1;
    let scan = Scan::new(count, &mut sorted.subjects, against, &horizon, plan.slice, guard);
    let then_rows = async {
        let (defined, reader) = defining.await;
        scan.work(reader).await;
        (defined, reader)
    };
    let at_rows = join_all(readers.iter_mut().map(|reader| scan.work(*reader)));
    let ((defined, reader), _) = join(then_rows, at_rows).await;
    readers.push(reader);
    scan.look_closer();
    join_all(readers.iter_mut().map(|reader| scan.work(*reader))).await;
    let mut seen = scan.end();
    let Definitions { catalog, activity, sequences, coverage: mut defined } = defined;
    coverage.0.append(&mut defined.0);
    if against.is_exhausted(&horizon) {
        for seen in &mut seen {
            seen.failure.get_or_insert_with(|| {
                "so many transactions ran since entry that a row's age says nothing; take another entry".to_owned()
            });
        }
    }
    relations::conclude(&mut sorted, &seen, against.is_later(), &mut coverage);
    let Sorted { mut relations, subjects, .. } = sorted;
    let (first, others) = readers.split_first_mut().ok_or(CollectError::NoReader)?;
    let first = &mut **first;
    let afterwards = async {
        localise(first, against, &subjects, &seen, plan.keys, &mut relations).await;
        if let Some(entry) = entry {
            let guard = Guard::new(unhurried, plan.budget);
            wal = wal::take(first, plan.wal, entry.wal.as_ref(), guard, &mut logged).await;
        }
    };
    kept_alive(others, afterwards).await;
    coverage.0.append(&mut logged.0);
    Ok(Collected {
        horizon,
        anchor,
        relations,
        sequences,
        catalog,
        activity,
        coverage: coverage.0,
        digest_key: key,
        wal,
    })
}

/// How often a reader that has nothing to do asks something: the server ends a transaction that is idle for long, and
/// what was read over all connections would be lost with it.
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Waits for something, and keeps idle readers alive meanwhile.
async fn kept_alive<R: Reader + Send>(idle: &mut [&mut R], something: impl Future<Output = ()>) {
    let mut something = pin!(something);
    while let Some(one) = idle.first_mut() {
        if let Either::Left(_) = select(something.as_mut(), pin!(one.wait(KEEP_ALIVE))).await {
            return;
        }
        let question = [HORIZON.to_owned()];
        let asking = pin!(join_all(idle.iter_mut().map(|reader| reader.read(&question))));
        // A question that was given up would be the end of its connection.
        if let Either::Left(((), asking)) = select(something.as_mut(), asking).await {
            asking.await;
            return;
        }
    }
    something.await;
}

/// Which moment of the database is read.
struct Moment {
    horizon: Horizon,
    anchor: Option<Anchor>,
    /// What that says of the time since entry.
    since: Since,
}

impl Moment {
    async fn read<R: Reader + Send>(
        reader: &mut R,
        entry: Option<&Snapshot>,
    ) -> Result<Self, CollectError> {
        let mut answers = reader.read(&[HORIZON.to_owned(), anchor::question()]).await.into_iter();
        let mut next = || answers.next().unwrap_or(Err(Unread::silent()));
        let horizon = next().map_err(|e| e.reason).and_then(|r| horizon(&r));
        let horizon = horizon.map_err(CollectError::Horizon)?;
        let anchor = anchor::of(next());
        let since = anchor::since(entry, &horizon, anchor.as_ref());
        Ok(Self { horizon, anchor, since })
    }
}

/// What there is to be read.
struct Prelude {
    key: DigestKey,
    sorted: Sorted,
    coverage: Coverages,
}

/// Reads which relations there are, and sorts out what is to be read of them.
async fn prelude<R: Reader + Send>(
    reader: &mut R,
    plan: &Plan,
    entry: Option<&Snapshot>,
    moment: &Moment,
) -> Result<Prelude, CollectError> {
    let questions = [packed(RELATIONS), LARGE_OBJECTS.to_owned()];
    let mut answers = reader.read(&questions).await.into_iter();
    let mut next = || answers.next().unwrap_or(Err(Unread::silent())).map_err(|e| e.reason);
    let (rows, large) = (next(), next());
    let mut rows = relation_rows(rows).await;
    // Somebody may take a lock in the same moment in which a size is asked for.
    for _ in 0..RELATION_ATTEMPTS {
        if rows.is_ok() {
            break;
        }
        let again = reader.read(&[packed(RELATIONS)]).await.pop().unwrap_or(Err(Unread::silent()));
        rows = relation_rows(again.map_err(|e| e.reason)).await;
    }
    let rows = rows.map_err(CollectError::Relations)?;
    let mut coverage = Coverages::default();
    large_objects(large, &mut coverage);
    let key = entry.map_or(plan.key, |entry| entry.digest_key);
    let mut sorted = relations::sort_out(rows, plan, entry, moment.since, &mut coverage);
    if !sorted.digests.is_empty() {
        let orders = relations::orders(&sorted, plan, entry);
        let recipes = prescribe(reader, orders, key).await;
        relations::give_recipes(&mut sorted, recipes, &mut coverage);
    }
    Ok(Prelude { key, sorted, coverage })
}

async fn relation_rows(answer: Result<Reading, String>) -> Result<Vec<RelationRow>, String> {
    aside::read(answer?, unpack).await
}

/// Definitions, sessions and sequences.
struct Definitions {
    catalog: Vec<CatalogObject>,
    activity: Vec<SessionState>,
    sequences: Vec<SequenceState>,
    coverage: Coverages,
}

/// Reads the definitions, and gives the reader back. With an entry since which no transaction completed, it reads
/// those that could have changed without one.
async fn definitions<'r, R: Reader + Send>(
    reader: &'r mut R,
    untouched: Option<&Snapshot>,
) -> (Definitions, &'r mut R) {
    let mut coverage = Coverages::default();
    let questions = [packed(SEQUENCES), packed(ACTIVITY)];
    let mut answers = reader.read(&questions).await.into_iter();
    let mut next = || answers.next().unwrap_or(Err(Unread::silent())).map_err(|e| e.reason);
    let sequences: Result<Vec<SequenceRow>, String> = next().and_then(|r| unpack(&r));
    let activity: Result<Vec<SessionRow>, String> = next().and_then(|r| unpack(&r));
    let catalog = catalog::read(reader, untouched, &mut coverage.0).await;
    let activity = fold_activity(activity, &mut coverage);
    let sequences = sequences::read_sequences(reader, sequences, &mut coverage).await;
    (Definitions { catalog, activity, sequences, coverage }, reader)
}

/// Relations whose columns one statement asks for: their OIDs must fit its text.
const COLUMNS_OF: usize = 2000;

/// Reads which columns the relations have, and makes their recipes.
async fn prescribe<R: Reader + Send>(
    reader: &mut R,
    orders: Vec<Order>,
    key: DigestKey,
) -> Result<Vec<Prescribed>, String> {
    let questions: Vec<String> = orders
        .chunks(COLUMNS_OF)
        .map(|orders| {
            let oids: Vec<String> = orders.iter().map(|order| order.oid.to_string()).collect();
            let list = format!("{{{}}}", oids.join(","));
            packed(&fill(COLUMNS, &[("relations", list.as_str())]))
        })
        .collect();
    let answers = reader.read(&questions).await.into_iter();
    // Without an answer a relation would seem to have no columns, and to contain the same whatever it does.
    let answers = answers.chain(std::iter::repeat_with(|| Err(Unread::silent())));
    let answers: Vec<_> = answers.take(questions.len()).collect();
    aside::compute(move || {
        let mut columns = Vec::new();
        for answer in answers {
            columns.extend(unpack(&answer.map_err(|e| e.reason)?)?);
        }
        Ok(relations::prescribe(orders, columns, key))
    })
    .await?
}

/// Contents of large objects are read as the rows of their pages; here it is said when they can't be.
fn large_objects(answer: Result<Reading, String>, coverage: &mut Coverages) {
    let known = answer.and_then(|r| {
        let count = r.single("large_objects").and_then(Value::as_integer);
        let readable = r.single("readable").cloned();
        count.zip(readable).ok_or_else(|| SHAPE.to_owned())
    });
    let covered = match known {
        Ok((0, _)) => Covered::NotNeeded("there are none".to_owned()),
        Ok((_, Value::Bool(true))) => return,
        Ok((n, _)) => Covered::Gap(format!(
            "this role may not read the contents of {n} large objects; GRANT SELECT ON pg_catalog.pg_largeobject"
        )),
        Err(why) => Covered::Gap(why),
    };
    coverage.push("large objects", Witness::Lineage, covered);
}

fn horizon(reading: &Reading) -> Result<Horizon, String> {
    let text = reading.single("horizon").and_then(Value::as_text).ok_or(SHAPE)?;
    text.parse().map_err(|e| format!("{e}"))
}

fn fold_activity(
    rows: Result<Vec<SessionRow>, String>,
    coverage: &mut Coverages,
) -> Vec<SessionState> {
    match rows {
        Ok(rows) => rows
            .into_iter()
            .map(|SessionRow { pid, role, application, state }| SessionState {
                pid,
                role,
                application,
                state,
            })
            .collect(),
        Err(why) => {
            coverage.gap("sessions", Witness::Check, why);
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    /// For which time is no more than a turn.
    #[derive(Default)]
    struct Idle {
        asked: usize,
    }

    impl Reader for Idle {
        async fn read(&mut self, statements: &[String]) -> Vec<Result<Reading, Unread>> {
            let mut turns = 2;
            std::future::poll_fn(|cx| {
                turns -= 1;
                cx.waker().wake_by_ref();
                if turns > 0 { Poll::Pending } else { Poll::Ready(()) }
            })
            .await;
            self.asked += statements.len();
            Vec::new()
        }
        async fn wait(&mut self, _: Duration) {}
    }

    #[test]
    fn who_has_nothing_to_do_is_kept_alive_and_no_question_is_given_up() {
        let mut two = [Idle::default(), Idle::default()];
        let mut turns = 6;
        let something = std::future::poll_fn(|cx| {
            turns -= 1;
            cx.waker().wake_by_ref();
            if turns > 0 { Poll::Pending } else { Poll::Ready(()) }
        });
        let mut idle: Vec<&mut Idle> = two.iter_mut().collect();
        futures_executor::block_on(kept_alive(&mut idle, something));
        assert!(two[0].asked > 1 && two[0].asked == two[1].asked, "{}", two[0].asked);
        futures_executor::block_on(kept_alive(&mut Vec::<&mut Idle>::new(), async {}));
    }
}
