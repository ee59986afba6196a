//! One passage through the gate.

use std::collections::BTreeMap;

use clonegate_clone::{CloneChannel, HeldFor, Hold, OpenError};
use clonegate_model::{
    Across, Assertion, Check, Covered, Facts, Footprint, Mode, Outcome, Phase, RUN_FORMAT, RunId,
    RunRecord, ScriptOutcome, ScriptRecord, Snapshot, TargetRecord, Verdict, Weight, chain,
};
use clonegate_probe::ProductionChannel;
use clonegate_profile::Profile;
use clonegate_store::{Event, RunFolder, Store, StoreError};
use jiff::Timestamp;

use crate::channels::{self, clone_record, clone_settings, production_record};
use crate::preflight::{Prepared, prepare};
use crate::read::{self, Plans};
use crate::{
    Closed, GateError, Observer, Stop, authorization, build, controls, exit, interrupted, open,
    proof, rehearsal, separation, take, watch,
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
    /// The same, hashed where both databases can be: on their servers.
    Comparable,
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

/// A run that has its folder, and the clone where that could be had.
pub(crate) struct Begun {
    pub(crate) run: RunId,
    pub(crate) prepared: Prepared,
    pub(crate) plans: Plans,
    pub(crate) folder: RunFolder,
    pub(crate) record: RunRecord,
    /// The channel and the lock, or why there are none.
    pub(crate) clone: Result<(CloneChannel, Hold), String>,
    pub(crate) closed: Vec<Closed>,
}

impl Gate<'_> {
    /// Takes the profile through all phases.
    ///
    /// # Errors
    /// [`GateError`] where there is nothing to record: a profile at fault, a clone that is held, an
    /// earlier run that was killed, evidence that can't be stored. Everything else, a failed
    /// connection too, is a record with its verdict.
    pub async fn run(&self) -> Result<Finished, GateError> {
        let Begun { run, prepared, plans, mut folder, mut record, clone, closed } =
            self.begin(HeldFor::Gate).await?;
        let earlier = Earlier::default();
        let (clone, halted) = match clone {
            Ok((channel, mut hold)) => {
                let mut passage = Passage {
                    gate: self,
                    run: &run,
                    folder: &mut folder,
                    record: &mut record,
                    plans,
                    earlier,
                    weight: Err("nothing was built".to_owned()),
                    watch: None,
                };
                let halted = passage.phases(&channel, &mut hold, &prepared).await;
                (Some((channel, hold)), halted)
            }
            Err(why) => (None, Err(Halt::Stopped(why))),
        };
        self.finish(folder, record, clone, halted, closed).await
    }

    /// Connects to the clone, takes its lock, ends what was killed there, makes the run's folder, and
    /// marks the clone.
    pub(crate) async fn begin(&self, held: HeldFor) -> Result<Begun, GateError> {
        let prepared = prepare(self.profile)?;
        let settings = clone_settings(&self.profile.clone)?;
        let run = new_run_id()?;
        let (production, clone) = (&self.profile.production, &self.profile.clone);
        let plans = Plans::new(&production.witness, &clone.witness, self.depth)?;
        let mut record = self.begin_record(&run, prepared.assertions.clone(), &prepared);
        if held == HeldFor::Work {
            open::prescribe(&mut record)?;
        }
        self.observer.step("connecting to the clone");
        // The lock comes before the run's folder: a run that may not begin leaves nothing behind.
        let mut closed = Vec::new();
        let clone = match channels::open_held_clone(&self.profile.limits, settings, &run).await {
            Ok((channel, Ok(mut hold))) => {
                closed = interrupted::close_earlier(self, &channel, &mut hold).await?;
                take::free(self, &channel, &mut hold).await?;
                Ok((channel, hold))
            }
            Ok((_, Err(error))) => Err(chain(&error)),
            Err(OpenError::Held(holder)) => return Err(GateError::Held(holder)),
            Err(error) => Err(chain(&error)),
        };
        let mut folder = self.store.begin(&run)?;
        let profile = std::path::absolute(&self.profile.path);
        folder.note(Event::RunBegun {
            profile: profile.as_ref().unwrap_or(&self.profile.path).display().to_string(),
            mode: record.mode,
            production: self.profile.production.database.clone(),
            clone: self.profile.clone.database.as_database().clone(),
        })?;
        folder.store_record(&record)?;
        let clone = match clone {
            Ok((channel, hold)) => take::mark(self, &mut folder, &channel, &hold, held)
                .await?
                .map(|()| (channel, hold)),
            Err(why) => Err(why),
        };
        let clone = clone.map_err(|why| format!("the clone can't be used: {why}"));
        Ok(Begun { run, prepared, plans, folder, record, clone, closed })
    }

    /// Completes the record, gives the clone back, and ends the journal.
    pub(crate) async fn finish(
        &self,
        mut folder: RunFolder,
        mut record: RunRecord,
        clone: Option<(CloneChannel, Hold)>,
        halted: Result<(), Halt>,
        closed: Vec<Closed>,
    ) -> Result<Finished, GateError> {
        match halted {
            Ok(()) => {}
            Err(Halt::Stopped(why)) => record.stopped = Some(why),
            Err(Halt::Store(source)) => return Err(unrecorded(&record, source)),
        }
        record.finished_at = Some(Timestamp::now());
        let stored = folder.store_record(&record);
        stored.map_err(|source| unrecorded(&record, source))?;
        if let Some((channel, hold)) = clone {
            let given = take::give_back(self, &mut folder, &channel, hold).await;
            given.map_err(|source| unrecorded(&record, source))?;
        }
        let ended = folder.note(Event::RunEnded { verdict: record.verdict() });
        ended.map_err(|source| unrecorded(&record, source))?;
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
            by_hand: None,
            weight: None,
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
    pub(crate) earlier: Earlier,
    /// The clone behind the scripts.
    pub(crate) weight: Result<Weight, String>,
    /// Who looks after the clone's isolation, until the exit.
    pub(crate) watch: Option<watch::Begun>,
}

/// What earlier processes of the run had asked of production.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Earlier {
    /// What they asserted.
    pub(crate) asserted: Footprint,
    /// How often one was killed while it read production.
    pub(crate) unasserted: u64,
}

fn unrecorded(record: &RunRecord, source: StoreError) -> GateError {
    let committed = record.build.iter().filter(|s| s.outcome == ScriptOutcome::Committed);
    GateError::Unrecorded {
        committed: committed.map(|s| s.name.clone()).collect(),
        clone: record.clone.database.clone(),
        source,
    }
}

impl Passage<'_> {
    async fn phases(
        &mut self,
        clone: &CloneChannel,
        hold: &mut Hold,
        prepared: &Prepared,
    ) -> Result<(), Halt> {
        let (production, entry) = self.enter(clone, prepared).await?;
        self.go_on()?;
        self.build(clone, prepared).await?;
        self.rehearse(clone, prepared, &entry.1).await?;
        self.exit(&production, clone, hold, (&entry.0, &entry.1), prepared).await?;
        production.close().await;
        Ok(())
    }

    /// Connects to production, and takes both snapshots of entry.
    pub(crate) async fn enter(
        &mut self,
        clone: &CloneChannel,
        prepared: &Prepared,
    ) -> Result<(ProductionChannel, (Snapshot, Snapshot)), Halt> {
        let profile = self.gate.profile;
        self.record.clone.channel = clone_record(profile, Some(clone));
        self.record.clone.identity = Some(clone.identity().clone());
        // On the clone nothing is done before somebody looks after it; connecting to production is elsewhere.
        let (watch, production) = tokio::join!(watch::begin(clone), self.connect(Phase::Entry));
        self.watch = Some(watch);
        let production = production?;
        self.record.production.identity = Some(production.identity().clone());
        authorization::by_the_servers(self.record, &production, clone).await;
        let refused = self.record.authorization_refused.clone();
        for why in &refused {
            self.gate.observer.warning(&format!(
                "nothing will be committed: the authorization does not hold: {why}"
            ));
        }
        if self.record.by_hand.is_some() && self.record.mode == Mode::Prototype {
            return Err(Halt::Stopped(format!(
                "work by hand is committed, and the authorization does not hold: {}",
                refused.join("; ")
            )));
        }
        let entry = self.entry(&production, clone, prepared).await?;
        // A number that can't be had is missing where a bound is held against it.
        self.record.weight = proof::weigh(clone).await.ok();
        self.folder.store_record(self.record)?;
        self.asserted(&production)?;
        Ok((production, entry))
    }

    /// Opens the production channel; the journal has it first.
    pub(crate) async fn connect(&mut self, phase: Phase) -> Result<ProductionChannel, Halt> {
        self.gate.observer.step("connecting to production");
        self.folder.note(Event::ProductionRead { phase })?;
        let profile = self.gate.profile;
        let opened =
            channels::open_production(&profile.production, &profile.limits, self.run).await;
        let error = match opened {
            Ok(production) => {
                self.record.production.channel = production_record(profile, Some(&production));
                return Ok(production);
            }
            Err(error) => error,
        };
        // A role that is no reader is a requirement that is not met, and not only a connection that did not
        // come about.
        if let Some(attestation) = error.attestation() {
            self.record.preflight.extend(separation::attested(Ok(attestation)));
            return Err(Halt::Stopped(
                "production was not read: its role could do more than that".to_owned(),
            ));
        }
        // Nothing was asked through a channel that was not opened.
        self.folder.note(Event::ProductionAsserted { transactions: 0, asserted_without_xid: 0 })?;
        Err(Halt::Stopped(error.to_string()))
    }

    /// Notes what the production channel has asserted so far.
    pub(crate) fn asserted(&mut self, production: &ProductionChannel) -> Result<(), StoreError> {
        let footprint = production.footprint();
        self.folder.note(Event::ProductionAsserted {
            transactions: footprint.transactions,
            asserted_without_xid: footprint.asserted_without_xid,
        })
    }

    /// The scripts that are not done yet.
    pub(crate) async fn build(
        &mut self,
        clone: &CloneChannel,
        prepared: &Prepared,
    ) -> Result<(), Halt> {
        self.begin(Phase::Build)?;
        let built = build::run(self, clone, &prepared.scripts).await;
        self.folder.store_record(self.record)?;
        built
    }

    pub(crate) async fn rehearse(
        &mut self,
        clone: &CloneChannel,
        prepared: &Prepared,
        entry: &Snapshot,
    ) -> Result<(), Halt> {
        self.begin(Phase::Rehearsal)?;
        // After a failed script the clone is at a prefix of the build; the exit is what matters then.
        let built = self.record.build.iter().all(|s| s.outcome.verdict() == Verdict::Pass);
        if let (true, Some(rollback)) = (built, &prepared.rollback) {
            let rehearsed = rehearsal::run(self, clone, prepared, rollback, entry).await?;
            self.record.rehearsal = Some(rehearsed);
            self.folder.store_record(self.record)?;
        }
        Ok(())
    }

    pub(crate) async fn exit(
        &mut self,
        production: &ProductionChannel,
        clone: &CloneChannel,
        hold: &mut Hold,
        entry: (&Snapshot, &Snapshot),
        prepared: &Prepared,
    ) -> Result<(), Halt> {
        self.begin(Phase::Exit)?;
        exit::run(self, production, clone, hold, entry, prepared).await
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
        if self.record.by_hand.as_ref().is_some_and(|work| work.closed_at.is_some()) {
            told.push(("worked_by_hand", "yes".to_owned()));
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
        self.gate.observer.step("trying the guards");
        let (separated, controls) = tokio::join!(
            separation::rows(profile, production, attested, clone),
            controls::rows(profile, self.run, production, clone)
        );
        self.record.preflight.extend(separated);
        self.record.controls = Some(controls);

        // Nothing is changed yet, so that neither has to wait for the other.
        self.gate.observer.step("reading production and the clone");
        let checks = (&profile.production.checks, &profile.clone.checks);
        let (run, phase, plans) = (self.run, Phase::Entry, &self.plans);
        let (production_entry, clone_entry) = tokio::join!(
            read::production(production, checks.0, terms, run, phase, None, plans),
            read::clone(clone, checks.1, terms, run, phase, None, plans)
        );
        let unread = |which: &str, why: String| {
            Halt::Stopped(format!("{which} could not be read at entry: {why}"))
        };
        let production_entry = production_entry.map_err(|why| unread("production", why))?;
        self.folder.store_snapshot(&production_entry)?;
        self.record.production_entry = Some(judge(checks.0, &production_entry, None));
        let clone_entry = clone_entry.map_err(|why| unread("the clone", why))?;
        self.folder.store_snapshot(&clone_entry)?;
        self.record.clone_entry = Some(judge(checks.1, &clone_entry, None));

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
