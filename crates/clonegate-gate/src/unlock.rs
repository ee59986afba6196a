//! Who has the clone, and how it is freed.

use std::fmt;

use clonegate_clone::{CloneChannel, Found, Holder, Mark};
use clonegate_model::{RunId, chain};
use clonegate_store::{Event, Life, RunFolder, RunState, Store, life};

use crate::channels::{clone_settings, end_holder_of, holder_of, open_clone};
use crate::run::{Gate, new_run_id};
use crate::{GateError, take};

/// Whether a clone is taken from a run that is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force<'a> {
    /// Only what is known to be forgotten is taken away.
    No,
    /// Everything is, for this reason.
    Because(&'a str),
}

/// What was freed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unlocked {
    /// Nobody had the clone.
    Nobody,
    /// What was taken away, in words.
    Freed(Vec<String>),
}

/// Who has a clone, by the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockSeen {
    /// The session that has the lock.
    pub holder: Option<(Holder, Life)>,
}

impl fmt::Display for LockSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.holder {
            None => f.write_str("no session has the clone's lock"),
            Some((holder, life)) => write!(f, "{holder} has the clone's lock; {}", words(*life)),
        }
    }
}

fn words(life: Life) -> &'static str {
    match life {
        Life::Alive => "its process lives",
        Life::Gone => "its process is gone",
        Life::Unknown => "whether its process lives is not known here",
    }
}

/// Asks the server who has a profile's clone; changes nothing.
///
/// # Errors
/// When it can't be asked.
pub async fn lock_seen(
    profile: &clonegate_profile::Profile,
    store: &Store,
) -> Result<LockSeen, GateError> {
    let holder = match holder(profile, &new_run_id()?).await? {
        Some(holder) => {
            let life = life_of(store, &holder)?;
            Some((holder, life))
        }
        None => None,
    };
    Ok(LockSeen { holder })
}

async fn holder(
    profile: &clonegate_profile::Profile,
    run: &RunId,
) -> Result<Option<Holder>, GateError> {
    let asked = holder_of(&profile.limits, &clone_settings(&profile.clone)?, run).await;
    asked.map_err(|e| take::not_asked("who has the clone", e))
}

async fn open(
    profile: &clonegate_profile::Profile,
    run: &RunId,
) -> Result<CloneChannel, GateError> {
    open_clone(&profile.limits, clone_settings(&profile.clone)?, run).await.map_err(|e| {
        GateError::Clone {
            doing: format!("the clone can't be opened: {}", chain(&e)),
            source: Box::new(e),
        }
    })
}

fn run_of(holder: &Holder) -> Option<RunId> {
    holder.by.strip_prefix("clonegate/")?.parse().ok()
}

/// The lock on the run's folder is what counts, where the folder is here; else the process itself.
fn life_of(store: &Store, holder: &Holder) -> Result<Life, GateError> {
    if let Some(run) = run_of(holder)
        && let Some(stored) = store.run(&run)?
    {
        return Ok(if stored.owned { Life::Alive } else { Life::Gone });
    }
    Ok(holder.owner.as_ref().map_or(Life::Unknown, life))
}

impl Gate<'_> {
    /// Frees the clone: the lock of a session whose process is gone, and the mark of a run that is over.
    /// By force also what is alive, and the journal has the reason.
    ///
    /// # Errors
    /// [`GateError::Live`] and [`GateError::Marked`] where it is not freed without force.
    pub async fn unlock(&self, force: Force<'_>) -> Result<Unlocked, GateError> {
        let run = new_run_id()?;
        let holder = holder(self.profile, &run).await?;
        if let Some(holder) = &holder {
            let life = life_of(self.store, holder)?;
            if life != Life::Gone && force == Force::No {
                let (holder, owner) = (Box::new(holder.clone()), words(life).to_owned());
                return Err(GateError::Live { holder, owner });
            }
        }
        let mut freed = Vec::new();
        // The folder is made when there is something to write down.
        let mut folder: Option<RunFolder> = None;
        if let Some(holder) = holder {
            self.begin_unlock(&mut folder, &run, &holder.to_string(), force)?;
            let settings = clone_settings(&self.profile.clone)?;
            end_holder_of(&self.profile.limits, &settings, &run, &holder, run_of(&holder).as_ref())
                .await
                .map_err(|e| take::not_asked("whether the lock's session ended", e))?;
            freed.push(format!("the lock of {holder}"));
        }
        let channel = open(self.profile, &run).await?;
        let kept = self.free_mark(&channel, &run, force, &mut folder, &mut freed).await;
        if let Some(folder) = &mut folder {
            let mut outcome = match freed.as_slice() {
                [] => "nothing was taken away".to_owned(),
                freed => format!("taken away: {}", freed.join("; ")),
            };
            if let Err(error) = &kept {
                outcome.push_str(&format!("; left: {error}"));
            }
            folder.note(Event::UnlockEnded { outcome })?;
        }
        kept?;
        Ok(if freed.is_empty() { Unlocked::Nobody } else { Unlocked::Freed(freed) })
    }

    async fn free_mark(
        &self,
        channel: &CloneChannel,
        run: &RunId,
        force: Force<'_>,
        folder: &mut Option<RunFolder>,
        freed: &mut Vec<String>,
    ) -> Result<(), GateError> {
        let hold = match take::lock(channel).await? {
            Ok(hold) => hold,
            Err(why) => {
                let doing = "the clone's lock can't be taken".to_owned();
                return Err(GateError::Clone { doing, source: why.into() });
            }
        };
        let mark = match hold.found() {
            Found::Nobody => return Ok(()),
            Found::Unreadable(line) => return Err(GateError::UnreadableMark(line.clone())),
            Found::Run(mark) => mark.clone(),
        };
        let state = self.store.run(&mark.run)?.map(|stored| stored.state());
        let is_over = matches!(state, Some(RunState::Ended(_) | RunState::Done));
        if !is_over && force == Force::No {
            return Err(GateError::Marked { mark, state });
        }
        self.begin_unlock(folder, run, &describe(&mark), force)?;
        channel
            .unmark(&hold, &mark.run)
            .await
            .map_err(|e| take::not_asked("whether the mark is gone", e))?;
        freed.push(format!("the mark of {}", describe(&mark)));
        hold.release().await;
        Ok(())
    }

    fn begin_unlock(
        &self,
        folder: &mut Option<RunFolder>,
        run: &RunId,
        holder: &str,
        force: Force<'_>,
    ) -> Result<(), GateError> {
        let folder = match folder {
            Some(folder) => folder,
            None => folder.insert(self.store.begin(run)?),
        };
        folder.note(Event::UnlockBegun {
            clone: self.profile.clone.database.as_database().clone(),
            holder: holder.to_owned(),
            reason: match force {
                Force::No => None,
                Force::Because(reason) => Some(reason.to_owned()),
            },
        })?;
        Ok(())
    }
}

fn describe(mark: &Mark) -> String {
    format!("{} (since {}, {})", mark.run, mark.since, mark.owner)
}
