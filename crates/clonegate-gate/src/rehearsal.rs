//! The rehearsal: the rollback script on a scratch copy, which must then equal the clone at entry.
//!
//! Before that the copy must differ from entry: a comparison that sees no difference where the build was
//! applied would see none afterwards either.

use clonegate_clone::{CloneChannel, Ending, Scratch, ScriptError};
use clonegate_diff::{Additions, Policy};
use clonegate_model::{
    Assertion, Facts, Finding, Mode, Outcome, Phase, RehearsalRecord, Snapshot, Verdict, chain,
};
use clonegate_profile::Rehearse;
use clonegate_sql::{GuardedScript, Permitted};
use clonegate_store::Event;

use crate::preflight::Prepared;
use crate::proof::{self, Log};
use crate::run::{Halt, Passage};
use crate::scratch::{self, Made};
use crate::{exit, read};

pub(crate) async fn run(
    passage: &mut Passage<'_>,
    clone: &CloneChannel,
    prepared: &Prepared,
    rollback: &GuardedScript,
    entry: &Snapshot,
) -> Result<RehearsalRecord, Halt> {
    let mut record =
        RehearsalRecord { scratch: String::new(), steps: Vec::new(), findings: Vec::new() };
    let name = match scratch::name(passage) {
        Ok(name) => name,
        Err(why) => {
            let title = "a scratch copy of the clone";
            record.steps.push(Assertion::not_established("rehearsal-copy", title, "made", why));
            return Ok(record);
        }
    };
    record.scratch = name.to_string();
    let room = clone.room().await.map_err(|e| chain(&e));
    let title = "there is room for a copy of the clone";
    let limit = passage.gate.profile.clone.scratch_limit;
    let room = scratch::room_for("rehearsal-room", title, room, limit);
    let goes_on = scratch::goes_on(&room);
    record.steps.push(room);
    if !goes_on {
        return Ok(record);
    }
    passage.gate.observer.step("copying the clone for the rehearsal");
    // The name is on disk before the copy is there: a run that is killed before the copy is marked is
    // found by it.
    passage.folder.note(Event::ScratchMade { database: name.as_database().clone() })?;
    let (row, made) = scratch::make(clone, &name).await;
    record.steps.push(row);
    let Some((scratch, made)) = made else { return Ok(record) };
    // Whatever happens in between, the copy is dropped.
    let rehearsed = {
        let mut rehearsal =
            Rehearsal { passage: &mut *passage, scratch: &scratch, made, rollback, entry };
        rehearsal.whole(prepared, &mut record).await
    };
    let (title, required) = ("the scratch copy is gone", "dropped");
    let dropped = match scratch.drop_database().await {
        Ok(()) => {
            passage.folder.note(Event::ScratchDropped { database: name.as_database().clone() })?;
            Assertion::decide("rehearsal-drop", title, required, "dropped", Ok(()))
        }
        Err(error) => Assertion::not_established("rehearsal-drop", title, required, chain(&error)),
    };
    record.steps.push(dropped);
    rehearsed?;
    Ok(record)
}

/// A rehearsal on its way.
struct Rehearsal<'a, 'b> {
    passage: &'a mut Passage<'b>,
    scratch: &'a Scratch,
    made: Made,
    rollback: &'a GuardedScript,
    entry: &'a Snapshot,
}

impl Rehearsal<'_, '_> {
    /// The whole build, and then, where the profile asks for it, what each script but the last leaves.
    async fn whole(
        &mut self,
        prepared: &Prepared,
        record: &mut RehearsalRecord,
    ) -> Result<(), Halt> {
        if let Made::Restored(restored) = &self.made
            && restored.is_none()
        {
            // Rows are followed from here: a restored copy has none of the clone's own.
            match self.read(None).await {
                Ok(restored) => self.made = Made::Restored(Some(Box::new(restored))),
                Err(why) => {
                    let title = "the restored copy can be read";
                    let row = Assertion::not_established("rehearsal-read", title, "read", why);
                    record.steps.push(row);
                    return Ok(());
                }
            }
        }
        if self.passage.record.mode == Mode::Prototype {
            // Nothing was committed on the clone, so there would be nothing to roll back on the copy.
            self.passage.gate.observer.step("building on the scratch copy");
            let row = self.apply(&prepared.scripts, "rehearsal-build").await;
            let applied = scratch::goes_on(&row);
            record.steps.push(row);
            if !applied {
                return self.passage.go_on();
            }
            // On the clone nothing of it is left, so this is where the build is proven.
            let proof =
                proof_on_the_copy(self.passage, self.scratch, &self.made, prepared, self.entry);
            record.steps.extend(proof.await);
        }
        let id = "rehearsal-applied";
        if !prepared.scripts.is_empty() {
            let row = self.differs(id, "the copy with the build on it differs from entry").await;
            record.steps.push(row);
        }
        if !self.take_back("rehearsal-rollback", "", record).await? {
            return Ok(());
        }
        self.passage.gate.observer.step("comparing the rolled-back copy with entry");
        let title = "the rolled-back copy equals the clone at entry";
        let after = self.equals("rehearsal-equal", title, record).await;
        let waive = &self.passage.gate.profile.clone.waive;
        if let Some(after) = after {
            self.passage.folder.store_snapshot(&after)?;
            record.steps.push(exit::coverage("rehearsal-coverage", &after, waive));
        }
        let equal = record.steps.iter().all(|step| step.outcome == Outcome::Met);
        if equal && self.passage.gate.profile.build.rehearse == Rehearse::EachScript {
            self.each(prepared, record).await?;
        }
        Ok(())
    }

    /// What a run that stops after the first script leaves, after the first two, and so on: each is applied
    /// to the copy, which equals entry again, and taken back.
    async fn each(
        &mut self,
        prepared: &Prepared,
        record: &mut RehearsalRecord,
    ) -> Result<(), Halt> {
        for n in 1..prepared.scripts.len() {
            self.passage.go_on()?;
            let scripts = &prepared.scripts[..n];
            let last = scripts[n - 1].name().to_owned();
            self.passage.gate.observer.step(&format!("rehearsing a build that ends after {last}"));
            let row = self.apply(scripts, &format!("rehearsal-build-{n}")).await;
            let applied = scratch::goes_on(&row);
            record.steps.push(row);
            if !applied {
                return Ok(());
            }
            let title = format!("the copy after {last} differs from entry");
            let row = self.differs(&format!("rehearsal-applied-{n}"), &title).await;
            record.steps.push(row);
            let after = format!(" after {last}");
            if !self.take_back(&format!("rehearsal-rollback-{n}"), &after, record).await? {
                return Ok(());
            }
            let title = format!("rolled back after {last}, the copy equals the clone at entry");
            self.equals(&format!("rehearsal-equal-{n}"), &title, record).await;
            if !record.steps.last().is_some_and(scratch::goes_on) {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn read(&self, against: Option<&Snapshot>) -> Result<Snapshot, String> {
        let terms = read::Terms { facts: &Facts::none(), permitted: &Permitted::nothing() };
        let (run, plans) = (self.passage.run, &self.passage.plans);
        read::clone(self.scratch.channel(), &[], terms, run, Phase::Rehearsal, against, plans).await
    }

    /// Commits scripts on the copy.
    async fn apply(&self, scripts: &[GuardedScript], id: &str) -> Assertion {
        let title = match scripts {
            [script] => format!("{} on the scratch copy", script.name()),
            _ => "the build on the scratch copy".to_owned(),
        };
        let required = "every script commits";
        for script in scripts {
            let stop = self.passage.gate.stop.clone().wait();
            let channel = self.scratch.channel();
            if let Err(error) = channel.run_until(script, Ending::Commit, |_| Ok(()), stop).await {
                return failed(id, title, required, &error);
            }
        }
        Assertion::decide(id, title, required, format!("{} scripts", scripts.len()), Ok(()))
    }

    /// That the comparison sees what the build did.
    async fn differs(&self, id: &str, title: &str) -> Assertion {
        let required = "a difference";
        let not = |why: String| Assertion::not_established(id, title, required, why);
        let copy = match self.read(self.made.baseline(self.entry)).await {
            Ok(copy) => copy,
            Err(why) => return not(why),
        };
        match self.made.diff(self.entry, &copy) {
            Err(error) => not(error.to_string()),
            Ok((findings, _)) if findings.is_empty() && self.passage.record.by_hand.is_some() => {
                let required = "a difference, or nothing was done by hand";
                Assertion::decide(id, title, required, "nothing was done by hand", Ok(()))
            }
            Ok((findings, _)) if findings.is_empty() => {
                not("the build left no difference, so that it is taken back can't be shown"
                    .to_owned())
            }
            Ok((findings, _)) => {
                let actual = format!("{} differences", findings.len());
                Assertion::decide(id, title, required, actual, Ok(()))
            }
        }
    }

    /// Runs the rollback script; whether it ran to its end.
    async fn take_back(
        &self,
        id: &str,
        after: &str,
        record: &mut RehearsalRecord,
    ) -> Result<bool, Halt> {
        let name = self.rollback.name();
        self.passage.gate.observer.step(&format!("rehearsing {name}"));
        let stop = self.passage.gate.stop.clone().wait();
        let channel = self.scratch.channel();
        let ran = channel.run_until(self.rollback, Ending::Commit, |_| Ok(()), stop).await;
        let title = format!("{name} on the scratch copy{after}");
        let required = "runs to its end";
        let row = match &ran {
            Ok(run) => {
                let actual = format!("committed in {} ms", run.elapsed.as_millis());
                Assertion::decide(id, title, required, actual, Ok(()))
            }
            Err(error) => {
                self.passage.go_on()?;
                failed(id, title, required, error)
            }
        };
        record.steps.push(row);
        Ok(ran.is_ok())
    }

    /// That the copy equals entry. The row is the record's last; the snapshot is given where there is one.
    async fn equals(
        &self,
        id: &str,
        title: &str,
        record: &mut RehearsalRecord,
    ) -> Option<Snapshot> {
        let required = "no difference";
        let not = |why: String| Assertion::not_established(id, title, required, why);
        let after = match self.read(self.made.baseline(self.entry)).await {
            Ok(after) => after,
            Err(why) => {
                record.steps.push(not(why));
                return None;
            }
        };
        let row = match self.made.diff(self.entry, &after) {
            Err(error) => not(error.to_string()),
            Ok((findings, how)) => {
                let row = equal(id, title, required, &after, &findings, &how);
                record.findings.extend(findings);
                row
            }
        };
        record.steps.push(row);
        Some(after)
    }
}

fn equal(
    id: &str,
    title: &str,
    required: &str,
    after: &Snapshot,
    findings: &[Finding],
    how: &str,
) -> Assertion {
    let different = findings.iter().filter(|f| f.verdict() != Verdict::Pass).count();
    let holds =
        if different == 0 { Ok(()) } else { Err(format!("{different} differences are left")) };
    let actual = format!(
        "{} definitions, {} relations, {} sequences compared, {different} differ{how}",
        after.catalog.len(),
        after.relations.len(),
        after.sequences.len()
    );
    Assertion::decide(id, title, required, actual, holds)
}

/// A script that did not run to its end. A connection that went away says nothing against it.
fn failed(id: &str, title: String, required: &str, error: &ScriptError) -> Assertion {
    if error.failure.is_of_the_connection() {
        return Assertion::not_established(id, title, required, error.to_string());
    }
    Assertion::decide(id, title, required, "failed", Err(error.to_string()))
}

/// That the build only added and marked what it added, may be run again, and kept its bounds; all on the copy.
async fn proof_on_the_copy(
    passage: &Passage<'_>,
    scratch: &Scratch,
    made: &Made,
    prepared: &Prepared,
    entry: &Snapshot,
) -> Vec<Assertion> {
    let (id, title) = (
        "rehearsal-additions",
        "on the copy nothing that was there before was altered, and every addition is marked",
    );
    let channel = scratch.channel();
    let baseline = made.baseline(entry);
    let build = &passage.gate.profile.build;
    let mut rows =
        proof::rows(passage, channel, &prepared.scripts, baseline.unwrap_or(entry)).await;
    let terms = read::Terms { facts: &Facts::none(), permitted: &Permitted::nothing() };
    let phase = Phase::Rehearsal;
    let built =
        read::clone(channel, &[], terms, passage.run, phase, baseline, &passage.plans).await;
    let policy = Policy {
        organic: &passage.gate.profile.clone.organic,
        additions: Additions::Marked(&build.marker),
    };
    let compared = built.and_then(|built| {
        let findings = made.diff_with(entry, &built, policy).map_err(|e| e.to_string())?.0;
        Ok((built, findings))
    });
    match compared {
        Err(why) => {
            rows.push(Assertion::not_established(id, title, "no other difference", why));
        }
        Ok((built, findings)) => {
            let other: Vec<String> = findings
                .iter()
                .filter(|f| f.verdict() != Verdict::Pass)
                .map(|f| format!("{} {}: {}", f.subject, f.attribute, f.note))
                .collect();
            // A copy's server is the clone's, and its log is counted where the clone's is.
            let spent = exit::spent(passage, (entry, &built), &findings, Log::Shared);
            let actual =
                format!("{} definitions added, {} other differences", spent.objects, other.len());
            let holds = if other.is_empty() { Ok(()) } else { Err(other.join("; ")) };
            rows.push(Assertion::decide(id, title, "no other difference", actual, holds));
            rows.extend(proof::bounds(&build.bounds, &spent));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clonegate_clone::{Outcome as Became, Output, ScriptFailure};

    use super::*;

    #[test]
    fn a_connection_that_went_away_says_nothing_against_the_rollback() {
        let row = |failure, became| {
            let error = ScriptError {
                script: "drop.sql".to_owned(),
                failure,
                outcome: became,
                transaction: None,
                elapsed: Duration::ZERO,
                output: Output::default(),
                notices: Vec::new(),
            };
            failed("rehearsal-rollback", "drop.sql".to_owned(), "runs to its end", &error).outcome
        };
        let lost = ScriptFailure::Lost("psql ended".to_owned());
        let said = "drop.sql: the connection was lost (psql ended); nothing of it is committed";
        assert_eq!(row(lost, Became::RolledBack), Outcome::NotEstablished(said.to_owned()));
        let said = "drop.sql: it ends inside COPY data; close them with a line that is only \\.; nothing of it is committed";
        assert_eq!(
            row(ScriptFailure::OpenCopy, Became::RolledBack),
            Outcome::NotMet(said.to_owned())
        );
    }
}
