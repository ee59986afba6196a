//! The rollback for real: the profile's rollback script, committed on the clone, which must then be as it
//! was before the build.

use std::collections::BTreeMap;
use std::time::Duration;

use clonegate_clone::{CloneChannel, Ending, Found, Hold, OpenError};
use clonegate_diff::{Additions, Policy, diff_database};
use clonegate_model::{
    Assertion, Facts, Identity, Phase, ROLLBACK_FORMAT, RollbackRecord, RunId, ScriptOutcome,
    ScriptRecord, Snapshot, Target, Verdict, chain,
};
use clonegate_sql::{GuardedScript, Permitted};
use clonegate_store::{Event, RunFolder, StoreError, Stored};
use jiff::Timestamp;

use crate::channels::{clone_settings, open_held_clone};
use crate::preflight::prepare;
use crate::read::{self, Plans};
use crate::run::{Gate, new_run_id};
use crate::{GateError, build, exit, interrupted, take};

/// A rollback script that was committed.
#[derive(Debug)]
pub struct RolledBack {
    /// What was done and what is left.
    pub record: RollbackRecord,
    /// The rollback's folder, still this process' own.
    pub folder: RunFolder,
    /// Its transaction.
    pub transaction: u64,
    /// How long it took.
    pub elapsed: Duration,
}

/// A run whose build is on the clone, and the clone as it was before.
struct Built {
    run: RunId,
    entry: Result<Snapshot, StoreError>,
}

impl Gate<'_> {
    /// Runs the rollback script on the clone, commits it, and compares the clone with what it was before the
    /// build that is taken back.
    ///
    /// # Errors
    /// When the script is missing or refused, when another run holds the clone, or when it fails; then
    /// nothing of it is committed, unless the error says otherwise. A clone that is not as it was is no error:
    /// the record says so.
    pub async fn rollback(&self) -> Result<RolledBack, GateError> {
        let prepared = prepare(self.profile)?;
        let Some(script) = prepared.rollback else {
            return Err(GateError::Profile {
                problem: format!(
                    "the rollback script {} is missing",
                    self.profile.build.rollback_path.display()
                ),
                hint: "write it, or drop the clone and make it anew".to_owned(),
            });
        };
        let run = new_run_id()?;
        let failed = |doing: &str| {
            let doing = doing.to_owned();
            move |e: Box<dyn std::error::Error + Send + Sync>| GateError::Clone {
                doing: format!("{doing}: {}", chain(&*e)),
                source: e,
            }
        };
        let settings = clone_settings(&self.profile.clone)?;
        let opened = open_held_clone(&self.profile.limits, settings, &run).await;
        let (channel, held) = opened.map_err(|e| match e {
            OpenError::Held(holder) => GateError::Held(holder),
            other => failed("the clone can't be opened")(Box::new(other)),
        })?;
        let mut hold = held.map_err(|e| failed("the clone can't be held")(Box::new(e)))?;
        match interrupted::close_earlier(self, &channel, &mut hold).await {
            // What they left is what is about to be taken back.
            Err(GateError::Interrupted(closed)) => {
                closed.iter().for_each(|run| self.observer.warning(&run.to_string()));
            }
            other => drop(other?),
        }
        take::free(self, &channel, &mut hold).await?;
        let built = self.built(channel.identity())?;
        let mut folder = self.store.begin(&run)?;
        folder.note(Event::RollbackBegun {
            profile: self.profile.path.display().to_string(),
            clone: self.profile.clone.database.as_database().clone(),
        })?;
        let mut record = self.begin_rollback(&run, &script, built.as_ref());
        folder.store_rollback(&record)?;
        self.observer.step(&format!("running {}", script.name()));
        let scripts = std::slice::from_ref(&script);
        let ran = build::send(&mut folder, &self.stop, &channel, &script, scripts, Ending::Commit)
            .await?;
        let done = match ran {
            Ok(done) => done,
            Err(error) => {
                hold.release().await;
                record.script.outcome = ScriptOutcome::Failed(error.to_string());
                record.script.transaction = error.transaction.map(|t| t.xid);
                record.finished_at = Some(Timestamp::now());
                folder.store_rollback(&record)?;
                folder.note(Event::RollbackEnded { outcome: error.to_string() })?;
                return Err(failed("the rollback failed")(error));
            }
        };
        record.script.outcome = ScriptOutcome::Committed;
        record.script.transaction = Some(done.transaction.xid);
        record.script.milliseconds = u64::try_from(done.elapsed.as_millis()).ok();
        let outcome = format!("committed in transaction {}", done.transaction.xid);
        // From here on the journal says that it is done, whatever becomes of the proof.
        folder.note(Event::RollbackEnded { outcome })?;
        folder.store_rollback(&record)?;
        self.observer.step("comparing the clone with what it was before the build");
        self.proof(&channel, &mut hold, built, &mut folder, &mut record).await?;
        channel.rest().await;
        hold.release().await;
        record.finished_at = Some(Timestamp::now());
        folder.store_rollback(&record)?;
        let (transaction, elapsed) = (done.transaction.xid, done.elapsed);
        Ok(RolledBack { record, folder, transaction, elapsed })
    }

    fn begin_rollback(
        &self,
        run: &RunId,
        script: &GuardedScript,
        built: Option<&Built>,
    ) -> RollbackRecord {
        RollbackRecord {
            format: ROLLBACK_FORMAT,
            run: run.clone(),
            gate: self.profile.name.clone(),
            clone: self.profile.clone.database.as_database().clone(),
            started_at: Timestamp::now(),
            finished_at: None,
            script: ScriptRecord {
                name: script.name().to_owned(),
                sha256: script.sha256().to_owned(),
                bytes: script.bytes(),
                outcome: ScriptOutcome::NotRun,
                transaction: None,
                milliseconds: None,
            },
            takes_back: built.map(|b| b.run.clone()),
            steps: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// The first run since the last rollback that may have committed something on this clone: what it read at
    /// entry is what the clone was before.
    fn built(&self, clone: &Identity) -> Result<Option<Built>, StoreError> {
        let name = &clone.database;
        let of_clone = |stored: &&Stored| {
            stored.journal.iter().any(|e| {
                matches!(&e.event, Event::RunBegun { clone, .. } | Event::RollbackBegun { clone, .. } if clone == name)
            })
        };
        let mut first: Option<Built> = None;
        for stored in self.store.runs()?.iter().filter(of_clone) {
            let any = |is: fn(&Event) -> bool| stored.journal.iter().any(|e| is(&e.event));
            let rolled_back = any(
                |e| matches!(e, Event::RollbackEnded { outcome } if outcome.starts_with("committed")),
            );
            // One that left something has still to be made good.
            let whole =
                || self.store.rollback(&stored.run).is_ok_and(|r| r.verdict() == Verdict::Pass);
            if rolled_back && whole() {
                first = None;
            }
            let committed = !any(|e| matches!(e, Event::RollbackBegun { .. }))
                && any(|e| matches!(e, Event::ScriptClosed { ending, .. } if ending == "commit"));
            if committed && first.is_none() {
                let entry = self.store.snapshot(&stored.run, Target::Clone, Phase::Entry);
                // A clone of the same name that is gone says nothing about this one.
                if entry.as_ref().is_ok_and(|e| !e.identity.is_same_database(clone)) {
                    continue;
                }
                first = Some(Built { run: stored.run.clone(), entry });
            }
        }
        Ok(first)
    }

    /// That the clone is as it was before the build, and was this command's while that was read.
    async fn proof(
        &self,
        channel: &CloneChannel,
        hold: &mut Hold,
        built: Option<Built>,
        folder: &mut RunFolder,
        record: &mut RollbackRecord,
    ) -> Result<(), GateError> {
        let (id, required) = ("rollback-equal", "no difference");
        let mut title = "the clone is as it was before the build".to_owned();
        let mut steps = Vec::new();
        match built {
            None => {
                let why = "no run in this store has committed anything on this clone, so there is nothing to compare it with";
                steps.push(Assertion::not_established(id, title, required, why));
            }
            Some(Built { run, entry }) => {
                title.push_str(&format!(", at entry of run {run}"));
                match self.read_against(channel, entry, &record.run).await {
                    Err(why) => steps.push(Assertion::not_established(id, title, required, why)),
                    Ok((entry, after)) => {
                        folder.store_snapshot(&after)?;
                        let (row, findings) = self.equal(id, title, &entry, &after);
                        let waive = &self.profile.clone.waive;
                        steps.extend([row, exit::coverage("rollback-coverage", &after, waive)]);
                        record.findings = findings;
                    }
                }
            }
        }
        let (id, title, required) =
            ("rollback-held", "the clone was this command's throughout", "held");
        // A rollback has the lock and no mark: it is over when this process is.
        steps.push(match hold.mark_now().await {
            Ok(Found::Nobody) => Assertion::decide(id, title, required, "held", Ok(())),
            Ok(Found::Run(mark)) => {
                let why = format!("the clone is marked as the run {}'s", mark.run);
                Assertion::not_established(id, title, required, why)
            }
            Ok(Found::Unreadable(line)) => {
                let why = format!("the clone carries a mark that can't be read: {line}");
                Assertion::not_established(id, title, required, why)
            }
            Err(error) => Assertion::not_established(id, title, required, chain(&error)),
        });
        record.steps = steps;
        Ok(())
    }

    async fn read_against(
        &self,
        channel: &CloneChannel,
        entry: Result<Snapshot, StoreError>,
        run: &RunId,
    ) -> Result<(Snapshot, Snapshot), String> {
        let entry = entry.map_err(|e| chain(&e))?;
        let (production, clone) = (&self.profile.production.witness, &self.profile.clone.witness);
        let plans = Plans::new(production, clone, self.depth).map_err(|e| e.to_string())?;
        let terms = read::Terms { facts: &Facts::none(), permitted: &Permitted::nothing() };
        let after =
            read::clone(channel, &[], terms, run, Phase::Exit, Some(&entry), &plans).await?;
        Ok((entry, after))
    }

    fn equal(
        &self,
        id: &str,
        title: String,
        entry: &Snapshot,
        after: &Snapshot,
    ) -> (Assertion, Vec<clonegate_model::Finding>) {
        let required = "no difference";
        let organic = BTreeMap::new();
        let policy = Policy { organic: &organic, additions: Additions::Unexplained };
        match diff_database(entry, after, policy) {
            Err(error) => {
                (Assertion::not_established(id, title, required, error.to_string()), Vec::new())
            }
            Ok(findings) => {
                let different = findings.iter().filter(|f| f.verdict() != Verdict::Pass).count();
                let actual = format!(
                    "{} definitions, {} relations, {} sequences compared, {different} differ",
                    after.catalog.len(),
                    after.relations.len(),
                    after.sequences.len()
                );
                let holds = if different == 0 {
                    Ok(())
                } else {
                    Err(format!("{different} differences are left"))
                };
                (Assertion::decide(id, title, required, actual, holds), findings)
            }
        }
    }
}
