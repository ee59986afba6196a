//! What the report says, in the order of its parts.

use clonegate_model::{
    Assertion, Disposition, Finding, Mode, Outcome, RunRecord, ScriptOutcome, ScriptRecord, Verdict,
};

use crate::document::Document;

/// Findings that a report lists one by one; the record has all of them.
const MAX_FINDINGS: usize = 100;

/// The report of a run.
#[must_use]
pub fn report(run: &RunRecord) -> Document {
    let mut doc = Document::default();
    let verdict = run.verdict();
    doc.blocks.push(crate::Block::Title(format!("{} ({verdict})", run.title)));
    doc.lead(format!("Verdict: {verdict}."), verdict_sentence(run));
    doc.paragraph(facts(run));
    if verdict != Verdict::Pass {
        doc.heading(format!("Why {verdict}"));
        doc.bullets(run.reasons());
    }
    if !run.waived.is_empty() {
        doc.lead("Waived by the profile:", "no witness covers these.");
        doc.bullets(run.waived.clone());
    }
    channels(&mut doc, run);
    controls(&mut doc, run);
    let date = run.started_at.strftime("%Y-%m-%d");
    checks(
        &mut doc,
        &format!("Production read-only check (entry, {date})"),
        run.production_entry.as_deref(),
    );
    checks(&mut doc, "Clone safety check (entry)", run.clone_entry.as_deref());
    build(&mut doc, run);
    watch(&mut doc, run);
    rehearsal(&mut doc, run);
    exit(&mut doc, run);
    authorization(&mut doc, run);
    doc
}

/// The verdict and its main reason, in a line.
#[must_use]
pub fn summary_line(run: &RunRecord) -> String {
    let verdict = run.verdict();
    match run.reasons().first() {
        Some(first) if verdict != Verdict::Pass => format!("{verdict}: {first}"),
        _ => format!("{verdict}: {}", verdict_sentence(run)),
    }
}

fn verdict_sentence(run: &RunRecord) -> String {
    match run.verdict() {
        Verdict::Pass => {
            let organic =
                run.production_findings.iter().any(|f| f.disposition == Disposition::Organic);
            let production = if organic {
                "Production was only read; what changed there during the run is what the profile declares."
            } else {
                "Production was only read, and nothing in it changed during the run."
            };
            let waived = match run.waived.len() {
                0 => String::new(),
                n => format!(" {n} parts that no witness covers are waived by the profile."),
            };
            let checks = run.clone_entry.as_ref().map_or(0, Vec::len);
            format!(
                "{production} The clone met all {checks} requirements at entry, the build left what was there as it was, and the rollback was rehearsed.{waived}"
            )
        }
        Verdict::Inconclusive => {
            "Nothing was found to be wrong, but not everything could be established.".to_owned()
        }
        Verdict::Fail => {
            "At least one requirement does not hold, or a difference is not explained.".to_owned()
        }
    }
}

fn facts(run: &RunRecord) -> String {
    let took = run.finished_at.map(|end| end.duration_since(run.started_at).as_secs_f64());
    let took = took.map_or("not completed".to_owned(), |s| format!("{s:.1} s"));
    let short = run.profile_sha256.get(..12).unwrap_or(&run.profile_sha256);
    format!(
        "Run `{}`, {} mode, begun {}, {took}; profile `{short}…`, clonegate {}.",
        run.run,
        run.mode,
        run.started_at.strftime("%Y-%m-%d %H:%M:%S UTC"),
        run.clonegate
    )
}

fn channels(doc: &mut Document, run: &RunRecord) {
    doc.heading("Channels (and the isolation that makes this safe)");
    let rows = [("production", &run.production), ("clone", &run.clone)];
    let rows = rows.map(|(name, target)| {
        vec![
            format!("{name} `{}`", target.database),
            format!("`{}`", target.channel.route),
            format!("`{}`", target.channel.role),
            target.channel.mutability.clone(),
        ]
    });
    doc.table(&["DB", "Channel", "Role", "Mutability"], rows.to_vec());
    doc.paragraph("Why they can't cross:");
    assertions(doc, &run.preflight);
}

fn controls(doc: &mut Document, run: &RunRecord) {
    doc.heading("Negative controls");
    match &run.controls {
        None => doc.paragraph("Not taken."),
        Some(controls) => {
            doc.paragraph(
                "What has to be refused, tried in this run against the guards themselves:",
            );
            assertions(doc, controls);
        }
    }
}

fn assertions(doc: &mut Document, assertions: &[Assertion]) {
    let rows =
        assertions.iter().map(|a| vec![a.title.clone(), a.required.clone(), actual(a)]).collect();
    doc.table(&["what", "required", "actual"], rows);
}

/// What was found, with a mark that says whether it is enough.
fn actual(assertion: &Assertion) -> String {
    match &assertion.outcome {
        Outcome::Met => format!("{} ✓", assertion.actual),
        Outcome::NotMet(_) => format!("{} ✗", assertion.actual),
        Outcome::NotEstablished(reason) => format!("not established: {reason}"),
    }
}

/// The number that a check's id begins with.
fn number(assertion: &Assertion) -> String {
    let digits: String = assertion.id.chars().take_while(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').to_owned()
}

fn checks(doc: &mut Document, heading: &str, taken: Option<&[Assertion]>) {
    doc.heading(heading);
    match taken {
        None => doc.paragraph("Not taken."),
        Some([]) => doc.paragraph("The profile has no checks here."),
        Some(checks) => {
            let row =
                |a: &Assertion| vec![number(a), a.title.clone(), a.required.clone(), actual(a)];
            doc.table(&["#", "check", "required", "actual"], checks.iter().map(row).collect());
        }
    }
}

fn build(doc: &mut Document, run: &RunRecord) {
    doc.heading("Build");
    if let Some(work) = &run.by_hand {
        let time = |at: Option<jiff::Timestamp>| {
            at.map_or("—".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
        };
        doc.paragraph(format!(
            "The work was done by hand, with tools of one's own, from {} to {}. No script was run.",
            time(work.opened_at),
            time(work.closed_at)
        ));
    } else if run.build.is_empty() {
        doc.paragraph("The profile has no scripts.");
    } else {
        doc.table(
            &["script", "sha256", "transaction", "time", "outcome"],
            run.build.iter().map(script).collect(),
        );
    }
    match &run.proof {
        None => doc.paragraph("What the build changed on the clone was not established."),
        Some(proof) => {
            doc.paragraph("What the build changed on the clone, between entry and exit:");
            assertions(doc, proof);
        }
    }
    findings(doc, &run.clone_findings);
}

fn watch(doc: &mut Document, run: &RunRecord) {
    doc.heading("Isolation of the clone during the run");
    match &run.watch {
        None => doc.paragraph("Not watched to the end."),
        Some(watch) => assertions(doc, watch),
    }
}

fn script(script: &ScriptRecord) -> Vec<String> {
    let outcome = match &script.outcome {
        ScriptOutcome::NotRun => "not run".to_owned(),
        ScriptOutcome::Committed => "committed ✓".to_owned(),
        ScriptOutcome::RolledBack => "rolled back ✓".to_owned(),
        ScriptOutcome::Failed(why) => format!("failed, nothing committed: {why} ✗"),
        ScriptOutcome::Unknown(why) => format!("not established: {why}"),
    };
    let short = script.sha256.get(..12).unwrap_or(&script.sha256);
    vec![
        format!("`{}`", script.name),
        format!("`{short}…`"),
        script.transaction.map_or(String::new(), |xid| xid.to_string()),
        script.milliseconds.map_or(String::new(), |ms| format!("{ms} ms")),
        outcome,
    ]
}

fn rehearsal(doc: &mut Document, run: &RunRecord) {
    doc.heading("Rehearsal of the rollback");
    match &run.rehearsal {
        None => doc.paragraph("Not taken."),
        Some(rehearsal) => {
            doc.paragraph(format!(
                "On a scratch copy of the clone, `{}`. The clone itself was not rolled back.",
                rehearsal.scratch
            ));
            assertions(doc, &rehearsal.steps);
            findings(doc, &rehearsal.findings);
        }
    }
}

fn exit(doc: &mut Document, run: &RunRecord) {
    doc.heading("Production re-verification (exit)");
    match (&run.production_entry, &run.production_exit) {
        (Some(entry), Some(exit)) => {
            let line: Vec<String> =
                exit.iter().map(|a| format!("{} {}", a.title, a.actual)).collect();
            let moved: Vec<&Assertion> = exit
                .iter()
                .filter(|a| {
                    entry.iter().find(|e| e.id == a.id).map(|e| &e.actual) != Some(&a.actual)
                })
                .collect();
            let end = match moved.as_slice() {
                [] => "every reading identical to entry".to_owned(),
                moved => format!("{} of {} readings differ from entry", moved.len(), exit.len()),
            };
            doc.paragraph(format!("{} — {end}.", line.join(" · ")));
            let bad: Vec<Assertion> =
                exit.iter().filter(|a| a.outcome != Outcome::Met).cloned().collect();
            if !bad.is_empty() {
                let row = |a: &Assertion| {
                    let before = entry.iter().find(|e| e.id == a.id).map_or("", |e| &e.actual);
                    vec![
                        number(a),
                        a.title.clone(),
                        a.required.clone(),
                        before.to_owned(),
                        actual(a),
                    ]
                };
                doc.table(
                    &["#", "check", "required", "at entry", "at exit"],
                    bad.iter().map(row).collect(),
                );
            }
        }
        _ => doc.paragraph("Not taken: production was not read at exit."),
    }
    claim(doc, "The run wrote nothing on production:", run.wrote_nothing.as_deref());
    claim(doc, "Nothing changed on production:", run.nothing_changed.as_deref());
    findings(doc, &run.production_findings);
    checks(doc, "Clone re-verification (exit)", run.clone_exit.as_deref());
}

fn claim(doc: &mut Document, claim: &str, evidence: Option<&[Assertion]>) {
    match evidence {
        None => doc.lead(claim, "not established."),
        Some(evidence) => {
            let verdict = Verdict::of(evidence.iter().map(|a| a.outcome.verdict()));
            let word = match verdict {
                Verdict::Pass => "established.",
                Verdict::Inconclusive => "not established.",
                Verdict::Fail => "does not hold.",
            };
            doc.lead(claim, word);
            assertions(doc, evidence);
        }
    }
}

fn findings(doc: &mut Document, findings: &[Finding]) {
    let (organic, unexplained): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().partition(|f| f.disposition != Disposition::Unexplained);
    if !unexplained.is_empty() {
        doc.lead("Unexplained differences:", format!("{}.", unexplained.len()));
        finding_table(doc, &unexplained);
    }
    // What the build added is counted by the proof; declared changes of rows are worth a line each.
    let rows: Vec<&Finding> = organic.iter().copied().filter(|f| f.attribute != "exists").collect();
    if !rows.is_empty() {
        doc.lead("Declared differences:", format!("{}.", rows.len()));
        finding_table(doc, &rows);
    }
}

fn finding_table(doc: &mut Document, findings: &[&Finding]) {
    let row = |f: &&Finding| {
        vec![
            f.subject.clone(),
            f.attribute.clone(),
            f.before.clone(),
            f.after.clone(),
            f.witness.to_string(),
            f.note.clone(),
        ]
    };
    let rows = findings.iter().take(MAX_FINDINGS).map(row).collect();
    doc.table(&["what", "attribute", "at entry", "now", "witness", "note"], rows);
    if findings.len() > MAX_FINDINGS {
        doc.paragraph(format!(
            "… and {} more; run.json lists all of them.",
            findings.len() - MAX_FINDINGS
        ));
    }
}

fn authorization(doc: &mut Document, run: &RunRecord) {
    match (run.mode, &run.authorization) {
        (Mode::Persistent, Some(authorization)) => {
            doc.heading("Why persistent clone commits were authorized here");
            doc.paragraph(authorization.reason.clone());
            doc.paragraph(format!(
                "Authorized by {} ({}), until {}.",
                authorization.by,
                authorization.reference,
                authorization.expires.map_or("no time that it says".to_owned(), |t| t.to_string())
            ));
            doc.paragraph("It is bound to what was run, by SHA-256:");
            let bound = [("the profile", &authorization.profile)].into_iter();
            let bound = bound.filter_map(|(what, sha256)| Some((what.to_owned(), sha256.clone()?)));
            let scripts = authorization.scripts.iter().map(|(n, d)| (format!("`{n}`"), d.clone()));
            let row = |(what, sha256): (String, String)| vec![what, format!("`{sha256}`")];
            doc.table(&["what", "sha256"], bound.chain(scripts).map(row).collect());
        }
        (Mode::Persistent, None) => {
            doc.heading("Authorization");
            doc.paragraph("The scripts were committed and the record names no authorization.");
        }
        (Mode::Prototype, Some(authorization)) if !run.authorization_refused.is_empty() => {
            doc.heading("Why nothing was committed");
            doc.paragraph(format!(
                "The authorization by {} ({}) does not hold for this run, so it was a prototype run: the scripts share one transaction, which is rolled back.",
                authorization.by, authorization.reference
            ));
            doc.bullets(run.authorization_refused.clone());
        }
        (Mode::Prototype, _) => {
            doc.heading("Why nothing was committed");
            doc.paragraph(
"The profile authorizes no commits, so this was a prototype run: the scripts share one transaction, which is rolled back.",
            );
        }
    }
}
