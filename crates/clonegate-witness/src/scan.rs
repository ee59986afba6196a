//! Reads the rows of many relations with several readers at once, in pieces sized by time.
//!
//! A large relation is a [`Cursor`] from which readers take ranges of blocks; how many is what took
//! [`Plan::slice`](crate::Plan) before. Small relations share a statement. What fails is split or tried
//! again where that may help, a bounded number of times, and named where it does not.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use clonegate_model::{HashSum, Horizon, RangeState, Reading, Value};
use clonegate_sql::{
    Blocks, CopyRefused, Qualified, RangeCopy, ReadOnlyStatement, RowHash, RowScan, ScannedRange,
};

use crate::digest::Recipe;
use crate::lineage::Against;
use crate::load::Guard;
use crate::reader::{Reader, Unread, UnreadKind};
use crate::rows::SHAPE;
use crate::stream::{RowFold, Streamed};
use crate::template::fill;

const DETAIL: &str = include_str!("../../../sql/engine/witness/detail.sql");

/// Pieces of a statement at the most: each is a row of the answer, and a channel lets through 500.
const STATEMENT_PIECES: usize = 200;
/// Pieces of a call at the most: a channel may hold the locks of a call's relations until its end.
const CALL_PIECES: usize = 750;
/// Bytes of a relation that are read in the first range, and of small relations together.
const FIRST_BYTES: u64 = 16 << 20;
/// Ranges that are kept in a snapshot for one relation.
const KEPT_RANGES: usize = 2048;
/// How often the same is tried again where somebody was in the way.
const ATTEMPTS: u8 = 3;

/// A relation whose rows are to be read.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) oid: u32,
    pub(crate) name: String,
    /// The same name in its parts.
    pub(crate) relation: Qualified,
    /// Blocks of the heap.
    pub(crate) blocks: u64,
    /// Bytes, with what is stored out of line.
    pub(crate) bytes: u64,
    /// The file that it had in this snapshot.
    pub(crate) filenode: i64,
    /// `None` where only lineage is taken.
    pub(crate) recipe: Option<Recipe>,
    /// The ranges of an earlier snapshot.
    pub(crate) ranges: Vec<RangeState>,
}

/// A part of a relation: from a block to another, or all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) subject: usize,
    pub(crate) from: u64,
    pub(crate) to: Option<u64>,
}

impl Piece {
    fn blocks(self) -> Blocks {
        Blocks { from: self.from, to: self.to }
    }
}

/// What was seen of a relation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) rows: u64,
    pub(crate) newer: u64,
    pub(crate) recent: u64,
    pub(crate) recent_xids: HashSum,
    pub(crate) sum: HashSum,
    pub(crate) of_entry: HashSum,
    pub(crate) columns: Vec<HashSum>,
    /// What was seen in each range, in no order.
    pub(crate) pieces: Vec<(Piece, RangeState)>,
    /// Why nothing of it can be said.
    pub(crate) failure: Option<String>,
    /// Why its digest could not be taken, though lineage could.
    pub(crate) no_digest: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Scan,
    Detail,
}

/// What a reader does next.
enum Job {
    /// Nothing is left.
    Nothing,
    /// These statements.
    Ask(Vec<Work>, Questions),
    /// One piece of a relation whose rows are streamed.
    Stream(Work, Box<OnePiece>),
}

/// A statement for each work of a batch.
enum Questions {
    Scans(Vec<ReadOnlyStatement>),
    Details(Vec<String>),
}

/// One piece of a relation whose rows are streamed, and what becomes of them.
struct OnePiece {
    piece: Piece,
    copy: Result<RangeCopy, CopyRefused>,
    fold: RowFold,
}

#[derive(Debug, Clone)]
struct Work {
    pieces: Vec<Piece>,
    attempt: u8,
}

/// A relation that is handed out range by range.
#[derive(Debug)]
struct Cursor {
    subject: usize,
    next: u64,
    blocks: u64,
    /// How many blocks make a range.
    step: u64,
    /// How many make the first one, and the least that is worth a statement.
    first: u64,
}

/// What all readers share.
struct State<'a> {
    stage: Stage,
    /// How many read at once.
    readers: u64,
    slice: Duration,
    against: Against<'a>,
    /// The horizon of the snapshot that is read.
    now: &'a Horizon,
    subjects: &'a mut [Subject],
    seen: Vec<Seen>,
    ready: VecDeque<Work>,
    cursors: Vec<Cursor>,
    steps: Vec<u64>,
    /// Pieces with young rows.
    young: Vec<Piece>,
    /// The longest call, for the log.
    longest: Duration,
    guard: Guard,
}

/// A reading of many relations, at which several readers can work.
pub(crate) struct Scan<'a>(Mutex<State<'a>>);

impl<'a> Scan<'a> {
    pub(crate) fn new(
        readers: usize,
        subjects: &'a mut [Subject],
        against: Against<'a>,
        now: &'a Horizon,
        slice: Duration,
        guard: Guard,
    ) -> Self {
        let count = subjects.len();
        let mut state = State {
            stage: Stage::Scan,
            readers: readers as u64,
            slice,
            against,
            now,
            steps: vec![0; count],
            seen: vec![Seen::default(); count],
            subjects,
            ready: VecDeque::new(),
            cursors: Vec::new(),
            young: Vec::new(),
            longest: Duration::ZERO,
            guard,
        };
        state.fill();
        Self(Mutex::new(state))
    }

    /// Reads until there is nothing left to take.
    pub(crate) async fn work<R: Reader + Send>(&self, reader: &mut R) {
        work(reader, &self.0).await;
    }

    /// When everything was read once: what has young rows is to be looked at more closely.
    pub(crate) fn look_closer(&self) {
        let mut state = lock(&self.0);
        state.give_up();
        state.look_closer();
    }

    /// One answer for each subject, in their order.
    pub(crate) fn end(self) -> Vec<Seen> {
        let mut state = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.give_up();
        tracing::debug!(relations = state.seen.len(), longest = ?state.longest, "rows were read");
        state.seen
    }
}

fn lock<'s, 'a>(state: &'s Mutex<State<'a>>) -> MutexGuard<'s, State<'a>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes work until there is none. The lock is never held while something is awaited.
async fn work<R: Reader + Send>(reader: &mut R, state: &Mutex<State<'_>>) {
    loop {
        let question = lock(state).guard.question();
        if let Some(question) = question {
            let answer = reader.read(&[question]).await.pop().unwrap_or(Err(Unread::silent()));
            let pause = lock(state).guard.decide(answer, Instant::now());
            if let Some(pause) = pause {
                reader.wait(pause).await;
                continue;
            }
        }
        let job = lock(state).take(reader.together());
        let begun = Instant::now();
        let ended = match job {
            Job::Nothing => return,
            Job::Ask(batch, questions) => {
                let answers = match &questions {
                    Questions::Scans(scans) => reader.scan(scans).await,
                    Questions::Details(statements) => reader.read(statements).await,
                };
                let mut answers = answers.into_iter();
                let took = begun.elapsed() / u32::try_from(batch.len()).unwrap_or(u32::MAX).max(1);
                let mut state = lock(state);
                state.longest = state.longest.max(took);
                let mut ended = false;
                for work in batch {
                    let answer = answers.next().unwrap_or(Err(Unread::silent()));
                    ended |= matches!(&answer, Err(e) if e.kind == UnreadKind::Ended);
                    let folded =
                        answer.and_then(|r| state.fold(&work, &r).map_err(Unread::refused));
                    state.settle(work, folded, took);
                }
                ended
            }
            Job::Stream(work, one) => {
                let OnePiece { piece, copy, fold } = *one;
                let answer = match copy {
                    Ok(copy) => reader.stream(copy, fold).await,
                    Err(refused) => Err(Unread::refused(refused.to_string())),
                };
                let took = begun.elapsed();
                let mut state = lock(state);
                state.longest = state.longest.max(took);
                let ended = matches!(&answer, Err(e) if e.kind == UnreadKind::Ended);
                let folded =
                    answer.and_then(|s| state.fold_stream(piece, s).map_err(Unread::refused));
                state.settle(work, folded, took);
                ended
            }
        };
        if ended {
            return;
        }
    }
}

impl State<'_> {
    /// Puts everything into the queue: ranges and cursors of large relations, groups of small ones.
    fn fill(&mut self) {
        let mut small: Vec<(Piece, u64)> = Vec::new();
        for (subject, it) in self.subjects.iter().enumerate() {
            let whole = Piece { subject, from: 0, to: None };
            if !it.ranges.is_empty() {
                for range in &it.ranges {
                    let step = it.ranges[0].to.unwrap_or(it.blocks).max(1);
                    if range.to.is_none() && it.blocks > range.from + 2 * step {
                        // It has grown since, perhaps by much.
                        self.steps[subject] = step;
                        let (next, blocks) = (range.from, it.blocks);
                        self.cursors.push(Cursor { subject, next, blocks, step, first: step });
                        continue;
                    }
                    let piece = Piece { subject, from: range.from, to: range.to };
                    self.ready.push_back(Work { pieces: vec![piece], attempt: 0 });
                }
                continue;
            }
            let bytes = if it.recipe.is_some() { it.bytes } else { it.blocks.saturating_mul(8192) };
            let is_streamed = it.recipe.as_ref().is_some_and(|r| r.here().is_some());
            if bytes > FIRST_BYTES && it.blocks > 1 {
                // How many blocks are as much as a first range may be, with what is out of line.
                let step = (it.blocks.saturating_mul(FIRST_BYTES) / bytes).max(1);
                self.steps[subject] = step;
                let blocks = it.blocks;
                self.cursors.push(Cursor { subject, next: 0, blocks, step, first: step });
                continue;
            }
            if is_streamed {
                self.ready.push_back(Work { pieces: vec![whole], attempt: 0 });
                continue;
            }
            small.push((whole, bytes));
        }
        // Those that are hashed alike share a query.
        let likeness = |(piece, _): &(Piece, u64)| {
            let recipe = self.subjects[piece.subject].recipe.as_ref();
            recipe.and_then(Recipe::on_the_server).map(RowHash::likeness)
        };
        small.sort_by_cached_key(likeness);
        let (mut pieces, mut weight) = (Vec::new(), 0);
        let all = small.len();
        let mut most = self.most_together(all);
        for (n, (piece, bytes)) in small.into_iter().enumerate() {
            if pieces.len() == most || weight + bytes > FIRST_BYTES {
                let pieces = std::mem::take(&mut pieces);
                self.ready.push_back(Work { pieces, attempt: 0 });
                weight = 0;
                most = self.most_together(all - n);
            }
            weight += bytes;
            pieces.push(piece);
        }
        self.ready.push_back(Work { pieces, attempt: 0 });
        self.ready.retain(|work| !work.pieces.is_empty());
    }

    /// How many of the small relations that are left share the next statement. Towards the end they get fewer, so that
    /// nobody waits long for who has the last one.
    fn most_together(&self, left: usize) -> usize {
        if self.readers < 2 {
            return STATEMENT_PIECES;
        }
        let share = usize::try_from((left as u64).div_ceil(2 * self.readers));
        share.unwrap_or(STATEMENT_PIECES).clamp(STATEMENT_PIECES / 8, STATEMENT_PIECES)
    }

    /// Puts the pieces with young rows into the queue again, for the closer look.
    fn look_closer(&mut self) {
        self.stage = Stage::Detail;
        let young = std::mem::take(&mut self.young);
        let young = young.into_iter().filter(|p| self.seen[p.subject].failure.is_none());
        let (mut alone, mut together) = (Vec::new(), Vec::new());
        for piece in young {
            let it = &self.subjects[piece.subject];
            if piece.from == 0 && piece.to.is_none() && it.bytes < FIRST_BYTES / 32 {
                together.push(piece);
            } else {
                alone.push(piece);
            }
        }
        self.ready.extend(alone.into_iter().map(|p| Work { pieces: vec![p], attempt: 0 }));
        let groups = together.chunks(STATEMENT_PIECES / 8);
        self.ready.extend(groups.map(|g| Work { pieces: g.to_vec(), attempt: 0 }));
    }

    /// The next statements; what does not fit one is split here.
    fn take(&mut self, together: usize) -> Job {
        let (mut batch, mut scans, mut details) = (Vec::new(), Vec::new(), Vec::new());
        let mut pieces = 0;
        if self.guard.is_over() {
            return Job::Nothing;
        }
        while batch.len() < together && pieces < CALL_PIECES {
            let Some(mut work) = self.next() else { break };
            work.pieces.retain(|p| self.seen[p.subject].failure.is_none());
            if work.pieces.is_empty() {
                continue;
            }
            if let Some(one) = self.streamed(&work) {
                if batch.is_empty() {
                    return Job::Stream(work, Box::new(one));
                }
                self.ready.push_front(work);
                break;
            }
            let fits = match self.stage {
                Stage::Scan => {
                    let (scan, fits) = self.scan(&work.pieces);
                    scans.push(scan.into());
                    fits
                }
                Stage::Detail => {
                    let (statement, fits) = self.detail(&work.pieces);
                    details.push(statement);
                    fits
                }
            };
            let rest = work.pieces.split_off(fits);
            if !rest.is_empty() {
                self.ready.push_front(Work { pieces: rest, attempt: work.attempt });
            }
            pieces += work.pieces.len();
            batch.push(work);
        }
        match (batch.is_empty(), self.stage) {
            (true, _) => Job::Nothing,
            (false, Stage::Scan) => Job::Ask(batch, Questions::Scans(scans)),
            (false, Stage::Detail) => Job::Ask(batch, Questions::Details(details)),
        }
    }

    /// What is to be streamed for some work, if its relation is.
    fn streamed(&self, work: &Work) -> Option<OnePiece> {
        let ([piece], Stage::Scan) = (work.pieces.as_slice(), self.stage) else { return None };
        let rows = self.subjects[piece.subject].recipe.as_ref()?.here()?;
        let fold = RowFold::new(rows.key, self.against, self.now, rows.columns.len());
        Some(OnePiece { piece: *piece, copy: rows.range(piece.blocks()), fold })
    }

    /// The largest first, so that the readers end together.
    fn next(&mut self) -> Option<Work> {
        while let Some(at) = self
            .cursors
            .iter()
            .enumerate()
            .max_by_key(|(_, c)| c.blocks.saturating_sub(c.next))
            .map(|(at, _)| at)
        {
            let steps = &self.steps;
            let cursor = &mut self.cursors[at];
            cursor.step = steps[cursor.subject];
            if self.readers > 1 {
                // Towards the end the ranges get smaller, so that nobody waits long for who has the last one.
                let left = cursor.blocks.saturating_sub(cursor.next);
                let share = left.div_ceil(2 * self.readers).max(cursor.first.div_ceil(4));
                cursor.step = cursor.step.min(share);
            }
            let subject = cursor.subject;
            let from = cursor.next;
            let end = from.saturating_add(cursor.step);
            let last = end >= cursor.blocks;
            cursor.next = end;
            if last {
                self.cursors.swap_remove(at);
            }
            if self.seen[subject].failure.is_some() {
                continue;
            }
            // The last range is open: the relation may have grown since its size was read.
            let piece = Piece { subject, from, to: (!last).then_some(end) };
            return Some(Work { pieces: vec![piece], attempt: 0 });
        }
        self.ready.pop_front()
    }

    /// The statement that scans pieces, and how many of them it has.
    fn scan(&self, pieces: &[Piece]) -> (RowScan, usize) {
        let mut scan = RowScan::new(self.against.oldest());
        let fits = pieces.iter().take_while(|piece| {
            let it = &self.subjects[piece.subject];
            scan.push(ScannedRange {
                oid: it.oid,
                relation: &it.relation,
                blocks: piece.blocks(),
                hash: it.recipe.as_ref().and_then(Recipe::on_the_server),
            })
        });
        let fits = fits.count();
        (scan, fits)
    }

    /// The statement that looks closer at pieces, and how many of them it has.
    fn detail(&self, pieces: &[Piece]) -> (String, usize) {
        let mut sql = String::new();
        for (number, piece) in pieces.iter().enumerate() {
            let part = self.closer(number + 1, *piece);
            if number > 0 && sql.len() + part.len() + 11 > RowScan::MAX_BYTES {
                return (sql, number);
            }
            if number > 0 {
                sql.push_str("\nunion all\n");
            }
            sql.push_str(&part);
        }
        (sql, pieces.len())
    }

    fn closer(&self, number: usize, piece: Piece) -> String {
        let it = &self.subjects[piece.subject];
        let later = self.against.is_later();
        let newer = if later { self.against.newer() } else { "false".to_owned() };
        let hash = it.recipe.as_ref().and_then(Recipe::on_the_server).filter(|_| later);
        let values = [
            ("piece", number.to_string()),
            ("oid", it.oid.to_string()),
            ("relation", it.name.clone()),
            ("range", within(piece, " where ")),
            (
                "sum",
                hash.map_or_else(
                    || "null".to_owned(),
                    |h| format!("{} filter (where not {newer})", h.sum()),
                ),
            ),
            ("recent", self.against.recent()),
            ("newer", newer),
        ];
        fill(DETAIL, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
    }

    fn settle(&mut self, work: Work, folded: Result<(), Unread>, took: Duration) {
        let Err(unread) = folded else {
            self.pace(&work, took);
            return;
        };
        tracing::debug!(pieces = work.pieces.len(), reason = %unread.reason, "not read");
        match unread.kind {
            UnreadKind::Ended if work.attempt < ATTEMPTS => {
                self.ready.push_back(Work { attempt: work.attempt + 1, ..work });
            }
            UnreadKind::TimedOut if self.split(&work) => {}
            _ if work.pieces.len() > 1 => {
                // One relation that can't be read must not cover up the others of its group.
                let alone = work.pieces.into_iter().map(|p| Work { pieces: vec![p], attempt: 1 });
                self.ready.extend(alone);
            }
            UnreadKind::InTheWay if work.attempt < ATTEMPTS => {
                self.ready.push_back(Work { attempt: work.attempt + 1, ..work });
            }
            _ => {
                let Some(piece) = work.pieces.first().copied() else { return };
                let it = &mut self.subjects[piece.subject];
                let seen = &mut self.seen[piece.subject];
                if it.recipe.take().is_some() {
                    // Lineage may still be had.
                    seen.no_digest = Some(unread.reason);
                    self.ready.push_back(Work { pieces: vec![piece], attempt: 0 });
                } else {
                    seen.failure = Some(unread.reason);
                }
            }
        }
    }

    /// Splits what took too long; whether there was something to split.
    fn split(&mut self, work: &Work) -> bool {
        if let [piece] = work.pieces.as_slice() {
            let it = &self.subjects[piece.subject];
            let end = piece.to.unwrap_or(it.blocks.max(piece.from + 1));
            let middle = piece.from + (end - piece.from) / 2;
            self.steps[piece.subject] = (self.steps[piece.subject] / 4).max(1);
            if middle == piece.from {
                return false;
            }
            let first = Piece { to: Some(middle), ..*piece };
            let second = Piece { from: middle, ..*piece };
            for piece in [second, first] {
                self.ready.push_front(Work { pieces: vec![piece], attempt: 0 });
            }
            return true;
        }
        let (first, second) = work.pieces.split_at(work.pieces.len() / 2);
        for half in [second, first] {
            self.ready.push_front(Work { pieces: half.to_vec(), attempt: 0 });
        }
        true
    }

    /// Sizes the next range of a relation by how long this one took.
    fn pace(&mut self, work: &Work, took: Duration) {
        let [piece] = work.pieces.as_slice() else { return };
        let Some(to) = piece.to else { return };
        let blocks = to.saturating_sub(piece.from);
        if self.stage == Stage::Scan && self.steps[piece.subject] > 0 {
            self.steps[piece.subject] = paced(blocks, took, self.slice);
        }
    }

    fn fold(&mut self, work: &Work, reading: &Reading) -> Result<(), String> {
        if reading.truncated || reading.rows.len() != work.pieces.len() {
            return Err("the answer has an unexpected number of rows".to_owned());
        }
        let mut answers: BTreeMap<usize, &[Value]> = BTreeMap::new();
        for row in &reading.rows {
            let number = row.first().and_then(Value::as_integer);
            let number = number.and_then(|n| usize::try_from(n).ok()).ok_or(SHAPE)?;
            answers.insert(number, row);
        }
        let rows: Vec<(Piece, &[Value])> = work
            .pieces
            .iter()
            .enumerate()
            .map(|(n, piece)| answers.get(&(n + 1)).map(|row| (*piece, *row)).ok_or(SHAPE))
            .collect::<Result<_, _>>()?;
        for (piece, row) in rows {
            match self.stage {
                Stage::Scan => self.fold_scan(piece, row)?,
                Stage::Detail => self.fold_detail(piece, row)?,
            }
        }
        Ok(())
    }

    /// A streamed piece has been looked at as closely as there is: each row came with its transaction.
    fn fold_stream(&mut self, piece: Piece, streamed: Streamed) -> Result<(), String> {
        let Streamed { fold, filenode } = streamed;
        let folded = fold.end()?;
        if !self.is_the_same_file(piece, filenode) {
            return Ok(());
        }
        let seen = &mut self.seen[piece.subject];
        seen.rows += folded.rows;
        seen.newer += folded.newer;
        seen.recent += folded.recent;
        seen.recent_xids = seen.recent_xids.plus(folded.recent_xids);
        seen.sum = seen.sum.plus(folded.sum);
        seen.of_entry = seen.of_entry.plus(folded.of_entry);
        let range = RangeState {
            from: piece.from,
            to: piece.to,
            rows: folded.rows,
            newer: self.against.is_later().then_some(folded.newer),
            sum: Some(folded.sum),
        };
        seen.pieces.push((piece, range));
        Ok(())
    }

    fn fold_scan(&mut self, piece: Piece, row: &[Value]) -> Result<(), String> {
        let [_, Value::Integer(rows), Value::Bool(young), filenode, sum, columns] = row else {
            return Err(SHAPE.to_owned());
        };
        if !self.is_the_same_file(piece, filenode.as_integer()) {
            return Ok(());
        }
        let rows = count(*rows)?;
        let it = &self.subjects[piece.subject];
        let seen = &mut self.seen[piece.subject];
        let mut range = RangeState {
            from: piece.from,
            to: piece.to,
            rows,
            newer: self.against.is_later().then_some(0),
            sum: None,
        };
        if let Some(recipe) = &it.recipe {
            let sum = hash_sum(sum)?;
            if let Value::Text(text) = columns {
                let own = recipe.read_columns(text)?;
                seen.columns.resize(own.len(), HashSum::default());
                for (all, own) in seen.columns.iter_mut().zip(own) {
                    *all = all.plus(own);
                }
            }
            seen.sum = seen.sum.plus(sum);
            range.sum = Some(sum);
            if !young {
                seen.of_entry = seen.of_entry.plus(sum);
            }
        }
        seen.rows += rows;
        seen.pieces.push((piece, range));
        if *young {
            self.young.push(piece);
        }
        Ok(())
    }

    fn fold_detail(&mut self, piece: Piece, row: &[Value]) -> Result<(), String> {
        let [_, Value::Integer(newer), Value::Integer(recent), xids, filenode, sum] = row else {
            return Err(SHAPE.to_owned());
        };
        if !self.is_the_same_file(piece, filenode.as_integer()) {
            return Ok(());
        }
        let (newer, recent, xids) = (count(*newer)?, count(*recent)?, hash_sum(xids)?);
        let seen = &mut self.seen[piece.subject];
        if self.subjects[piece.subject].recipe.is_some() && self.against.is_later() {
            seen.of_entry = seen.of_entry.plus(hash_sum(sum)?);
        }
        seen.newer += newer;
        seen.recent += recent;
        seen.recent_xids = seen.recent_xids.plus(xids);
        // A piece that was split for this look is a part of the one that was scanned.
        let holds = |p: &Piece| p.from <= piece.from && p.to.is_none_or(|end| piece.from < end);
        if let Some((_, range)) = seen.pieces.iter_mut().find(|(p, _)| holds(p)) {
            range.newer = range.newer.map(|n| n + newer);
        }
        Ok(())
    }

    /// An older snapshot sees a relation that was truncated since as empty, and one that was rewritten in
    /// other places. Both give it another file.
    fn is_the_same_file(&mut self, piece: Piece, filenode: Option<i64>) -> bool {
        let same = filenode == Some(self.subjects[piece.subject].filenode);
        if !same {
            self.seen[piece.subject].failure.get_or_insert_with(|| {
                "it was truncated, rewritten or dropped while the snapshot was read; run again"
                    .to_owned()
            });
        }
        same
    }

    /// Names what was left.
    fn give_up(&mut self) {
        let why = self.guard.why_over().unwrap_or_else(|| {
            "every connection was lost before it was read; run again".to_owned()
        });
        let left = self.ready.drain(..).flat_map(|work| work.pieces).map(|p| p.subject);
        let left: Vec<usize> = left.chain(self.cursors.drain(..).map(|c| c.subject)).collect();
        for subject in left {
            self.seen[subject].failure.get_or_insert_with(|| why.clone());
        }
    }
}

fn count(n: i64) -> Result<u64, String> {
    u64::try_from(n).map_err(|_| "a count is negative".to_owned())
}

fn hash_sum(value: &Value) -> Result<HashSum, String> {
    match value {
        // The sum over no rows.
        Value::Null => Ok(HashSum::default()),
        other => other.to_string().parse().map_err(|_| "a sum of hashes is no number".to_owned()),
    }
}

/// How many blocks would take as long as a slice should; never a jump, because what comes next may be
/// different.
fn paced(blocks: u64, took: Duration, slice: Duration) -> u64 {
    let ratio = slice.as_secs_f64() / took.as_secs_f64().max(0.000_1);
    let ratio = ratio.clamp(0.25, 4.0);
    // Fits: a relation has less than 2³² blocks.
    ((blocks as f64 * ratio) as u64).max(1)
}

/// The condition that a row lies in a piece.
pub(crate) fn within(piece: Piece, before: &str) -> String {
    match piece.blocks() {
        Blocks::ALL => String::new(),
        blocks => format!("{before}{blocks}"),
    }
}

/// The ranges of a relation for a snapshot: in the order of their blocks, and added up to an earlier
/// snapshot's where there are any.
pub(crate) fn ranges(seen: &Seen, earlier: &[RangeState]) -> Vec<RangeState> {
    let mut ranges: Vec<RangeState> = seen.pieces.iter().map(|(_, range)| *range).collect();
    ranges.sort_by_key(|range| range.from);
    if earlier.is_empty() {
        let keeps = ranges.len() > 1 && ranges.len() <= KEPT_RANGES;
        return if keeps { ranges } else { Vec::new() };
    }
    let inside = |outer: &RangeState, r: &RangeState| {
        r.from >= outer.from && outer.to.is_none_or(|end| r.from < end)
    };
    let added = |outer: &RangeState| {
        let mut sum =
            RangeState { rows: 0, newer: Some(0), sum: outer.sum.map(|_| HashSum(0)), ..*outer };
        for r in ranges.iter().filter(|r| inside(outer, r)) {
            sum.rows += r.rows;
            sum.newer = sum.newer.zip(r.newer).map(|(a, b)| a + b);
            sum.sum = sum.sum.zip(r.sum).map(|(a, b)| a.plus(b));
        }
        sum
    };
    earlier.iter().map(added).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clonegate_model::{DigestKey, Horizon, StreamKey};
    use clonegate_sql::OwnSums;
    use futures_util::FutureExt as _;
    use proptest::prelude::*;

    use super::*;
    use crate::plan::LoadLimits;

    /// A server on which each block has one row, and whose statements fail as told.
    #[derive(Clone, Default)]
    struct Fake {
        /// Blocks of each relation, by its OID.
        blocks: BTreeMap<u32, u64>,
        /// A statement over more blocks takes too long.
        most: u64,
        locked: BTreeSet<u32>,
        without_digest: BTreeSet<u32>,
        /// It streams nothing.
        dry: bool,
        rewritten: BTreeSet<u32>,
        /// How many statements until the connection is lost.
        lives: Option<usize>,
        together: usize,
        asked: usize,
        streamed: usize,
    }

    fn number_behind(text: &str, before: &str) -> Option<u64> {
        let at = text.find(before)? + before.len();
        let digits: String = text[at..].chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    }

    impl Fake {
        fn answer(&mut self, sql: &str) -> Result<Reading, Unread> {
            assert!(sql.len() <= RowScan::MAX_BYTES, "{} bytes", sql.len());
            let unread = |kind| Err(Unread { kind, reason: format!("{kind:?}") });
            if let Some(lives) = &mut self.lives {
                if *lives == 0 {
                    return unread(UnreadKind::Ended);
                }
                *lives -= 1;
            }
            let (mut rows, mut read) = (Vec::new(), 0);
            let list = &sql[sql.find("unnest('{").unwrap() + 9..];
            let oids: Vec<u32> = list[..list.find('}').unwrap()]
                .split(',')
                .map(|oid| oid.parse().unwrap())
                .collect();
            let parts = &sql[sql.find("left join (").unwrap()..];
            let mut numbers = Vec::new();
            for part in parts.split("\nunion all\n") {
                let own = &part[part.rfind("select ").unwrap()..];
                let piece = number_behind(own, "select ").unwrap();
                numbers.push(piece);
                let oid = oids[piece as usize - 1];
                assert!(own.contains(&format!("from only \"public\".\"t{oid}\" as t")), "{own}");
                let from = number_behind(part, "ctid operator(pg_catalog.>=) '(").unwrap_or(0);
                let end = number_behind(part, "ctid operator(pg_catalog.<) '(").unwrap_or(u64::MAX);
                let blocks = end.min(self.blocks[&oid]).saturating_sub(from);
                read += blocks;
                let digest = own.contains("row(");
                if self.locked.contains(&oid) {
                    return unread(UnreadKind::InTheWay);
                }
                if digest && self.without_digest.contains(&oid) {
                    return unread(UnreadKind::Refused);
                }
                let filenode = i64::from(oid) + i64::from(self.rewritten.contains(&oid));
                let sum = if digest { Value::Integer(blocks as i64 * 3) } else { Value::Null };
                rows.push(vec![
                    Value::Integer(piece as i64),
                    Value::Integer(blocks as i64),
                    Value::Bool(false),
                    Value::Integer(filenode),
                    sum,
                    Value::Null,
                ]);
            }
            assert!(numbers.into_iter().eq(1..=oids.len() as u64));
            if read > self.most {
                return unread(UnreadKind::TimedOut);
            }
            // A union may come in any order.
            rows.reverse();
            Ok(Reading { columns: Vec::new(), rows, truncated: false })
        }
    }

    impl Reader for Fake {
        async fn read(&mut self, statements: &[String]) -> Vec<Result<Reading, Unread>> {
            self.asked += statements.len();
            statements.iter().map(|sql| self.answer(sql)).collect()
        }
        async fn stream(&mut self, copy: RangeCopy, mut fold: RowFold) -> Result<Streamed, Unread> {
            let unread = |kind| Unread { kind, reason: format!("{kind:?}") };
            let from = number_behind(copy.as_sql(), "(pg_catalog.>=) '(").unwrap();
            let end = number_behind(copy.as_sql(), "(pg_catalog.<) '(").unwrap_or(u64::MAX);
            let blocks = end.min(self.blocks[&copy.oid()]).saturating_sub(from);
            self.streamed += 1;
            if self.dry || blocks > self.most {
                let kind = if self.dry { UnreadKind::Refused } else { UnreadKind::TimedOut };
                return Err(unread(kind));
            }
            // One row without columns a block, written by transaction 5.
            let mut bytes = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
            for _ in 0..blocks {
                bytes.extend([0, 1, 0, 0, 0, 4, 0, 0, 0, 5]);
            }
            bytes.extend([0xff; 2]);
            fold.take(&bytes).unwrap();
            let filenode = i64::from(copy.oid()) + i64::from(self.rewritten.contains(&copy.oid()));
            Ok(Streamed { fold, filenode: Some(filenode) })
        }
        async fn wait(&mut self, _: Duration) {}
        fn together(&self) -> usize {
            self.together.max(1)
        }
    }

    fn subjects(blocks: &BTreeMap<u32, u64>) -> Vec<Subject> {
        let subject = |(oid, blocks): (&u32, &u64)| Subject {
            oid: *oid,
            name: format!("public.t{oid}"),
            relation: format!("public.t{oid}").parse().unwrap(),
            blocks: *blocks,
            bytes: blocks * 8192,
            filenode: i64::from(*oid),
            recipe: Some(Recipe::new(&[], DigestKey(1), OwnSums::No).unwrap()),
            ranges: Vec::new(),
        };
        blocks.iter().map(subject).collect()
    }

    fn read(readers: &mut [Fake], budget: Duration) -> Vec<Seen> {
        let subjects = subjects(&readers[0].blocks.clone());
        read_subjects(readers, subjects, budget)
    }

    /// With the digests of every other relation streamed.
    fn read_streamed(readers: &mut [Fake]) -> Vec<Seen> {
        let mut subjects = subjects(&readers[0].blocks.clone());
        for it in subjects.iter_mut().filter(|it| it.oid % 2 == 0) {
            let recipe = Recipe::streamed(it.oid, &it.relation, &[], StreamKey([3; 32]));
            it.recipe = Some(recipe.unwrap());
        }
        read_subjects(readers, subjects, HOUR)
    }

    fn read_subjects(
        readers: &mut [Fake],
        mut subjects: Vec<Subject>,
        budget: Duration,
    ) -> Vec<Seen> {
        let horizon: Horizon = "10:10:".parse().unwrap();
        let limits = LoadLimits { active_sessions: None, ..LoadLimits::default() };
        let guard = Guard::new(limits, budget);
        let slice = Duration::from_millis(500);
        let against = Against::Itself(&horizon);
        let scan = Scan::new(readers.len(), &mut subjects, against, &horizon, slice, guard);
        for reader in readers {
            scan.work(reader).now_or_never().expect("nothing is waited for");
        }
        scan.end()
    }

    const HOUR: Duration = Duration::from_secs(3600);

    proptest! {
        #[test]
        fn every_block_is_read_once_however_often_it_takes_too_long(
            sizes in proptest::collection::vec(0_u64..9_000, 1..40),
            most in 40_u64..5_000,
            together in 1_usize..20,
        ) {
            let blocks: BTreeMap<u32, u64> = (1..).zip(sizes).collect();
            let fake = Fake { blocks: blocks.clone(), most, together, ..Fake::default() };
            for (seen, blocks) in read(&mut [fake], HOUR).iter().zip(blocks.values()) {
                prop_assert_eq!(&seen.failure, &None);
                prop_assert_eq!(seen.rows, *blocks);
                prop_assert_eq!(seen.sum, HashSum(i128::from(*blocks) * 3));
                let mut ranges: Vec<RangeState> = seen.pieces.iter().map(|(_, r)| *r).collect();
                ranges.sort_by_key(|r| r.from);
                prop_assert!(ranges[0].from == 0 && ranges[ranges.len() - 1].to.is_none());
                prop_assert!(ranges.windows(2).all(|w| w[0].to == Some(w[1].from)));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn every_block_is_streamed_once_however_often_it_takes_too_long(
            sizes in proptest::collection::vec(0_u64..5_000, 1..6),
            most in 40_u64..2_500,
            together in 1_usize..20,
        ) {
            let blocks: BTreeMap<u32, u64> = (1..).zip(sizes).collect();
            let one = Fake { blocks: [(2, 1)].into(), most: 9, ..Fake::default() };
            let row = read_streamed(&mut [one])[0].sum;
            let fake = Fake { blocks: blocks.clone(), most, together, ..Fake::default() };
            let mut readers = [fake];
            let seen = read_streamed(&mut readers);
            prop_assert_eq!(readers[0].streamed > 0, blocks.len() > 1);
            for (seen, (oid, blocks)) in seen.iter().zip(&blocks) {
                prop_assert_eq!(&seen.failure, &None);
                prop_assert_eq!(&seen.no_digest, &None);
                prop_assert_eq!(seen.rows, *blocks);
                let of_a_row = if oid % 2 == 0 { row.0 } else { 3 };
                prop_assert_eq!(seen.sum.0, of_a_row.wrapping_mul(i128::from(*blocks)));
                let parts = seen.pieces.iter().filter_map(|(_, range)| range.sum);
                prop_assert_eq!(parts.fold(HashSum(0), HashSum::plus), seen.sum);
            }
        }
    }

    #[test]
    fn what_can_not_be_streamed_is_named_and_its_lineage_had_all_the_same() {
        let seen = read_streamed(&mut [Fake { dry: true, ..three() }]);
        assert_eq!((seen[1].rows, seen[1].no_digest.as_deref()), (10, Some("Refused")));
        assert_eq!((seen[0].no_digest.as_deref(), seen[2].no_digest.as_deref()), (None, None));
        let mut fake = three();
        fake.rewritten.insert(2);
        let seen = read_streamed(&mut [fake]);
        assert!(seen[1].failure.as_ref().is_some_and(|why| why.contains("rewritten")));
    }

    fn three() -> Fake {
        Fake { blocks: [(1, 10), (2, 10), (3, 30_000)].into(), most: 1 << 40, ..Fake::default() }
    }

    #[test]
    fn what_fails_is_named_and_covers_up_nothing_else() {
        let mut fake = three();
        fake.locked.insert(1);
        fake.without_digest.insert(2);
        fake.rewritten.insert(3);
        let seen = read(&mut [fake], HOUR);
        assert_eq!(seen[0].failure.as_deref(), Some("InTheWay"));
        assert_eq!(
            (seen[1].failure.as_deref(), seen[1].no_digest.as_deref()),
            (None, Some("Refused"))
        );
        assert_eq!(seen[1].rows, 10, "its lineage is had all the same");
        assert!(seen[2].failure.as_ref().is_some_and(|why| why.contains("rewritten")));
    }

    #[test]
    fn a_lost_connections_work_is_done_by_another_or_named() {
        let lost = Fake { lives: Some(1), ..three() };
        let seen = read(&mut [lost.clone(), three()], HOUR);
        assert!(seen.iter().all(|s| s.failure.is_none()) && seen[2].rows == 30_000);
        let seen = read(&mut [lost], HOUR);
        assert!(seen[2].failure.as_ref().is_some_and(|why| why.contains("lost")));
    }

    #[test]
    fn where_several_read_the_last_ranges_are_small() {
        let largest_of_the_last = |readers: &mut [Fake]| {
            let seen = read(readers, HOUR);
            let mut froms: Vec<u64> = seen[2].pieces.iter().map(|(p, _)| p.from).collect();
            froms.sort_unstable();
            30_000 - froms[froms.len() - 2]
        };
        let first = FIRST_BYTES / 8192;
        assert!(largest_of_the_last(&mut [three()]) > 4 * first);
        assert!(largest_of_the_last(&mut [three(), three()]) <= 2 * first);
    }

    #[test]
    fn what_the_budget_leaves_is_named() {
        let seen = read(&mut [three()], Duration::ZERO);
        assert!(seen.iter().all(|s| s.failure.as_ref().is_some_and(|why| why.contains("budget"))));
    }

    #[test]
    fn thousands_of_small_relations_share_a_few_statements() {
        let mut readers = [Fake { blocks: (1..=5000).map(|oid| (oid, 1)).collect(), ..three() }];
        let seen = read(&mut readers, HOUR);
        assert!(seen.iter().all(|s| s.rows == 1));
        assert!(readers[0].asked < 60, "{}", readers[0].asked);
        let mut readers =
            [0, 1].map(|_| Fake { blocks: (1..=5000).map(|oid| (oid, 1)).collect(), ..three() });
        let seen = read(&mut readers, HOUR);
        assert!(seen.iter().all(|s| s.rows == 1));
        let asked = readers.iter().map(|r| r.asked).sum::<usize>();
        assert!(asked > 25 && asked < 70, "{asked}");
    }

    #[test]
    fn ranges_follow_the_time_and_never_jump() {
        let slice = Duration::from_millis(500);
        assert_eq!(paced(100, Duration::from_millis(250), slice), 200);
        assert_eq!(paced(100, Duration::from_millis(1), slice), 400);
        assert_eq!(paced(100, Duration::from_secs(5), slice), 25);
        assert_eq!(paced(1, Duration::from_secs(5), slice), 1);
    }

    #[test]
    fn ranges_add_up_to_those_of_entry() {
        let range = |from, to, rows| RangeState { from, to, rows, newer: Some(0), sum: None };
        let piece = |r: RangeState| (Piece { subject: 0, from: r.from, to: r.to }, r);
        let parts = [range(10, None, 5), range(4, Some(10), 2), range(0, Some(4), 1)];
        let seen = Seen { pieces: parts.map(piece).to_vec(), ..Seen::default() };
        assert_eq!(ranges(&seen, &[]).iter().map(|r| r.rows).collect::<Vec<_>>(), [1, 2, 5]);
        let entry = [range(0, Some(10), 9), range(10, None, 9)];
        assert_eq!(ranges(&seen, &entry).iter().map(|r| r.rows).collect::<Vec<_>>(), [3, 5]);
    }
}
