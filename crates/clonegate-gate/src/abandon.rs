//! Ends a run without its exit, because somebody says so.

use clonegate_model::{RunId, chain};
use clonegate_store::{Event, Taking, this_process};

use crate::channels::{clone_settings, open_clone};
use crate::interrupted::{Reached, Why, end, take_up};
use crate::run::{Gate, new_run_id};
use crate::{Closed, GateError, take};

impl Gate<'_> {
    /// Ends a run that was killed or is open, without its exit: it can't PASS. Its sessions are ended, its
    /// scratch copies dropped, and what it committed stays and is named. Where the clone can't be reached
    /// the run ends all the same, and nothing is claimed of the clone.
    ///
    /// # Errors
    /// When there is no such run, it is over or in progress, another run has the clone, or the evidence
    /// can't be stored.
    pub async fn abandon(&self, run: &RunId, reason: &str) -> Result<Closed, GateError> {
        let settings = clone_settings(&self.profile.clone)?;
        let (stored, mut folder) = take_up(self.store, run)?;
        let of = self.profile.clone.database.as_database();
        if stored.clone_database().is_some_and(|clone| clone != of) {
            return Err(GateError::NotSafe {
                run: run.clone(),
                why: format!("the profile's clone is {of}, and not the one that it worked on"),
                next: "name its profile with --config".to_owned(),
            });
        }
        self.observer.step("connecting to the clone");
        // A name of its own: the run's own sessions are about to be ended.
        let opened = open_clone(&self.profile.limits, settings, &new_run_id()?).await;
        let mut reached = match &opened {
            Ok(channel) => {
                // The run's lock may still be held by a session that nobody hears any more.
                channel.end_sessions_of(run).await.map_err(|e| {
                    take::not_asked(&format!("what the sessions of {run} still do"), e)
                })?;
                take::lock(channel).await?.map(|hold| (channel, hold))
            }
            Err(error) => Err(format!("the clone can't be reached: {}", chain(error))),
        };
        folder
            .note(Event::RunTaken { by: this_process(), to: Taking::Abandon(reason.to_owned()) })?;
        let clone = match &mut reached {
            Ok((channel, hold)) => Ok(Reached { channel, hold }),
            Err(why) => Err(why.clone()),
        };
        let closed = end(self, &stored, folder, clone, Why::Abandoned(reason.to_owned())).await?;
        if let Ok((_, hold)) = reached {
            hold.release().await;
        }
        Ok(closed)
    }
}
