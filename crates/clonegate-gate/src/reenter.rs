//! Takes up a run again: one that was killed goes on or is closed, one that is open is closed.

use clonegate_clone::{CloneChannel, Found, Hold};
use clonegate_model::{
    Assertion, Facts, Outcome, Phase, RunId, RunRecord, ScriptOutcome, Snapshot, Target, Verdict,
    chain,
};
use clonegate_sql::Permitted;
use clonegate_store::{Event, Kind, Progress, RunFolder, Taking, this_process};
use jiff::Timestamp;

use crate::channels::{self, clone_settings};
use crate::forgotten::drop_forgotten;
use crate::interrupted::{read_record, take_up};
use crate::preflight::prepare;
use crate::read::{Plans, Terms};
use crate::run::{Earlier, Finished, Gate, Halt, Passage};
use crate::settle::{self, settle};
use crate::{GateError, authorization, proof, take, watch};

/// Other sessions on the clone.
const SESSIONS: &str = include_str!("../../../sql/engine/witness/activity.sql");

/// Which of the two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    Resume,
    Close,
}

impl Gate<'_> {
    /// A run that was killed goes on where its journal and the server say that it was, with the snapshots of
    /// its entry: no script is run that is committed, and each that is not is run.
    ///
    /// # Errors
    /// [`GateError::NotSafe`] where that can't be done safely: the profile or a script is another one, a
    /// database is, or what became of a script is not known. The run stays as it is then.
    pub async fn resume(&self, run: &RunId) -> Result<Finished, GateError> {
        self.reenter(run, Command::Resume).await
    }

    /// Completes a run that is open or was killed: no script is run; what is missing of rehearsal, proof and
    /// exit is taken, and the verdict is what that gives.
    ///
    /// # Errors
    /// [`GateError::NotSafe`] as for [`Gate::resume`], and [`GateError::Busy`] while somebody is connected to
    /// the clone of an open run. The run stays as it is then.
    pub async fn close(&self, run: &RunId) -> Result<Finished, GateError> {
        self.reenter(run, Command::Close).await
    }

    async fn reenter(&self, run: &RunId, command: Command) -> Result<Finished, GateError> {
        let prepared = prepare(self.profile)?;
        let settings = clone_settings(&self.profile.clone)?;
        let (production, clone) = (&self.profile.production, &self.profile.clone);
        let plans = Plans::new(&production.witness, &clone.witness, self.depth)?;
        let (stored, mut folder) = take_up(self.store, run)?;
        let progress = stored.progress();
        let unsafe_because = |why: String, next: &str| GateError::NotSafe {
            run: run.clone(),
            why,
            next: next.replace("RUN", run.as_str()),
        };
        if stored.kind() == Some(Kind::Rollback) {
            let why = "it was a rollback that was killed".to_owned();
            return Err(unsafe_because(why, "run `clonegate rollback` again"));
        }
        let Some(mut record) = read_record(self.store, run)? else {
            return Err(unsafe_because(NOTHING_TOUCHED.to_owned(), ABANDON));
        };
        self.same_profile(&record).map_err(|why| unsafe_because(why, RESTORE))?;
        let is_open = progress.opened_at.is_some();
        if command == Command::Resume && record.by_hand.is_some() {
            let why = "work was done by hand".to_owned();
            return Err(unsafe_because(why, "close it with `clonegate close RUN`"));
        }
        let is_complete = record.finished_at.is_some();
        let is_built =
            matches!(progress.phase, Some(Phase::Build | Phase::Rehearsal | Phase::Exit));
        if !is_complete && !is_open && !is_built {
            return Err(unsafe_because(NOTHING_TOUCHED.to_owned(), ABANDON));
        }

        self.observer.step("connecting to the clone");
        let channel =
            channels::open_clone(&self.profile.limits, settings, run).await.map_err(|e| {
                GateError::Clone {
                    doing: format!("the clone can't be opened: {}", chain(&e)),
                    source: Box::new(e),
                }
            })?;
        let known = record.clone.identity.as_ref();
        if !known.is_some_and(|known| known.is_same_database(channel.identity())) {
            let why = "the clone is another database now".to_owned();
            return Err(unsafe_because(why, ABANDON));
        }
        // Its own lock may still be held by a session that nobody hears any more, and a script of it may
        // still be at work. That the process is gone is known by the lock on its folder.
        channel
            .end_sessions_of(run)
            .await
            .map_err(|e| take::not_asked(&format!("what the sessions of {run} still do"), e))?;
        let hold = match take::lock(&channel).await? {
            Ok(hold) => hold,
            Err(why) => {
                return Err(unsafe_because(format!("the clone can't be held: {why}"), AGAIN));
            }
        };
        match hold.found() {
            Found::Run(mark) if mark.run == *run => {}
            Found::Run(mark) => {
                let state = self.store.run(&mark.run)?.map(|stored| stored.state());
                return Err(GateError::Marked { mark: mark.clone(), state });
            }
            Found::Unreadable(line) => return Err(GateError::UnreadableMark(line.clone())),
            // It was complete, and the mark was the last thing to go.
            Found::Nobody if is_complete => {}
            Found::Nobody if command == Command::Resume => {
                let why =
                    "the clone no longer carries its mark, so others may have had it".to_owned();
                return Err(unsafe_because(why, CLOSE));
            }
            // The proof says that it was not held throughout.
            Found::Nobody => {}
        }
        if is_complete {
            return self.complete(folder, record, channel, hold).await;
        }
        if is_open {
            self.nobody_is_there(&channel).await?;
        }
        let entry = entry_of(&folder, &progress).map_err(|why| unsafe_because(why, ABANDON))?;
        let met = entry_parts(&record).all(|a| a.outcome == Outcome::Met);
        if command == Command::Resume && !met {
            let why = "not everything that is required at entry holds".to_owned();
            return Err(unsafe_because(why, CLOSE));
        }
        let settled = settle(&progress, Ok(&channel)).await;
        let unknown = settled.iter().find(|s| matches!(s.fate, settle::Fate::Unknown(_)));
        if let (Command::Resume, Some(script)) = (command, unknown) {
            let why = format!("{} is {}", script.script, script.fate.words());
            return Err(unsafe_because(why, CLOSE));
        }

        folder.note(Event::RunTaken {
            by: this_process(),
            to: match command {
                Command::Resume => Taking::Resume,
                Command::Close => Taking::Close,
            },
        })?;
        settle::write(&mut record, &progress, &settled);
        drop_forgotten(self, &channel).await;
        let killed_at = stored.journal.last().map(|e| e.at);
        match &mut record.by_hand {
            Some(work) => work.closed_at = Some(Timestamp::now()),
            None => record.preflight.push(taken_up(command, killed_at)),
        }
        folder.store_record(&record)?;

        let passage = Passage {
            gate: self,
            run,
            folder: &mut folder,
            record: &mut record,
            plans,
            earlier: Earlier { asserted: progress.asserted, unasserted: progress.unasserted },
            weight: proof::weigh(&channel).await,
            watch: None,
        };
        let mut hold = hold;
        let halted = go_on(passage, &channel, &mut hold, &prepared, &entry, command).await;
        channel.rest().await;
        match halted {
            // What can't be reached now may be there later: the run stays as it is.
            Err(Stopped::Before(why)) => Err(unsafe_because(why, AGAIN)),
            // Whoever asked it to stop has not asked for its end.
            Err(Stopped::Halt(Halt::Stopped(why))) if self.stop.requested() => {
                folder.store_record(&record)?;
                hold.release().await;
                Err(unsafe_because(why, AGAIN))
            }
            Err(Stopped::Halt(halt)) => {
                self.finish(folder, record, Some((channel, hold)), Err(halt), Vec::new()).await
            }
            Ok(()) => self.finish(folder, record, Some((channel, hold)), Ok(()), Vec::new()).await,
        }
    }

    /// Only the last line of the journal was missing.
    async fn complete(
        &self,
        mut folder: RunFolder,
        record: RunRecord,
        channel: CloneChannel,
        hold: Hold,
    ) -> Result<Finished, GateError> {
        take::give_back(self, &mut folder, &channel, hold).await?;
        folder.note(Event::RunEnded { verdict: record.verdict() })?;
        Ok(Finished { record, folder, closed: Vec::new() })
    }

    fn same_profile(&self, record: &RunRecord) -> Result<(), String> {
        if self.profile.sha256 == record.profile_sha256 {
            return Ok(());
        }
        let changed: Vec<&str> = record
            .build
            .iter()
            .filter(|was| {
                let now = self.profile.build.scripts.iter().find(|s| s.name == was.name);
                now.is_none_or(|now| !was.sha256.eq_ignore_ascii_case(&sha256(&now.text)))
            })
            .map(|was| was.name.as_str())
            .collect();
        let which = if changed.is_empty() {
            "the profile, its checks or its rollback script".to_owned()
        } else {
            changed.join(", ")
        };
        Err(format!("changed since it began: {which}"))
    }

    /// The rehearsal copies the clone, which nobody may be connected to; and who still works has not ended.
    async fn nobody_is_there(&self, channel: &CloneChannel) -> Result<(), GateError> {
        let terms = Terms { facts: &Facts::none(), permitted: &Permitted::nothing() };
        let asked = channels::read_all(channel, &[SESSIONS.to_owned()], terms).await.pop();
        let reading = match asked {
            Some(Ok(reading)) => reading,
            Some(Err(why)) => return Err(sessions_not_asked(why)),
            None => return Err(sessions_not_asked("no answer".to_owned())),
        };
        let sessions: Vec<String> = reading
            .rows
            .iter()
            .map(|row| {
                let text = |name: &str| {
                    let at = reading.columns.iter().position(|c| c == name);
                    at.and_then(|at| row.get(at)).map(ToString::to_string).unwrap_or_default()
                };
                format!("{} of {} (backend {})", text("application"), text("role"), text("pid"))
            })
            .collect();
        if sessions.is_empty() { Ok(()) } else { Err(GateError::Busy(sessions)) }
    }
}

fn sessions_not_asked(why: String) -> GateError {
    GateError::Clone {
        doing: "who is connected to the clone can't be asked".to_owned(),
        source: why.into(),
    }
}

const NOTHING_TOUCHED: &str =
    "it was killed before its entry was complete, and had touched nothing";
const ABANDON: &str = "end it with `clonegate abandon RUN --reason TEXT`, then run the gate again";
const CLOSE: &str =
    "`clonegate close RUN` takes its exit, `clonegate abandon RUN --reason TEXT` ends it without";
const RESTORE: &str =
    "restore what it began with, or end it with `clonegate abandon RUN --reason TEXT`";
const AGAIN: &str = "try it again, or end it with `clonegate abandon RUN --reason TEXT`";

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

fn entry_parts(record: &RunRecord) -> impl Iterator<Item = &Assertion> {
    let checks = [&record.production_entry, &record.clone_entry];
    record.preflight.iter().chain(checks.into_iter().flatten().flatten())
}

/// The snapshots of entry, as the journal says that they were stored.
fn entry_of(folder: &RunFolder, progress: &Progress) -> Result<(Snapshot, Snapshot), String> {
    let read = |target: Target| {
        let noted = progress
            .snapshot(target, Phase::Entry)
            .ok_or_else(|| format!("{target} was not read at entry"))?;
        let stored = folder.snapshot_digest(target, Phase::Entry).map_err(|e| chain(&e))?;
        if stored != noted.sha256 {
            return Err(format!(
                "the snapshot of {target} at entry is not the one that was stored then"
            ));
        }
        folder.snapshot(target, Phase::Entry).map_err(|e| chain(&e))
    };
    Ok((read(Target::Production)?, read(Target::Clone)?))
}

/// A row of the report: that the run is of more than one piece.
fn taken_up(command: Command, killed_at: Option<Timestamp>) -> Assertion {
    let word = match command {
        Command::Resume => "resumed",
        Command::Close => "closed",
    };
    let time = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    let killed = killed_at.map(time).unwrap_or_default();
    Assertion::decide(
        "taken-up",
        "the run was killed, and taken up again by its journal and what the server says",
        "the same profile, clone and entry",
        format!("its journal ends at {killed}; {word} at {}", time(Timestamp::now())),
        Ok(()),
    )
}

/// Why the run did not come to its end.
enum Stopped {
    /// Before anything was done.
    Before(String),
    Halt(Halt),
}

impl From<Halt> for Stopped {
    fn from(halt: Halt) -> Self {
        Stopped::Halt(halt)
    }
}

async fn go_on(
    mut passage: Passage<'_>,
    clone: &CloneChannel,
    hold: &mut Hold,
    prepared: &crate::preflight::Prepared,
    entry: &(Snapshot, Snapshot),
    command: Command,
) -> Result<(), Stopped> {
    let why = match passage.record.by_hand {
        Some(_) => {
            "the clone was handed over for work by hand, and nobody looked until it was closed"
        }
        None => "the run was killed, and nobody looked until it was taken up again",
    };
    passage.watch = Some(watch::begin_late(clone, why.to_owned()).await);
    let phase = if command == Command::Resume { Phase::Build } else { Phase::Exit };
    let production = match passage.connect(phase).await {
        Ok(production) => production,
        Err(Halt::Stopped(why)) => return Err(Stopped::Before(why)),
        Err(halt) => return Err(Stopped::Halt(halt)),
    };
    passage.asserted(&production).map_err(Halt::Store)?;
    let known = passage.record.production.identity.as_ref();
    if !known.is_some_and(|known| known.is_same_database(production.identity())) {
        let why = "production is another database now than at entry".to_owned();
        return Err(Stopped::Before(why));
    }
    if command == Command::Resume {
        let mode = passage.record.mode;
        authorization::by_the_servers(passage.record, &production, clone).await;
        if passage.record.mode != mode {
            passage.record.mode = mode;
            let why = std::mem::take(&mut passage.record.authorization_refused).join("; ");
            let why = format!("the authorization does not hold any more: {why}");
            return Err(Stopped::Before(why));
        }
    }
    let is_over = |outcome: &ScriptOutcome| match outcome {
        ScriptOutcome::Committed | ScriptOutcome::RolledBack => true,
        ScriptOutcome::Failed(_) | ScriptOutcome::NotRun | ScriptOutcome::Unknown(_) => false,
    };
    let build = &passage.record.build;
    let failed = build.iter().any(|s| matches!(s.outcome, ScriptOutcome::Failed(_)));
    let all_done = build.iter().all(|s| is_over(&s.outcome));
    if command == Command::Resume && !failed && !all_done {
        passage.build(clone, prepared).await?;
    }
    let rehearsed = passage.record.rehearsal.as_ref();
    if rehearsed
        .is_none_or(|r| Verdict::of(r.steps.iter().map(|s| s.outcome.verdict())) != Verdict::Pass)
    {
        passage.rehearse(clone, prepared, &entry.1).await?;
    }
    passage.exit(&production, clone, hold, (&entry.0, &entry.1), prepared).await?;
    production.close().await;
    Ok(())
}
