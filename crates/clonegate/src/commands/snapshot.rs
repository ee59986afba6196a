//! `clonegate snapshot`.

use std::collections::BTreeMap;
use std::path::Path;

use clonegate_gate::{Depth, Snapshots};
use clonegate_model::{Exit, NotEstablished, Snapshot, Target};
use clonegate_profile::SnapshotProfile;
use clonegate_store::{
    Existing, WriteSnapshotError, may_write_snapshot, read_snapshot, snapshot_json, write_snapshot,
};

use super::Failure;
use crate::cli::{self, Of};
use crate::console::Console;

/// Gaps that are named; the file has all.
const NAMED: usize = 20;

pub(super) async fn run(options: cli::Snapshot, console: &Console) -> Result<Exit, Failure> {
    let existing = if options.force { Existing::Replaced } else { Existing::Kept };
    let to_stdout = options.output == Path::new("-");
    if !to_stdout {
        may_write_snapshot(&options.output, existing).map_err(Failure::WriteSnapshot)?;
    }
    let since = options.since.as_deref().map(read_snapshot).transpose()?;
    let profile = load(&options.config)?;
    let depth = if options.deep { Depth::Deep } else { Depth::Usual };
    let target = match options.of {
        Of::Production => Target::Production,
        Of::Clone => Target::Clone,
    };
    let snapshots = Snapshots::new(&profile, console, depth)?;
    let taken = snapshots.take(target, since.as_ref()).await;
    console.rest();
    let snapshot = taken?;
    let json = snapshot_json(&snapshot)
        .map_err(|e| Failure::Usage(format!("the snapshot can't be written as JSON: {e}")))?;
    if to_stdout {
        console.print_exactly(&String::from_utf8_lossy(&json));
    } else {
        write_snapshot(&options.output, &json, existing).map_err(Failure::WriteSnapshot)?;
        console.note(&format!("{}: {}", options.output.display(), summary(&snapshot)));
    }
    let nothing = BTreeMap::new();
    let waive = match target {
        Target::Production => &profile.production.waive,
        Target::Clone => profile.clone.as_ref().map_or(&nothing, |clone| &clone.waive),
    };
    let gaps: Vec<NotEstablished> = snapshot
        .coverage
        .iter()
        .filter_map(NotEstablished::of)
        .filter(|gap| !waive.contains_key(&gap.subject))
        .collect();
    if gaps.is_empty() {
        return Ok(Exit::Pass);
    }
    for gap in gaps.iter().take(NAMED) {
        console.insist(&format!("not covered: {} ({}): {}", gap.subject, gap.witness, gap.reason));
    }
    if gaps.len() > NAMED {
        console.insist(&format!("… and {} more", gaps.len() - NAMED));
    }
    Ok(Exit::Inconclusive)
}

/// A folder that is not there is the caller's mistake, a full disk is not.
pub(super) fn exit(error: &WriteSnapshotError) -> Exit {
    use std::io::ErrorKind::{IsADirectory, NotADirectory, NotFound, PermissionDenied};
    match error {
        WriteSnapshotError::Exists(_) => Exit::Usage,
        WriteSnapshotError::Io { source, .. } => match source.kind() {
            NotFound | IsADirectory | NotADirectory | PermissionDenied => Exit::Usage,
            _ => Exit::Unexpected,
        },
    }
}

pub(super) fn load(config: &Path) -> Result<SnapshotProfile, Failure> {
    SnapshotProfile::load(config).map_err(|e| Failure::Profile(Box::new(e)))
}

fn summary(snapshot: &Snapshot) -> String {
    let lineages = snapshot.relations.iter().filter_map(|r| r.lineage);
    let (relations, rows) = lineages.fold((0_u64, 0), |(n, rows), l| (n + 1, rows + l.rows));
    let digests = snapshot.relations.iter().filter(|r| r.digest.is_some()).count();
    let since = snapshot
        .since
        .as_ref()
        .map(|since| format!(", read against {}", since.run))
        .unwrap_or_default();
    format!(
        "{} definitions, {relations} relations with {rows} rows, digests of {digests}, {} sequences{since}",
        snapshot.catalog.len(),
        snapshot.sequences.len(),
    )
}
