//! The exit: both databases again, and what may be claimed.

use std::collections::BTreeMap;

use clonegate_clone::{CloneChannel, Hold};
use clonegate_diff::{Additions, Policy, diff};
use clonegate_model::{
    Across, Assertion, Covered, Disposition, Finding, Mode, Outcome, Phase, Snapshot, Value,
    Verdict,
};
use clonegate_probe::{Attestation, Facts, ProductionChannel};
use clonegate_sql::ReadOnlyStatement;

use crate::channels::chain;
use crate::preflight::Prepared;
use crate::read;
use crate::run::{Halt, Passage, judge};

const CLONE_ROLE: &str = include_str!("../../../sql/engine/gate/clone_role.sql");

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
            let (mut proof, findings) = proof(passage, clone_entry, &snapshot);
            proof.push(coverage("proof-coverage", &snapshot, &profile.clone.waive));
            proof.push(held);
            passage.record.proof = Some(proof);
            passage.record.clone_findings = findings;
        }
    }
    passage.folder.store_record(passage.record)?;

    passage.gate.observer.step("reading production again");
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
            let separation =
                separation(production, attested.as_ref(), clone, &profile.clone.role).await;
            // Last, so that it counts every transaction of the run.
            let mut wrote_nothing = vec![footprint(production)];
            wrote_nothing.extend(separation);
            passage.record.wrote_nothing = Some(wrote_nothing);
            let (evidence, findings) = unchanged(
                production_entry,
                &snapshot,
                &profile.production.organic,
                &profile.production.waive,
            );
            passage.record.nothing_changed = Some(evidence);
            passage.record.production_findings = findings;
        }
    }
    passage.folder.store_record(passage.record)?;
    Ok(())
}

/// Every transaction of the production channel was seen to have no transaction id.
pub(crate) fn footprint(production: &ProductionChannel) -> Assertion {
    let footprint = production.footprint();
    let title = "our sessions assigned no transaction id";
    let actual = format!(
        "asserted in {} of {} transactions",
        footprint.asserted_without_xid, footprint.transactions
    );
    if footprint.transactions > 0 && footprint.transactions == footprint.asserted_without_xid {
        Assertion::decide("wrote-xid", title, "asserted in all", actual, Ok(()))
    } else {
        let mut assertion = Assertion::not_established(
            "wrote-xid",
            title,
            "asserted in all",
            "not every transaction could be asked",
        );
        assertion.actual = actual;
        assertion
    }
}

const CANT_WRITE: &str = "production's role can't write";

/// What the attestation says, as rows of the report: that the role is a reader, and each thing that the
/// profile accepts although it is more than reading.
pub(crate) fn attested(attestation: Result<&Attestation, &String>) -> Vec<Assertion> {
    let (id, required) = ("separate-read-role", "nothing but reading");
    let attestation = match attestation {
        Ok(attestation) => attestation,
        Err(why) => return vec![Assertion::not_established(id, CANT_WRITE, required, why.clone())],
    };
    let refusals: Vec<String> = attestation.refusals().map(ToString::to_string).collect();
    let accepted = attestation.accepted().count();
    let actual = match (refusals.is_empty(), accepted) {
        (true, 0) => "nothing else".to_owned(),
        (true, n) => format!("nothing else but {n} accepted by the profile"),
        (false, _) => refusals.join("; "),
    };
    let holds = if refusals.is_empty() {
        Ok(())
    } else {
        Err(format!("{} has {attestation}", attestation.role))
    };
    let mut rows = vec![Assertion::decide(id, CANT_WRITE, required, actual, holds)];
    rows.extend(attestation.accepted().map(|(finding, reason)| {
        Assertion::decide(
            &format!("accepted-{}", finding.kind),
            format!("production's role has more than reading: {}", finding.kind),
            "accepted by the profile",
            format!("{}; accepted: {reason}", finding.subject),
            Ok(()),
        )
    }));
    rows
}

/// That the databases are two, that production's role can't write, and that the clone's role is
/// refused by production.
pub(crate) async fn separation(
    production: &ProductionChannel,
    attestation: Result<&Attestation, &String>,
    clone: &CloneChannel,
    clone_role: &str,
) -> Vec<Assertion> {
    let (p, c) = (production.identity(), clone.identity());
    let topology =
        if p.system_identifier == c.system_identifier { "one server" } else { "two servers" };
    let two = Assertion::decide(
        "separate-databases",
        "production and clone are two databases",
        "two",
        format!(
            "{} (oid {}) and {} (oid {}), {topology}",
            p.database, p.database_oid, c.database, c.database_oid
        ),
        if p.is_same_database(c) {
            Err("both channels reached the same database".to_owned())
        } else {
            Ok(())
        },
    );
    let mut rows = vec![two];
    rows.extend(attested(attestation));
    let refused = "the clone's role has no CONNECT on production";
    let literal = format!("'{}'", clone_role.replace('\'', "''"));
    let text = CLONE_ROLE.replace("{clone_role}", &literal);
    let answer = match ReadOnlyStatement::judge(&text) {
        Ok(statement) => production
            .read(&statement, &Facts::none())
            .await
            .map(|a| a.reading)
            .map_err(|e| chain(&e)),
        Err(refusal) => Err(refusal.to_string()),
    };
    let reading = match answer {
        Ok(reading) => reading,
        Err(why) => {
            rows.push(Assertion::not_established("separate-clone-role", refused, "refused", why));
            return rows;
        }
    };
    let get = |column: &str| reading.single(column).cloned().unwrap_or(Value::Null);
    let refused = match (get("clone_role_exists"), get("clone_role_connects")) {
        (Value::Integer(0), _) => Assertion::decide(
            "separate-clone-role",
            refused,
            "refused",
            format!("{clone_role} does not exist there"),
            Ok(()),
        ),
        (Value::Integer(_), Value::Bool(false)) => Assertion::decide(
            "separate-clone-role",
            refused,
            "refused",
            format!("{clone_role} has no CONNECT on {}", p.database),
            Ok(()),
        ),
        (Value::Integer(_), Value::Bool(true)) => Assertion::decide(
            "separate-clone-role",
            refused,
            "refused",
            format!("{clone_role} may connect to {}", p.database),
            Err(format!(
                "{clone_role} may connect to production: REVOKE CONNECT ON DATABASE {} FROM PUBLIC, {clone_role}",
                p.database
            )),
        ),
        _ => Assertion::not_established(
            "separate-clone-role",
            refused,
            "refused",
            "the answer has an unexpected shape",
        ),
    };
    rows.push(refused);
    rows
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

/// That the build only added, and marked what it added; in a prototype run, that it left nothing.
fn proof(
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
    let declared = findings.len() - unexplained;
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
