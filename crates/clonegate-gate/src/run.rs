//! One passage through the gate.

use std::collections::BTreeMap;

use clonegate_clone::{CloneChannel, Hold, HoldError, OpenError};
use clonegate_model::{
    Across, Assertion, Check, Covered, Facts, Outcome, Phase, RUN_FORMAT, RunId, RunRecord,
    ScriptOutcome, ScriptRecord, Snapshot, TargetRecord, Verdict,
};
use clonegate_probe::ProductionChannel;
use clonegate_profile::Profile;
use clonegate_store::{Event, RunFolder, Store, StoreError};
use jiff::Timestamp;

use crate::channels::{self, chain, clone_record, clone_settings, production_record};
use crate::preflight::{Prepared, prepare};
use crate::proof::Weight;
use crate::read::{self, Plans};
use crate::{
    Closed, GateError, Observer, Stop, authorization, build, controls, exit, interrupted,
    rehearsal, separation, watch,
};

/// A profile, where its evidence goes, and who is told.
pub struct Gate<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// Where the evidence goes.
    pub store: &'a Store,
    /// Who is told.
    pub observer: &'a dyn Observer,
    /// How the run is asked to stop.
    pub stop: Stop,
    /// How deep the witnesses look.
    pub depth: Depth,
}

/// How deep the witnesses look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// As the profile says.
    Usual,
    /// The digest of every relation's contents.
    Deep,
}

/// A run that was completed, whatever its verdict.
#[derive(Debug)]
pub struct Finished {
    /// Everything that a report says.
    pub record: RunRecord,
    /// The run's folder, still this process' own.
    pub folder: RunFolder,
    /// Earlier runs that had been killed, and were closed on the way.
    pub closed: Vec<Closed>,
}

/// Why the phases ended before the last one.
pub(crate) enum Halt {
    /// The run can't go on; its record says why.
    Stopped(String),
    /// The evidence can't be stored.
    Store(StoreError),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Halt::Store(error)
    }
}

pub(crate) fn new_run_id() -> Result<RunId, GateError> {
    clonegate_query::new_run_id().map_err(|e| GateError::Random(e.to_string()))
}

impl Gate<'_> {
    /// Takes the profile through all phases.
    ///
    /// # Errors
    /// [`GateError`] where there is nothing to record: a profile at fault, a clone that is held, an
    /// earlier run that was killed, evidence that can't be stored. Everything else, a failed
    /// connection too, is a record with its verdict.
    pub async fn run(&self) -> Result<Finished, GateError> {
        let prepared = prepare(self.profile)?;
        let settings = clone_settings(self.profile)?;
        let run = new_run_id()?;
        let (production, clone) = (&self.profile.production, &self.profile.clone);
        let plans = Plans::new(&production.witness, &clone.witness, self.depth)?;
        self.observer.step("connecting to the clone");
        let clone = channels::open_clone(self.profile, settings, &run).await;
        // The lock comes before the run's folder: a run that may not begin leaves nothing behind.
        let hold = match &clone {
            Ok(channel) => match channel.hold().await {
                Err(HoldError::Held(holder)) => return Err(GateError::Held(holder)),
                Ok(hold) => Ok(hold),
                Err(error) => Err(chain(&error)),
            },
            Err(OpenError::Held(holder)) => return Err(GateError::Held(holder.clone())),
            Err(error) => Err(chain(error)),
        };
        let closed = match &clone {
            Ok(channel) => interrupted::close_earlier(self, channel).await?,
            Err(_) => Vec::new(),
        };
        let mut folder = self.store.begin(&run)?;
        let mut record = self.begin_record(&run, prepared.assertions.clone(), &prepared);
        folder.note(Event::RunBegun {
            profile: self.profile.path.display().to_string(),
            mode: record.mode,
            production: self.profile.production.database.clone(),
            clone: self.profile.clone.database.as_database().clone(),
        })?;
        folder.store_record(&record)?;
        let opened = match (clone, hold) {
            (Ok(channel), Ok(hold)) => Ok((channel, hold)),
            (_, Err(why)) => Err(format!("the clone can't be used: {why}")),
            (Err(error), _) => Err(format!("the clone can't be used: {}", chain(&error))),
        };
        let halted = match opened {
            Ok((channel, mut hold)) => {
                let mut passage = Passage {
                    gate: self,
                    run: &run,
                    folder: &mut folder,
                    record: &mut record,
                    plans,
                    weight: Err("nothing was built".to_owned()),
                    watch: None,
                };
                let halted = passage.phases(&channel, &mut hold, &prepared).await;
                hold.release().await;
                halted
            }
            Err(why) => Err(Halt::Stopped(why)),
        };
        match halted {
            Ok(()) => {}
            Err(Halt::Stopped(why)) => record.stopped = Some(why),
            Err(Halt::Store(source)) => {
                let committed =
                    record.build.iter().filter(|s| s.outcome == ScriptOutcome::Committed);
                return Err(GateError::Unrecorded {
                    committed: committed.map(|s| s.name.clone()).collect(),
                    clone: record.clone.database.clone(),
                    source,
                });
            }
        }
        record.finished_at = Some(Timestamp::now());
        folder.store_record(&record)?;
        folder.note(Event::RunEnded { verdict: record.verdict() })?;
        Ok(Finished { record, folder, closed })
    }

    fn begin_record(
        &self,
        run: &RunId,
        preflight: Vec<Assertion>,
        prepared: &Prepared,
    ) -> RunRecord {
        let profile = self.profile;
        let authorization = profile.build.authorization.clone();
        let (mode, authorization_refused) = authorization::mode(profile, Timestamp::now());
        let build = prepared.scripts.iter().map(|script| ScriptRecord {
            name: script.name().to_owned(),
            sha256: script.sha256().to_owned(),
            bytes: script.bytes(),
            outcome: ScriptOutcome::NotRun,
            transaction: None,
            milliseconds: None,
        });
        RunRecord {
            format: RUN_FORMAT,
            run: run.clone(),
            gate: profile.name.clone(),
            title: profile.title.clone(),
            clonegate: env!("CARGO_PKG_VERSION").to_owned(),
            mode,
            started_at: Timestamp::now(),
            finished_at: None,
            profile_sha256: profile.sha256.clone(),
            authorization,
            authorization_refused,
            production: TargetRecord {
                database: profile.production.database.clone(),
                channel: production_record(profile, None),
                identity: None,
            },
            clone: TargetRecord {
                database: profile.clone.database.as_database().clone(),
                channel: clone_record(profile, None),
                identity: None,
            },
            preflight,
            controls: None,
            production_entry: None,
            clone_entry: None,
            build: build.collect(),
            proof: None,
            watch: None,
            clone_findings: Vec::new(),
            rehearsal: None,
            production_exit: None,
            clone_exit: None,
            production_findings: Vec::new(),
            wrote_nothing: None,
            nothing_changed: None,
            waived: Vec::new(),
            stopped: None,
        }
    }
}

/// A run on its way: what each phase needs.
pub(crate) struct Passage<'a> {
    pub(crate) gate: &'a Gate<'a>,
    pub(crate) run: &'a RunId,
    pub(crate) folder: &'a mut RunFolder,
    pub(crate) record: &'a mut RunRecord,
    pub(crate) plans: Plans,
    /// The clone before and after the scripts.
    pub(crate) weight: Result<(Weight, Weight), String>,
    /// Who looks after the clone's isolation, until the exit.
    pub(crate) watch: Option<watch::Begun>,
}

impl Passage<'_> {
    async fn phases(
        &mut self,
        clone: &CloneChannel,
        hold: &mut Hold,
        prepared: &Prepared,
    ) -> Result<(), Halt> {
        let profile = self.gate.profile;
        self.record.clone.channel = clone_record(profile, Some(clone));
        self.record.clone.identity = Some(clone.identity().clone());
        self.watch = Some(watch::begin(clone).await);
        self.gate.observer.step("connecting to production");
        let production = channels::open_production(profile, self.run).await.map_err(|e| {
            // A role that is no reader is a requirement that is not met, and not only a
            // connection that did not come about.
            if let Some(attestation) = e.attestation() {
                self.record.preflight.extend(separation::attested(Ok(attestation)));
                return Halt::Stopped(
                    "production was not read: its role could do more than that".to_owned(),
                );
            }
            Halt::Stopped(e.to_string())
        })?;
        self.record.production.channel = production_record(profile, Some(&production));
        self.record.production.identity = Some(production.identity().clone());

        authorization::by_the_servers(self.record, &production, clone).await;
        for why in &self.record.authorization_refused {
            self.gate.observer.warning(&format!(
                "nothing will be committed: the authorization does not hold: {why}"
            ));
        }

        let (production_entry, clone_entry) = self.entry(&production, clone, prepared).await?;
        self.go_on()?;

        self.begin(Phase::Build)?;
        let built = build::run(self, clone, &prepared.scripts).await;
        self.folder.store_record(self.record)?;
        built?;

        self.begin(Phase::Rehearsal)?;
        // After a failed script the clone is at a prefix of the build; the exit is what matters then.
        let built = self.record.build.iter().all(|s| s.outcome.verdict() == Verdict::Pass);
        if let (true, Some(rollback)) = (built, &prepared.rollback) {
            let rehearsed = rehearsal::run(self, clone, prepared, rollback, &clone_entry).await?;
            self.record.rehearsal = Some(rehearsed);
            self.folder.store_record(self.record)?;
        }

        self.begin(Phase::Exit)?;
        exit::run(self, &production, clone, hold, (&production_entry, &clone_entry), prepared)
            .await?;
        production.close().await;
        Ok(())
    }

    /// Notes a phase's beginning, unless the run was asked to stop.
    fn begin(&mut self, phase: Phase) -> Result<(), Halt> {
        self.go_on()?;
        self.folder.note(Event::PhaseBegun { phase })?;
        self.gate.observer.phase(phase);
        Ok(())
    }

    /// Whether the run was asked to stop.
    pub(crate) fn go_on(&self) -> Result<(), Halt> {
        if self.gate.stop.requested() {
            return Err(Halt::Stopped("the run was stopped by a signal".to_owned()));
        }
        Ok(())
    }

    /// What the checks are told.
    pub(crate) fn facts(&self, prepared: &Prepared) -> Facts {
        let committed =
            self.record.build.iter().filter(|s| s.outcome == ScriptOutcome::Committed).count();
        let mut told =
            vec![("run", self.run.to_string()), ("scripts_committed", committed.to_string())];
        if let Some(rollback) = &prepared.rollback {
            told.push(("rollback_script", rollback.name().to_owned()));
            told.push(("rollback_sha256", rollback.sha256().to_owned()));
        }
        let mut facts = Facts::none();
        for (name, value) in told {
            // A value that can't be published leaves its setting NULL, and checks fail on that.
            if let Err(error) = facts.set(name, value) {
                self.gate.observer.warning(&error.to_string());
            }
        }
        facts
    }

    async fn entry(
        &mut self,
        production: &ProductionChannel,
        clone: &CloneChannel,
        prepared: &Prepared,
    ) -> Result<(Snapshot, Snapshot), Halt> {
        let profile = self.gate.profile;
        self.begin(Phase::Entry)?;
        let facts = self.facts(prepared);
        let terms = read::Terms { facts: &facts, permitted: &prepared.permitted };
        let attested = Ok(production.attestation());
        self.record.preflight.extend(separation::rows(profile, production, attested, clone).await);
        self.gate.observer.step("trying the guards");
        self.record.controls = Some(controls::rows(profile, self.run, production, clone).await);

        self.gate.observer.step("reading production");
        let checks = &profile.production.checks;
        let production_entry =
            read::production(production, checks, terms, self.run, Phase::Entry, None, &self.plans)
                .await
                .map_err(|why| {
                    Halt::Stopped(format!("production could not be read at entry: {why}"))
                })?;
        self.folder.store_snapshot(&production_entry)?;
        self.record.production_entry = Some(judge(checks, &production_entry, None));

        self.gate.observer.step("reading the clone");
        let checks = &profile.clone.checks;
        let clone_entry =
            read::clone(clone, checks, terms, self.run, Phase::Entry, None, &self.plans)
                .await
                .map_err(|why| {
                    Halt::Stopped(format!("the clone could not be read at entry: {why}"))
                })?;
        self.folder.store_snapshot(&clone_entry)?;
        self.record.clone_entry = Some(judge(checks, &clone_entry, None));

        self.unused(
            "production",
            &profile.production.organic,
            &profile.production.waive,
            &production_entry,
        );
        self.unused("clone", &profile.clone.organic, &profile.clone.waive, &clone_entry);
        self.note_waivers(&production_entry, &profile.production.waive);
        self.note_waivers(&clone_entry, &profile.clone.waive);
        // What has no baseline at entry can't be proven at exit: better to find out before anything
        // is committed.
        let coverage = [
            exit::coverage("coverage-production", &production_entry, &profile.production.waive),
            exit::coverage("coverage-clone", &clone_entry, &profile.clone.waive),
        ];
        self.record.preflight.extend(coverage);
        self.folder.store_record(self.record)?;
        let unasked = |checks: &Option<Vec<Assertion>>| checks.as_ref().is_none_or(Vec::is_empty);
        if unasked(&self.record.production_entry) || unasked(&self.record.clone_entry) {
            let why = "the profile has no checks for both databases, so nothing was run";
            return Err(Halt::Stopped(why.to_owned()));
        }
        let unmet =
            self.record.assertions().find(|a| a.outcome != Outcome::Met).map(|a| a.title.clone());
        if let Some(title) = unmet {
            return Err(Halt::Stopped(format!(
                "the run stopped at entry, before anything was touched, because of: {title}"
            )));
        }
        Ok((production_entry, clone_entry))
    }
}

impl Passage<'_> {
    /// Records which gaps of a snapshot the profile waived.
    pub(crate) fn note_waivers(&mut self, snapshot: &Snapshot, waive: &BTreeMap<String, String>) {
        for line in snapshot.coverage.iter().filter(|c| matches!(c.covered, Covered::Gap(_))) {
            if let Some(reason) = waive.get(&line.subject) {
                let said = format!("{} on {}: {reason}", line.subject, snapshot.target);
                if !self.record.waived.contains(&said) {
                    self.record.waived.push(said);
                }
            }
        }
    }

    /// Says which names of the profile's policy mean nothing: a misspelt one explains nothing.
    fn unused(
        &self,
        target: &str,
        organic: &BTreeMap<String, Across>,
        waive: &BTreeMap<String, String>,
        snapshot: &Snapshot,
    ) {
        let there = |name: &String| {
            snapshot.relations.iter().any(|r| r.name == *name)
                || snapshot.sequences.iter().any(|s| s.name == *name)
                || snapshot.coverage.iter().any(|c| c.subject == *name)
        };
        for name in organic.keys().chain(waive.keys()).filter(|name| !there(name)) {
            self.gate.observer.warning(&format!(
                "the profile names {name} for {target}, and there is nothing of that name"
            ));
        }
    }
}

/// Holds a snapshot's readings against their requirements and, at exit, against entry.
pub(crate) fn judge(
    checks: &[Check],
    snapshot: &Snapshot,
    entry: Option<&Snapshot>,
) -> Vec<Assertion> {
    let asked = checks.iter().filter(|c| c.phases.contains(&snapshot.phase));
    asked
        .map(|check| {
            let find = |s: &Snapshot| {
                s.readings.iter().find(|r| r.check == check.id).map(|r| r.taken.clone())
            };
            let taken = find(snapshot);
            let now = taken.as_ref().map_or(Err("it was not asked"), |t| t.as_result());
            let mut assertion = check.judge(now);
            let compares = entry.is_some() && check.phases.contains(&Phase::Entry);
            if assertion.outcome == Outcome::Met && compares {
                let before = entry.and_then(find);
                let before =
                    before.as_ref().map_or(Err("it was not asked at entry"), |t| t.as_result());
                assertion.outcome = match (before, now) {
                    (Ok(before), Ok(now)) => check.across.judge(before, now),
                    (Err(why), _) | (_, Err(why)) => {
                        Outcome::NotEstablished(format!("there is no reading of entry: {why}"))
                    }
                };
            }
            assertion
        })
        .collect()
}
