//! What can be said of two snapshots, or of two databases.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Coverage, Covered, DatabaseName, Disposition, Finding, Horizon, RowSeen, RunId, Snapshot,
    Target, Verdict, Witness,
};

/// The format of [`Differences`] that this version writes.
pub const DIFFERENCES_FORMAT: u32 = 1;

/// What can be said of two snapshots, or of two databases: what differs, and what could not be
/// established. Equal is what remains when neither has anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Differences {
    /// [`DIFFERENCES_FORMAT`].
    pub format: u32,
    /// The earlier snapshot, or production.
    pub first: Side,
    /// The later snapshot, or the clone.
    pub second: Side,
    /// PASS is equal, FAIL is different, INCONCLUSIVE is what could not be established.
    pub verdict: Verdict,
    /// Why the two can't be compared at all; then there is nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_comparable: Option<String>,
    /// What was compared.
    pub compared: Compared,
    /// What differs, what nothing explains first.
    pub findings: Vec<Located>,
    /// How many more findings there are than are listed.
    pub findings_left_out: u64,
    /// What could not be established.
    pub not_established: Vec<NotEstablished>,
    /// How many more of these there are than are listed.
    pub not_established_left_out: u64,
    /// What could not be established and is waived by the profile, with its reason.
    pub waived: Vec<String>,
    /// What was not compared because it is expected to differ, by name and with the reason.
    pub left_out: Vec<String>,
}

/// One of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The run that read it.
    pub run: RunId,
    /// Which of the profile's databases.
    pub target: Target,
    /// Its name.
    pub database: DatabaseName,
    /// Its server.
    pub system_identifier: String,
    /// Its server's version.
    pub server_version: String,
    /// When reading it began.
    pub begun_at: Timestamp,
    /// When it had been read.
    pub ended_at: Timestamp,
    /// Which transactions had completed.
    pub horizon: Horizon,
}

impl Side {
    /// What a comparison says of a snapshot.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        Self {
            run: snapshot.run.clone(),
            target: snapshot.target,
            database: snapshot.identity.database.clone(),
            system_identifier: snapshot.identity.system_identifier.clone(),
            server_version: snapshot.identity.server_version.clone(),
            begun_at: snapshot.begun_at,
            ended_at: snapshot.ended_at,
            horizon: snapshot.horizon.clone(),
        }
    }
}

/// How much was compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Definitions.
    pub definitions: u64,
    /// Relations of whose rows something was established: that they are the same, or that they differ.
    pub relations: u64,
    /// The rows of these, in the second.
    pub rows: u64,
    /// Sequences.
    pub sequences: u64,
}

/// A finding and the place of the difference, where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    /// What differs.
    #[serde(flatten)]
    pub finding: Finding,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// Where the rows of a relation differ: its ranges, its rows, its columns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The ranges of blocks in which something differs, where the relation was read in more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<RangeChange>,
    /// Rows that are newer, as many as the snapshot has of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowSeen>,
    /// How many rows are newer in all.
    #[serde(default)]
    pub newer: u64,
    /// Columns whose contents differ, where that is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
}

impl Place {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_nowhere(&self) -> bool {
        self.ranges.is_empty() && self.rows.is_empty() && self.columns.is_empty()
    }
}

/// What differs in a range of a relation's blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeChange {
    /// Its first block.
    pub from: u64,
    /// The first block behind it; `None` is the relation's end.
    pub to: Option<u64>,
    /// Rows of the first snapshot that are not there any more, or not as they were.
    pub lost: u64,
    /// Rows that are newer than the first snapshot.
    pub newer: u64,
}

/// Something that could not be established.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NotEstablished {
    /// Of what.
    pub subject: String,
    /// By which witness.
    pub witness: Witness,
    /// Why not.
    pub reason: String,
}

impl NotEstablished {
    /// What a gap in a coverage manifest leaves open; `None` where it is no gap.
    #[must_use]
    pub fn of(line: &Coverage) -> Option<Self> {
        match &line.covered {
            Covered::Gap(reason) => Some(Self {
                subject: line.subject.clone(),
                witness: line.witness,
                reason: reason.clone(),
            }),
            Covered::Yes(_) | Covered::NotNeeded(_) => None,
        }
    }
}

impl Differences {
    /// Findings, and of the rest what is not established, that are listed at the most.
    pub const MOST: usize = 500;

    /// A comparison of two that can be compared. What nothing explains comes first; the verdict is of
    /// everything, also of what is left out of the lists.
    #[must_use]
    pub fn new(
        (first, second): (&Snapshot, &Snapshot),
        compared: Compared,
        mut findings: Vec<Located>,
        mut not_established: Vec<NotEstablished>,
    ) -> Self {
        let differs = Verdict::of(
            findings.iter().map(|f| f.finding.verdict()).chain(std::iter::once(Verdict::Pass)),
        );
        let open = if not_established.is_empty() && compared.definitions > 0 {
            Verdict::Pass
        } else {
            Verdict::Inconclusive
        };
        findings.sort_by_key(|f| f.finding.disposition != Disposition::Unexplained);
        not_established.sort();
        let findings_left_out = cut(&mut findings);
        let not_established_left_out = cut(&mut not_established);
        Self {
            format: DIFFERENCES_FORMAT,
            first: Side::of(first),
            second: Side::of(second),
            verdict: differs.and(open),
            not_comparable: None,
            compared,
            findings,
            findings_left_out,
            not_established,
            not_established_left_out,
            waived: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// Two that can't be compared, and why.
    #[must_use]
    pub fn impossible((first, second): (&Snapshot, &Snapshot), why: String) -> Self {
        Self {
            not_comparable: Some(why),
            ..Self::new((first, second), Compared::default(), Vec::new(), Vec::new())
        }
    }
}

fn cut<T>(list: &mut Vec<T>) -> u64 {
    let more = list.len().saturating_sub(Differences::MOST);
    list.truncate(Differences::MOST);
    more as u64
}
