//! The exit: both databases again, and what may be claimed.

use std::collections::BTreeMap;
use std::time::Duration;

use clonegate_clone::{CloneChannel, Hold};
use clonegate_diff::{Additions, Policy, diff};
use clonegate_model::{
    Across, Assertion, Covered, Disposition, Finding, Mode, Outcome, Phase, ScriptOutcome,
    Snapshot, Verdict, chain,
};
use clonegate_probe::ProductionChannel;
use clonegate_store::Event;

use crate::preflight::Prepared;
use crate::proof::{self, Log, Spent};
use crate::read;
use crate::run::{Earlier, Halt, Passage, judge};
use crate::{separation, watch};

/// Reads both databases again. Neither failing keeps the other from being read.
pub(crate) async fn run(
    passage: &mut Passage<'_>,
    production: &ProductionChannel,
    clone: &CloneChannel,
    hold: &mut Hold,
    entry: (&Snapshot, &Snapshot),
    prepared: &Prepared,
) -> Result<(), Halt> {
    let profile = passage.gate.profile;
    let facts = passage.facts(prepared);
    let terms = read::Terms { facts: &facts, permitted: &prepared.permitted };
    let (production_entry, clone_entry) = entry;
    let topology = match separation::one_server(production.identity(), clone.identity()) {
        true => Log::Shared,
        false => Log::Own,
    };

    // What these do is in the exit's snapshot, should anything of it stay.
    let built = passage.record.build.iter().all(|s| s.outcome == ScriptOutcome::Committed);
    let after_build = match passage.record.mode {
        Mode::Persistent if built => {
            proof::rows(passage, clone, &prepared.scripts, clone_entry).await
        }
        Mode::Persistent | Mode::Prototype => Vec::new(),
    };

    passage.gate.observer.step("reading the clone again");
    let checks = &profile.clone.checks;
    match read::clone(
        clone,
        checks,
        terms,
        passage.run,
        Phase::Exit,
        Some(clone_entry),
        &passage.plans,
    )
    .await
    {
        Err(why) => {
            passage.gate.observer.warning(&format!("the clone could not be read at exit: {why}"))
        }
        Ok(snapshot) => {
            passage.folder.store_snapshot(&snapshot)?;
            passage.note_waivers(&snapshot, &profile.clone.waive);
            passage.record.clone_exit = Some(judge(checks, &snapshot, Some(clone_entry)));
            let held = match hold.still_held().await {
                Ok(()) => Assertion::decide(
                    "proof-held",
                    "the clone was this run's throughout",
                    "held",
                    "held",
                    Ok(()),
                ),
                Err(error) => Assertion::not_established(
                    "proof-held",
                    "the clone was this run's throughout",
                    "held",
                    chain(&error),
                ),
            };
            let (mut proof, findings) = additions(passage, clone_entry, &snapshot);
            proof.extend(after_build);
            if passage.record.mode == Mode::Persistent {
                let spent = spent(passage, (clone_entry, &snapshot), &findings, topology);
                proof.extend(proof::bounds(&profile.build.bounds, &spent));
            }
            proof.push(coverage("proof-coverage", &snapshot, &profile.clone.waive));
            proof.push(held);
            passage.record.proof = Some(proof);
            passage.record.clone_findings = findings;
        }
    }
    passage.folder.store_record(passage.record)?;

    passage.gate.observer.step("reading production again");
    passage.folder.note(Event::ProductionRead { phase: Phase::Exit })?;
    let checks = &profile.production.checks;
    let taken = read::production(
        production,
        checks,
        terms,
        passage.run,
        Phase::Exit,
        Some(production_entry),
        &passage.plans,
    )
    .await;
    match taken {
        Err(why) => {
            return Err(Halt::Stopped(format!("production could not be read at exit: {why}")));
        }
        Ok(snapshot) => {
            passage.folder.store_snapshot(&snapshot)?;
            passage.note_waivers(&snapshot, &profile.production.waive);
            passage.record.production_exit = Some(judge(checks, &snapshot, Some(production_entry)));
            // Asked again: a grant may have been made since.
            let attested = production.attest().await.map_err(|e| chain(&e));
            let separation = separation::rows(profile, production, attested.as_ref(), clone).await;
            // Last, so that it counts every transaction of the run.
            let mut wrote_nothing = vec![footprint(production, passage.earlier)];
            passage.asserted(production)?;
            wrote_nothing.extend(separation);
            passage.record.wrote_nothing = Some(wrote_nothing);
            let (evidence, findings) = unchanged(
                production_entry,
                &snapshot,
                &profile.production.organic,
                &profile.production.waive,
            );
            let shared =
                watch::shared((production.identity(), clone.identity()), &snapshot, &findings);
            passage.record.nothing_changed = Some(evidence);
            passage.record.production_findings = findings;
            // Last of all: nothing more is done on the clone.
            if let Some(begun) = passage.watch.take() {
                let mut rows = watch::end(begun, clone, profile).await;
                rows.push(shared);
                passage.record.watch = Some(rows);
            }
        }
    }
    passage.folder.store_record(passage.record)?;
    Ok(())
}

/// Every transaction of the run on production was seen to have no transaction id.
pub(crate) fn footprint(production: &ProductionChannel, earlier: Earlier) -> Assertion {
    let title = "our sessions assigned no transaction id";
    let (now, before) = (production.footprint(), earlier.asserted);
    let transactions = now.transactions + before.transactions;
    let asserted = now.asserted_without_xid + before.asserted_without_xid;
    let actual = format!("asserted in {asserted} of {transactions} transactions");
    let unseen = if earlier.unasserted > 0 {
        "the run was killed while it read production, and what it had asked last was not asserted"
    } else if now.transactions == 0 || transactions != asserted {
        "not every transaction could be asked"
    } else {
        return Assertion::decide("wrote-xid", title, "asserted in all", actual, Ok(()));
    };
    let mut assertion = Assertion::not_established("wrote-xid", title, "asserted in all", unseen);
    assertion.actual = actual;
    assertion
}

/// That everything in the manifest is covered, or waived by name.
pub(crate) fn coverage(
    id: &str,
    snapshot: &Snapshot,
    waive: &BTreeMap<String, String>,
) -> Assertion {
    let mut gaps = Vec::new();
    let mut waived = 0;
    let mut covered = Vec::new();
    for line in &snapshot.coverage {
        match &line.covered {
            Covered::Yes(count) if line.subject == "relations" || line.subject == "sequences" => {
                covered.push(count.clone())
            }
            Covered::Yes(_) | Covered::NotNeeded(_) => {}
            Covered::Gap(_) if waive.contains_key(&line.subject) => waived += 1,
            Covered::Gap(why) => gaps.push(format!("{} ({}): {why}", line.subject, line.witness)),
        }
    }
    let definitions = format!("{} definitions", snapshot.catalog.len());
    covered.insert(0, definitions);
    if waived > 0 {
        covered.push(format!("{waived} waived by the profile"));
    }
    let title = format!("what is in {} is covered by a witness", snapshot.identity.database);
    let mut assertion = Assertion::decide(id, title.clone(), "no gap", covered.join(", "), Ok(()));
    if !gaps.is_empty() {
        const SHOWN: usize = 5;
        let more = gaps.len().saturating_sub(SHOWN);
        gaps.truncate(SHOWN);
        if more > 0 {
            gaps.push(format!("and {more} more"));
        }
        assertion.outcome = Outcome::NotEstablished(gaps.join("; "));
    }
    assertion
}

/// What the build took, by two snapshots of where it was committed.
pub(crate) fn spent(
    passage: &Passage<'_>,
    (entry, after): (&Snapshot, &Snapshot),
    findings: &[Finding],
    log: Log,
) -> Spent {
    let new = |f: &&Finding| f.attribute == "exists" && f.before.is_empty();
    let took = passage.record.build.iter().filter_map(|s| s.milliseconds).sum();
    Spent {
        rows: proof::added_rows(entry, after),
        objects: u64::try_from(findings.iter().filter(new).count()).unwrap_or(u64::MAX),
        weight: match (passage.record.weight, &passage.weight) {
            (Some(before), Ok(after)) => Ok((before, *after)),
            (Some(_), Err(why)) => Err(why.clone()),
            (None, _) => Err("the clone was not weighed at entry".to_owned()),
        },
        time: Duration::from_millis(took),
        log,
    }
}

/// That the build only added, and marked what it added; in a prototype run, that it left nothing.
fn additions(
    passage: &Passage<'_>,
    entry: &Snapshot,
    exit: &Snapshot,
) -> (Vec<Assertion>, Vec<Finding>) {
    let profile = passage.gate.profile;
    let additions = match passage.record.mode {
        Mode::Persistent => Additions::Marked(&profile.build.marker),
        Mode::Prototype => Additions::Unexplained,
    };
    let title = match passage.record.mode {
        Mode::Persistent => {
            "nothing that was there before was altered, and every addition is marked"
        }
        Mode::Prototype => "the clone is as it was at entry",
    };
    match diff(entry, exit, Policy { organic: &profile.clone.organic, additions }) {
        Err(error) => (
            vec![Assertion::not_established(
                "proof-additions",
                title,
                "no other difference",
                error.to_string(),
            )],
            Vec::new(),
        ),
        Ok(findings) => {
            let unexplained = findings.iter().filter(|f| f.verdict() != Verdict::Pass).count();
            let added = findings
                .iter()
                .filter(|f| f.disposition == Disposition::Organic && f.attribute == "exists")
                .count();
            let actual = format!("{added} definitions added, {unexplained} other differences");
            let holds = if unexplained == 0 {
                Ok(())
            } else {
                Err(format!("{unexplained} differences are not explained"))
            };
            (
                vec![Assertion::decide(
                    "proof-additions",
                    title,
                    "no other difference",
                    actual,
                    holds,
                )],
                findings,
            )
        }
    }
}

/// The claim that nothing changed on production, witness by witness.
fn unchanged(
    entry: &Snapshot,
    exit: &Snapshot,
    organic: &BTreeMap<String, Across>,
    waive: &BTreeMap<String, String>,
) -> (Vec<Assertion>, Vec<Finding>) {
    let title = "definitions, rows and sequences equal entry (catalog, lineage, sequence)";
    let findings = match diff(entry, exit, Policy { organic, additions: Additions::Unexplained }) {
        Err(error) => {
            let evidence = Assertion::not_established(
                "changed-diff",
                title,
                "no unexplained difference",
                error.to_string(),
            );
            return (vec![evidence], Vec::new());
        }
        Ok(findings) => findings,
    };
    let unexplained = findings.iter().filter(|f| f.verdict() != Verdict::Pass).count();
    let declared = findings.iter().filter(|f| f.disposition == Disposition::Organic).count();
    // Only what has a lineage on both sides was compared.
    let compared: Vec<u64> = (exit.relations.iter())
        .filter(|r| entry.relations.iter().any(|e| e.name == r.name && e.lineage.is_some()))
        .filter_map(|r| r.lineage.map(|l| l.rows))
        .collect();
    let rows: u64 = compared.iter().sum();
    let actual = format!(
        "{} definitions, {} relations with {rows} rows, {} sequences compared: {unexplained} unexplained, {declared} declared",
        exit.catalog.len(),
        compared.len(),
        exit.sequences.len(),
    );
    let holds = if unexplained == 0 {
        Ok(())
    } else {
        Err(format!("{unexplained} differences are not explained"))
    };
    let horizon = if entry.horizon == exit.horizon {
        format!("{} at both: no transaction completed in the whole server", entry.horizon)
    } else {
        format!(
            "{} → {} — transactions completed in the server; which rows they touched is for lineage to say",
            entry.horizon, exit.horizon
        )
    };
    let evidence = vec![
        Assertion::decide("changed-diff", title, "no unexplained difference", actual, holds),
        Assertion::decide("changed-horizon", "horizon", "—", horizon, Ok(())),
        coverage("changed-coverage", exit, waive),
    ];
    (evidence, findings)
}
