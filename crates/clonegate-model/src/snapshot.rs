//! A snapshot: everything recorded about one database at one phase.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Attributes, CheckId, DatabaseName, Lane, Phase, Reading, RunId, Target};

/// The format of [`Snapshot`] that this version writes and reads.
pub const SNAPSHOT_FORMAT: u32 = 5;

/// Everything recorded about one database at one phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// [`SNAPSHOT_FORMAT`]; a reader checks it before it trusts the rest.
    pub format: u32,
    /// The run that took it.
    pub run: RunId,
    /// Which database.
    pub target: Target,
    /// At which phase. A snapshot that no gate took is an entry, or an exit if it was read against an
    /// earlier one.
    pub phase: Phase,
    /// The earlier snapshot against whose horizon newer rows were counted; `None` at entry itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    /// When the first question was asked, by the clock of the machine that asked.
    pub begun_at: Timestamp,
    /// When the last answer was there.
    pub ended_at: Timestamp,
    /// Which server and database it was.
    pub identity: Identity,
    /// The answers to the profile's checks.
    pub readings: Vec<ReadingTaken>,
    /// Which transactions had completed.
    pub horizon: Horizon,
    /// What must be the same at exit for an equal horizon to mean equal rows; `None` on a standby, and
    /// where it can't be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<Anchor>,
    /// Every relation that holds rows.
    pub relations: Vec<RelationState>,
    /// Every sequence.
    pub sequences: Vec<SequenceState>,
    /// Every definition.
    pub catalog: Vec<CatalogObject>,
    /// Other sessions on the database, the run's own subtracted.
    pub activity: Vec<SessionState>,
    /// What was covered by which witness, and what was not, and why.
    pub coverage: Vec<Coverage>,
    /// What the run's own sessions did to this database while it was taken.
    pub footprint: Footprint,
    /// The key of the digests. Digests of two snapshots say something about each other only if they have
    /// the same.
    pub digest_key: DigestKey,
    /// Where the write-ahead log was, and at exit what was written since entry; `None` where the wal
    /// witness was not asked for or could not be taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wal: Option<Wal>,
}

/// An earlier snapshot, as a later one names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// The run that took it.
    pub run: RunId,
    /// Its phase.
    pub phase: Phase,
    /// Its horizon.
    pub horizon: Horizon,
}

impl Since {
    /// How a later snapshot names this one.
    #[must_use]
    pub fn of(earlier: &Snapshot) -> Self {
        Self { run: earlier.run.clone(), phase: earlier.phase, horizon: earlier.horizon.clone() }
    }
}

/// Which server and database answered. Two snapshots are comparable only if these agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `current_catalog`, which no search path can shadow.
    pub database: DatabaseName,
    /// `pg_database.oid`: a database that was dropped and made again has another.
    pub database_oid: u32,
    /// The role that asked.
    pub role: String,
    /// `pg_control_system()`'s identifier: equal within a cluster and for physical copies of it.
    pub system_identifier: String,
    /// `pg_postmaster_start_time()`, as the server prints it in UTC.
    pub postmaster_start: String,
    /// `server_version`, for people.
    pub server_version: String,
    /// `server_version_num`, for comparisons: 150018 is 15.18.
    pub server_version_num: u32,
    /// Whether the server is a standby.
    pub in_recovery: bool,
}

impl Identity {
    /// Whether both are the same database of the same cluster; the server may have been restarted.
    #[must_use]
    pub fn is_same_database(&self, other: &Identity) -> bool {
        self.database == other.database
            && self.database_oid == other.database_oid
            && self.system_identifier == other.system_identifier
    }
}

/// The answer to one check, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingTaken {
    /// Which check.
    pub check: CheckId,
    /// The answer.
    #[serde(flatten)]
    pub taken: Taken,
}

/// An answer, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Taken {
    /// The answer.
    Reading(Reading),
    /// Why there is none: never carries data of the database.
    Failure(String),
}

impl Taken {
    /// As a result.
    ///
    /// # Errors
    /// The reason why there is no answer.
    pub fn as_result(&self) -> Result<&Reading, &str> {
        match self {
            Taken::Reading(reading) => Ok(reading),
            Taken::Failure(reason) => Err(reason),
        }
    }
}

/// `pg_current_snapshot()`: which transactions of the cluster had completed.
///
/// Equal horizons prove that no transaction with an id completed in between, in any database of
/// the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Horizon {
    /// Every transaction below it had completed.
    pub xmin: u64,
    /// No transaction at or above it had begun to complete.
    pub xmax: u64,
    /// Those between that were still running.
    pub running: Vec<u64>,
}

/// A text that is no `pg_snapshot`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a pg_snapshot (xmin:xmax:running)")]
pub struct ParseHorizonError(String);

impl FromStr for Horizon {
    type Err = ParseHorizonError;
    fn from_str(text: &str) -> Result<Self, ParseHorizonError> {
        let bad = || ParseHorizonError(text.to_owned());
        let mut parts = text.split(':');
        let (Some(xmin), Some(xmax), Some(running), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(bad());
        };
        let id = |t: &str| t.parse::<u64>().map_err(|_| bad());
        let running =
            running.split(',').filter(|t| !t.is_empty()).map(id).collect::<Result<_, _>>()?;
        Ok(Self { xmin: id(xmin)?, xmax: id(xmax)?, running })
    }
}

impl fmt::Display for Horizon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running: Vec<String> = self.running.iter().map(u64::to_string).collect();
        write!(f, "{}:{}:{}", self.xmin, self.xmax, running.join(","))
    }
}

impl TryFrom<String> for Horizon {
    type Error = ParseHorizonError;
    fn try_from(text: String) -> Result<Self, ParseHorizonError> {
        text.parse()
    }
}

impl From<Horizon> for String {
    fn from(horizon: Horizon) -> Self {
        horizon.to_string()
    }
}

/// The database, the server since it was started, and its last checkpoint, in one text.
///
/// Between two snapshots with one anchor the server did not recover from the loss of its memory, and it is no
/// standby.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Anchor(pub String);

impl Anchor {
    /// The timeline of the server's write-ahead log, in hexadecimal digits: promoting a standby begins another, and so
    /// does recovery to a point in time. `None` where the text does not say it.
    #[must_use]
    pub fn timeline(&self) -> Option<&str> {
        self.part("timeline ")
    }

    /// Where the last checkpoint stands in the log, in bytes: a server that goes on never takes an earlier one.
    #[must_use]
    pub fn checkpoint(&self) -> Option<u64> {
        let (high, low) = self.part("checkpoint ")?.split_once('/')?;
        let (high, low) = (u32::from_str_radix(high, 16).ok()?, u32::from_str_radix(low, 16).ok()?);
        Some(u64::from(high) << 32 | u64::from(low))
    }

    fn part(&self, name: &str) -> Option<&str> {
        self.0.split(", ").find_map(|part| part.strip_prefix(name))
    }
}

/// What kind of relation holds rows (`pg_class.relkind`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelationKind {
    /// `r`: a table, or a partition.
    Table,
    /// `m`: a materialized view.
    MaterializedView,
    /// `p`: a partitioned table; its partitions hold the rows.
    PartitionedTable,
    /// `f`: a foreign table; its rows are another server's.
    ForeignTable,
}

impl fmt::Display for RelationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RelationKind::Table => "table",
            RelationKind::MaterializedView => "materialized view",
            RelationKind::PartitionedTable => "partitioned table",
            RelationKind::ForeignTable => "foreign table",
        })
    }
}

/// One relation and what the lineage witness saw in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationState {
    /// Schema and name, quoted as SQL needs them: `public."Order"`.
    pub name: String,
    /// `pg_class.oid`.
    pub oid: u32,
    /// What kind of relation it is.
    pub kind: RelationKind,
    /// `obj_description`, in which a clone's additions carry their marker.
    pub comment: Option<String>,
    /// `None` where lineage could not be taken; [`Snapshot::coverage`] says why. At exit it is entry's where
    /// the horizon proves that no row can have changed; the manifest says of how many.
    pub lineage: Option<Lineage>,
    /// `None` where the digest was not asked for or could not be taken; [`Snapshot::coverage`] says
    /// which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The ranges in which it was read, if there was more than one. At exit they are entry's, so that a
    /// difference has a place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<RangeState>,
    /// Rows that are newer than entry, at most 500 in a snapshot; only ever at exit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub newer_rows: Vec<RowSeen>,
}

/// What a heap scan says about a relation's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// Visible rows.
    pub rows: u64,
    /// Visible rows written after the entry snapshot's horizon; `None` at entry itself.
    pub newer: Option<u64>,
    /// Visible rows among the others whose transaction id is not below the entry snapshot's `xmin`.
    ///
    /// A transaction that was in progress at entry may have written under ids of subtransactions, which
    /// a snapshot does not list; when it commits, such rows join these.
    pub recent: u64,
    /// The sum of the hashes of those rows' transaction ids: rows taking the place of others change it.
    pub recent_xids: HashSum,
}

/// The secret by which the server's hash is seeded, drawn anew for each run: who writes rows before the
/// run can't aim at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestKey(pub i64);

/// A sum of hashes: in 128 bits those of 64 bits are exact, and nothing cancels. Those of a streamed
/// digest have 128 bits themselves, and are added modulo 2¹²⁸.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HashSum(pub i128);

impl HashSum {
    /// With another sum added.
    #[must_use]
    pub fn plus(self, other: HashSum) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

impl FromStr for HashSum {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl TryFrom<String> for HashSum {
    type Error = std::num::ParseIntError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<HashSum> for String {
    fn from(sum: HashSum) -> Self {
        sum.to_string()
    }
}

impl fmt::Display for HashSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a relation's rows contain, whatever their order and place.
///
/// Each row is written out in the types' binary form, which tells apart whatever the type tells apart
/// (`-0` and `0`, `1.0` and `1.00`, NULL and `''`), and hashed; the hashes are summed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// Rows.
    pub rows: u64,
    /// The sum of their hashes.
    pub sum: HashSum,
    /// At exit, the sum over those rows that are not newer than entry: growth leaves it as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_entry: Option<HashSum>,
    /// The sum of each column's own hashes, by the column's name; only of small relations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, HashSum>,
    /// Which columns went in, and how: two digests say something about each other only if this is equal.
    pub recipe: String,
    /// Whether another database, on whatever server, could give the same.
    pub comparable: Comparable,
    /// Where the rows were hashed, and by which key if it is not the snapshot's.
    #[serde(default)]
    pub lane: Lane,
}

/// With what a digest can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparable {
    /// With any database: nothing in it is a database's own.
    AnyServer,
    /// Only with the same database at another time, or a physical copy of it: it contains type OIDs.
    SameDatabase,
}

/// What was seen in a range of a relation's blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeState {
    /// Its first block.
    pub from: u64,
    /// The first block behind it; `None` is the relation's end, wherever that is.
    pub to: Option<u64>,
    /// Visible rows.
    pub rows: u64,
    /// Rows that are newer than entry; `None` at entry.
    pub newer: Option<u64>,
    /// The sum of the rows' hashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sum: Option<HashSum>,
}

/// A row that is newer than entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowSeen {
    /// Its `ctid`.
    pub place: String,
    /// Its `xmin`: the transaction that wrote it.
    pub xid: u32,
    /// When that transaction committed; `None` without `track_commit_timestamp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committed_at: Option<String>,
    /// Its primary key; `None` where there is none, or where values are not to be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// What the write-ahead log says (`pg_walinspect`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wal {
    /// Where it was when the snapshot was taken (`pg_lsn`).
    pub at: String,
    /// At exit, what was written since entry, by database and relation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_entry: Option<Vec<WalWrites>>,
}

/// Records of one kind that touched one relation.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WalWrites {
    /// `pg_database.oid`; 0 is the cluster's shared catalogs.
    pub database: u32,
    /// `pg_class.relfilenode`.
    pub filenode: u32,
    /// The relation of this database that has that file at exit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// Resource manager and record type, for instance `Heap/INSERT`.
    pub kind: String,
    /// How many.
    pub records: u64,
}

/// One sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceState {
    /// Schema and name, quoted as SQL needs them.
    pub name: String,
    /// `last_value`.
    pub last_value: i64,
    /// `is_called`.
    pub is_called: bool,
}

/// One definition in the catalog, normalised: without OIDs, counters and planner statistics.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CatalogObject {
    /// What it is: `table`, `column`, `function`, `role`.
    pub class: String,
    /// Its name, unique within its class.
    pub identity: String,
    /// Its definition, attribute by attribute.
    pub attributes: Attributes,
}

/// Somebody else's session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionState {
    /// The backend's process id.
    pub pid: i64,
    /// The role.
    pub role: String,
    /// `application_name`.
    pub application: String,
    /// `state`, `None` where this role may not see it.
    pub state: Option<String>,
}

/// One independent proof that a database did not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Witness {
    /// Is `pg_current_snapshot()` the same?
    Horizon,
    /// Are all definitions the same?
    Catalog,
    /// Same count, and no row newer than entry?
    Lineage,
    /// Are the contents equal bit for bit?
    Digest,
    /// Did any WAL record touch this database?
    Wal,
    /// Is every sequence where it was?
    Sequence,
    /// Does the profile's own check still read the same?
    Check,
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Witness::Horizon => "horizon",
            Witness::Catalog => "catalog",
            Witness::Lineage => "lineage",
            Witness::Digest => "digest",
            Witness::Wal => "wal",
            Witness::Sequence => "sequence",
            Witness::Check => "check",
        })
    }
}

/// One line of the coverage manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// What: a relation's or sequence's name, a catalog class, or a group of them.
    pub subject: String,
    /// By which witness.
    pub witness: Witness,
    /// Whether it was.
    #[serde(flatten)]
    pub covered: Covered,
}

/// Whether a witness covered its subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "covered", content = "detail")]
pub enum Covered {
    /// It did; the text counts what.
    Yes(String),
    /// It did not and that leaves a hole: the verdict can't be PASS unless the profile waives it.
    Gap(String),
    /// It did not, and that leaves no hole: another witness has it, or there is nothing to see.
    NotNeeded(String),
}

/// What the run's own sessions did to a database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// Transactions opened.
    pub transactions: u64,
    /// Transactions of which it was asserted, before their ROLLBACK, that they had no
    /// transaction id.
    pub asserted_without_xid: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_horizon_reads_as_postgres_writes_it() {
        for text in ["10:20:10,14,15", "776:776:"] {
            assert_eq!(text.parse::<Horizon>().unwrap().to_string(), text);
        }
        for text in ["", "1:2", "a:b:", "1:2:3:4"] {
            assert!(text.parse::<Horizon>().is_err(), "{text}");
        }
    }
}
