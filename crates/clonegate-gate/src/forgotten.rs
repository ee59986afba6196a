//! Scratch copies never outlive their run: those of killed runs are found and dropped.

use std::collections::BTreeSet;

use clonegate_clone::{CloneChannel, Copied};
use clonegate_model::chain;
use clonegate_store::Event;

use crate::run::Gate;

/// Drops the scratch copies of runs that were killed, and gives the names of those that can't be. The lock is this run's, so no other run can be at
/// work on one.
///
/// A copy carries its run's mark, except where the run was killed between making the copy and marking
/// it: then the run's journal has its name, from before it was made.
pub(crate) async fn drop_forgotten(gate: &Gate<'_>, clone: &CloneChannel) -> Vec<String> {
    let copies = match find(gate, clone).await {
        Ok(copies) => copies,
        Err(why) => {
            gate.observer.warning(&format!(
                "whether a killed run left a scratch copy can't be asked: {why}"
            ));
            return Vec::new();
        }
    };
    let mut left = Vec::new();
    for copy in copies {
        match clone.drop_scratch(&copy).await {
            Ok(()) => gate
                .observer
                .warning(&format!("dropped {}, the scratch copy of a killed run", copy.name)),
            Err(error) => {
                gate.observer.warning(&format!(
                    "the forgotten scratch copy {} can't be dropped: {}",
                    copy.name,
                    chain(&error)
                ));
                left.push(copy.name);
            }
        }
    }
    left
}

async fn find(gate: &Gate<'_>, clone: &CloneChannel) -> Result<Vec<Copied>, String> {
    let target = &gate.profile.clone;
    let prefix = format!("{}x", target.database);
    let mut copies = clone.scratches().await.map_err(|e| chain(&e))?;
    copies.retain(|copy| copy.name.starts_with(&prefix));
    for name in journalled(gate).map_err(|e| chain(&e))? {
        let is_copy = name.starts_with(&prefix) && copies.iter().all(|copy| copy.name != name);
        if let (true, Ok(name)) = (is_copy, target.name_pattern.admit(&name)) {
            copies.extend(clone.unmarked(&name).await.map_err(|e| chain(&e))?);
        }
    }
    Ok(copies)
}

/// The names of scratch copies that some run was about to make, and did not see dropped.
fn journalled(gate: &Gate<'_>) -> Result<BTreeSet<String>, clonegate_store::StoreError> {
    let mut names = BTreeSet::new();
    let of = gate.profile.clone.database.as_database();
    for stored in gate.store.runs()?.iter().filter(|stored| stored.clone_database() == Some(of)) {
        for entry in &stored.journal {
            match &entry.event {
                Event::ScratchMade { database } => {
                    names.insert(database.to_string());
                }
                Event::ScratchDropped { database } => {
                    names.remove(database.as_str());
                }
                _ => {}
            }
        }
    }
    Ok(names)
}
