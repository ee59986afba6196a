//! `clonegate diff` and `clonegate compare`.

use std::collections::BTreeMap;

use clonegate_diff::{Additions, Besides, Held, Policy, compare_databases, compare_snapshots};
use clonegate_gate::{Depth, Snapshots};
use clonegate_model::{Across, Differences, Exit, Target};
use clonegate_report::{differences, differences_line};
use clonegate_store::read_snapshot;

use super::Failure;
use super::snapshot::load;
use crate::cli;
use crate::console::Console;

/// Two files: nothing is connected to.
pub(super) fn run(options: &cli::Diff, console: &Console) -> Result<Exit, Failure> {
    let (first, second) = (read_snapshot(&options.first)?, read_snapshot(&options.second)?);
    let (organic, waive) = match &options.config {
        None => (BTreeMap::new(), BTreeMap::new()),
        Some(config) => {
            let profile = load(config)?;
            match (second.target, profile.clone) {
                (Target::Production, _) => (profile.production.organic, profile.production.waive),
                (Target::Clone, Some(clone)) => (clone.organic, clone.waive),
                (Target::Clone, None) => {
                    return Err(Failure::Usage(format!(
                        "{} is a snapshot of a clone, and {} has no [clone]",
                        options.second.display(),
                        config.display()
                    )));
                }
            }
        }
    };
    let policy = Policy { organic: &organic, additions: Additions::Unexplained };
    show(&compare_snapshots(&first, &second, policy, &waive), console)
}

/// Production against the clone, both read now.
pub(super) async fn compare(options: &cli::Compare, console: &Console) -> Result<Exit, Failure> {
    let profile = load(&options.config)?;
    let Some(clone) = &profile.clone else {
        return Err(Failure::Usage(format!(
            "{} has no [clone] to compare production with; docs/profile.md describes it",
            options.config.display()
        )));
    };
    let snapshots = Snapshots::new(&profile, console, Depth::Comparable)?;
    let both = async {
        let first = snapshots.take(Target::Production, None).await?;
        Ok::<_, Failure>((first, snapshots.take(Target::Clone, None).await?))
    };
    let taken = both.await;
    console.rest();
    let (first, second) = taken?;
    let held = |asked| if asked { Held::Compared } else { Held::LeftOut };
    let besides = Besides { owners: held(options.owners), grants: held(options.grants) };
    let mut organic: BTreeMap<String, Across> = profile.production.organic.clone();
    organic.extend(clone.organic.clone());
    let mut waive = profile.production.waive.clone();
    waive.extend(clone.waive.clone());
    show(&compare_databases(&first, &second, besides, &organic, &waive), console)
}

fn show(found: &Differences, console: &Console) -> Result<Exit, Failure> {
    if console.wants_json() {
        let json = serde_json::to_string_pretty(found);
        console.print(&json.map_err(|e| {
            Failure::Usage(format!("the differences can't be written as JSON: {e}"))
        })?);
    } else if console.is_quiet() {
        console.print(&differences_line(found));
    } else {
        console.print_document(&differences(found));
    }
    Ok(Exit::from(found.verdict))
}
