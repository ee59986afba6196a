//! The rehearsal: the rollback script on a scratch copy, which must then equal the clone at entry.

use std::collections::BTreeMap;

use clonegate_clone::{CloneChannel, Ending, Scratch};
use clonegate_diff::{Additions, Policy, diff_copy};
use clonegate_model::{
    Assertion, CloneName, Facts, Mode, Outcome, Phase, RehearsalRecord, Snapshot, Verdict, chain,
};
use clonegate_sql::{GuardedScript, Permitted};
use clonegate_store::Event;

use crate::exit;
use crate::preflight::Prepared;
use crate::proof::{self, Log};
use crate::read;
use crate::run::{Halt, Passage};

pub(crate) async fn run(
    passage: &mut Passage<'_>,
    clone: &CloneChannel,
    prepared: &Prepared,
    rollback: &GuardedScript,
    entry: &Snapshot,
) -> Result<RehearsalRecord, Halt> {
    let copy_title = "a scratch copy of the clone";
    let name = match scratch_name(passage) {
        Ok(name) => name,
        Err(why) => {
            let steps = vec![Assertion::not_established("rehearsal-copy", copy_title, "made", why)];
            return Ok(RehearsalRecord { scratch: String::new(), steps, findings: Vec::new() });
        }
    };
    passage.gate.observer.step("copying the clone for the rehearsal");
    passage.folder.note(Event::ScratchMade { database: name.as_database().clone() })?;
    let mut record =
        RehearsalRecord { scratch: name.to_string(), steps: Vec::new(), findings: Vec::new() };
    let scratch = match clone.create_scratch(name.clone()).await {
        Ok(scratch) => scratch,
        Err(error) => {
            record.steps.push(Assertion::not_established(
                "rehearsal-copy",
                copy_title,
                "made",
                chain(&error),
            ));
            return Ok(record);
        }
    };
    record.steps.push(Assertion::decide(
        "rehearsal-copy",
        copy_title,
        "made",
        "CREATE DATABASE … TEMPLATE",
        Ok(()),
    ));
    // Whatever happens in between, the copy is dropped.
    let rehearsed = rehearse(passage, &scratch, prepared, rollback, entry, &mut record).await;
    let dropped = match scratch.drop_database().await {
        Ok(()) => {
            passage.folder.note(Event::ScratchDropped { database: name.as_database().clone() })?;
            Assertion::decide(
                "rehearsal-drop",
                "the scratch copy is gone",
                "dropped",
                "dropped",
                Ok(()),
            )
        }
        Err(error) => Assertion::not_established(
            "rehearsal-drop",
            "the scratch copy is gone",
            "dropped",
            chain(&error),
        ),
    };
    record.steps.push(dropped);
    rehearsed?;
    Ok(record)
}

/// The clone's name with a tail that is this run's own, if the pattern admits it.
fn scratch_name(passage: &Passage<'_>) -> Result<CloneName, String> {
    let target = &passage.gate.profile.clone;
    let run = passage.run.as_str();
    let tail = run.rsplit('-').next().unwrap_or(run);
    let name = format!("{}x{tail}", target.database);
    target
        .name_pattern
        .admit(&name)
        .map_err(|e| format!("the scratch copy would be called {name}, and {e}; widen the pattern"))
}

/// That the build only added and marked what it added, may be run again, and kept its bounds; all on the copy.
async fn proof_on_the_copy(
    passage: &Passage<'_>,
    channel: &CloneChannel,
    prepared: &Prepared,
    entry: &Snapshot,
) -> Vec<Assertion> {
    let (id, title) = (
        "rehearsal-additions",
        "on the copy nothing that was there before was altered, and every addition is marked",
    );
    let build = &passage.gate.profile.build;
    let mut rows = proof::rows(passage, channel, &prepared.scripts, entry).await;
    let terms = read::Terms { facts: &Facts::none(), permitted: &Permitted::nothing() };
    let phase = Phase::Rehearsal;
    let built =
        read::clone(channel, &[], terms, passage.run, phase, Some(entry), &passage.plans).await;
    let policy = Policy {
        organic: &passage.gate.profile.clone.organic,
        additions: Additions::Marked(&build.marker),
    };
    let compared = built.and_then(|built| {
        let findings = diff_copy(entry, &built, policy).map_err(|e| e.to_string())?;
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

async fn rehearse(
    passage: &mut Passage<'_>,
    scratch: &Scratch,
    prepared: &Prepared,
    rollback: &GuardedScript,
    entry: &Snapshot,
    record: &mut RehearsalRecord,
) -> Result<(), Halt> {
    let channel = scratch.channel();
    if passage.record.mode == Mode::Prototype {
        // Nothing was committed on the clone, so there would be nothing to roll back on the copy.
        passage.gate.observer.step("building on the scratch copy");
        let mut applied = Assertion::decide(
            "rehearsal-build",
            "the build on the scratch copy",
            "every script commits",
            format!("{} scripts", prepared.scripts.len()),
            Ok(()),
        );
        for script in &prepared.scripts {
            if let Err(error) = channel
                .run_until(script, Ending::Commit, |_| Ok(()), passage.gate.stop.clone().wait())
                .await
            {
                applied.outcome = Outcome::NotMet(error.to_string());
                break;
            }
        }
        let failed = applied.outcome != Outcome::Met;
        record.steps.push(applied);
        if failed {
            return passage.go_on();
        }
        // On the clone nothing of it is left, so this is where the build is proven.
        record.steps.extend(proof_on_the_copy(passage, channel, prepared, entry).await);
    }
    passage.gate.observer.step(&format!("rehearsing {}", rollback.name()));
    let ran = channel
        .run_until(rollback, Ending::Commit, |_| Ok(()), passage.gate.stop.clone().wait())
        .await;
    let title = format!("{} on the scratch copy", rollback.name());
    match ran {
        Ok(run) => record.steps.push(Assertion::decide(
            "rehearsal-rollback",
            title,
            "runs to its end",
            format!("committed in {} ms", run.elapsed.as_millis()),
            Ok(()),
        )),
        Err(error) => {
            passage.go_on()?;
            record.steps.push(Assertion::decide(
                "rehearsal-rollback",
                title,
                "runs to its end",
                "failed",
                Err(error.to_string()),
            ));
            return Ok(());
        }
    }
    passage.gate.observer.step("comparing the rolled-back copy with entry");
    let equal = "the rolled-back copy equals the clone at entry";
    let after = match read::clone(
        channel,
        &[],
        read::Terms { facts: &Facts::none(), permitted: &Permitted::nothing() },
        passage.run,
        Phase::Rehearsal,
        Some(entry),
        &passage.plans,
    )
    .await
    {
        Ok(after) => after,
        Err(why) => {
            record.steps.push(Assertion::not_established(
                "rehearsal-equal",
                equal,
                "no difference",
                why,
            ));
            return Ok(());
        }
    };
    passage.folder.store_snapshot(&after)?;
    let waive = &passage.gate.profile.clone.waive;
    record.steps.push(exit::coverage("rehearsal-coverage", &after, waive));
    let organic = BTreeMap::new();
    let policy = Policy { organic: &organic, additions: Additions::Unexplained };
    let equal = match diff_copy(entry, &after, policy) {
        Err(error) => {
            Assertion::not_established("rehearsal-equal", equal, "no difference", error.to_string())
        }
        Ok(findings) => {
            let different = findings.iter().filter(|f| f.verdict() != Verdict::Pass).count();
            let holds = if different == 0 {
                Ok(())
            } else {
                Err(format!("{different} differences are left"))
            };
            let actual = format!(
                "{} definitions, {} relations, {} sequences compared, {different} differ",
                after.catalog.len(),
                after.relations.len(),
                after.sequences.len()
            );
            record.findings = findings;
            Assertion::decide("rehearsal-equal", equal, "no difference", actual, holds)
        }
    };
    record.steps.push(equal);
    Ok(())
}
