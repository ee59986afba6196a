//! The scratch copy on which a rollback is rehearsed: whether there is room for it, and how it is made.

use clonegate_clone::{CloneChannel, Room, Scratch};
use clonegate_diff::{Additions, NotComparable, Policy, diff_copy, diff_restored};
use clonegate_model::{Assertion, CloneName, Finding, Outcome, Snapshot, chain};

use crate::run::Passage;

/// How a copy is compared with the clone at entry.
pub(crate) enum Made {
    /// `CREATE DATABASE … TEMPLATE` keeps every row and every OID.
    Template,
    /// Dump and restore keep neither: the copy is also held against what it was when it was restored.
    Restored(Option<Box<Snapshot>>),
}

impl Made {
    /// What a snapshot of the copy is read against.
    pub(crate) fn baseline<'a>(&'a self, entry: &'a Snapshot) -> Option<&'a Snapshot> {
        match self {
            Made::Template => Some(entry),
            Made::Restored(restored) => restored.as_deref(),
        }
    }

    /// What differs, and what of the contents could only be followed and not compared.
    pub(crate) fn diff(
        &self,
        entry: &Snapshot,
        copy: &Snapshot,
    ) -> Result<(Vec<Finding>, String), NotComparable> {
        let organic = std::collections::BTreeMap::new();
        self.diff_with(entry, copy, Policy { organic: &organic, additions: Additions::Unexplained })
    }

    /// What differs under a policy.
    pub(crate) fn diff_with(
        &self,
        entry: &Snapshot,
        copy: &Snapshot,
        policy: Policy<'_>,
    ) -> Result<(Vec<Finding>, String), NotComparable> {
        match self {
            Made::Template => Ok((diff_copy(entry, copy, policy)?, String::new())),
            Made::Restored(restored) => {
                let found = diff_restored(entry, restored.as_deref(), copy)?;
                let how = format!(
                    " ({} relations by digest, {} untouched since they were restored)",
                    found.by_digest,
                    found.without_digest.len()
                );
                Ok((found.findings, how))
            }
        }
    }
}

/// The clone's name with a tail that is this run's own, if the pattern admits it.
pub(crate) fn name(passage: &Passage<'_>) -> Result<CloneName, String> {
    let target = &passage.gate.profile.clone;
    let run = passage.run.as_str();
    let tail = run.rsplit('-').next().unwrap_or(run);
    let name = format!("{}x{tail}", target.database);
    target
        .name_pattern
        .admit(&name)
        .map_err(|e| format!("the scratch copy would be called {name}, and {e}; widen the pattern"))
}

/// Whether there is room for a copy of a database. A copy's pages are written twice, once as log, so twice
/// its size must be free. Where that can't be seen, `unseen` bounds the size.
pub(crate) fn room_for(
    id: &str,
    title: &str,
    room: Result<Room, String>,
    unseen: u64,
) -> Assertion {
    let required = "twice its size is free";
    let not = |why: String| Assertion::not_established(id, title, required, why);
    let room = match room {
        Ok(room) => room,
        Err(why) => return not(why),
    };
    let Some(size) = room.database else {
        return not("how large it is can't be asked".to_owned());
    };
    match room.free {
        Ok(free) if free / 2 >= size => {
            let actual = format!("{} free for {}", bytes(free), bytes(size));
            Assertion::decide(id, title, required, actual, Ok(()))
        }
        Ok(free) => {
            not(format!("{} are free and {} would be copied; make room", bytes(free), bytes(size)))
        }
        Err(why) if size <= unseen => Assertion::decide(
            id,
            title,
            format!("{required}, or where that can't be seen, at most {}", bytes(unseen)),
            format!("{}; free space not checked: {why}", bytes(size)),
            Ok(()),
        ),
        Err(why) => not(format!(
            "free space is not checked ({why}), and {} are more than scratch-limit, {}",
            bytes(size),
            bytes(unseen)
        )),
    }
}

/// A number of bytes for people.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// Makes the copy: as a template where that is allowed, else by dump and restore. The row says how.
pub(crate) async fn make(
    clone: &CloneChannel,
    name: &CloneName,
) -> (Assertion, Option<(Scratch, Made)>) {
    let (id, title, required) = ("rehearsal-copy", "a scratch copy of the clone", "made");
    let met = |how: String| Assertion::decide(id, title, required, how, Ok(()));
    let not = |why: String| Assertion::not_established(id, title, required, why);
    let why = match clone.create_scratch(name.clone()).await {
        Ok(scratch) => {
            let row = met("CREATE DATABASE … TEMPLATE".to_owned());
            return (row, Some((scratch, Made::Template)));
        }
        Err(error) if error.asks_for_a_dump() => chain(&error),
        Err(error) => return (not(chain(&error)), None),
    };
    match clone.restore_scratch(name.clone()).await {
        Ok(scratch) => {
            let row = met(format!("pg_dump and pg_restore, because {why}"));
            (row, Some((scratch, Made::Restored(None))))
        }
        Err(error) => (not(format!("{why}; {}", chain(&error))), None),
    }
}

/// Whether a row lets the rehearsal go on.
pub(crate) fn goes_on(row: &Assertion) -> bool {
    row.outcome == Outcome::Met
}

#[cfg(test)]
mod tests {
    use super::*;
    use clonegate_model::Verdict;

    fn verdict(database: Option<u64>, free: Result<u64, &str>) -> Verdict {
        let room = Room { database, free: free.map_err(str::to_owned) };
        room_for("id", "room", Ok(room), 100).outcome.verdict()
    }

    #[test]
    fn a_copy_is_made_only_where_there_is_room_or_it_is_small() {
        assert_eq!(verdict(Some(50), Ok(100)), Verdict::Pass);
        assert_eq!(verdict(Some(51), Ok(100)), Verdict::Inconclusive);
        assert_eq!(verdict(Some(100), Err("not seen")), Verdict::Pass);
        assert_eq!(verdict(Some(101), Err("not seen")), Verdict::Inconclusive);
        assert_eq!(verdict(None, Ok(u64::MAX)), Verdict::Inconclusive);
        let unasked = room_for("id", "room", Err("gone".to_owned()), u64::MAX);
        assert_eq!(unasked.outcome.verdict(), Verdict::Inconclusive);
        let named = room_for(
            "id",
            "room",
            Ok(Room { database: Some(3 << 20), free: Err("no /proc".to_owned()) }),
            1 << 30,
        );
        assert_eq!(named.actual, "3.0 MiB; free space not checked: no /proc");
    }
}
