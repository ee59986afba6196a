//! The rollback for real: the profile's rollback script, committed on the clone.

use std::time::Duration;

use clonegate_clone::{Ending, HoldError, OpenError};
use clonegate_store::Event;

use crate::channels::{chain, clone_settings, open_clone};
use crate::preflight::prepare;
use crate::run::{Gate, new_run_id};
use crate::{GateError, build, interrupted};

/// A rollback script that was committed.
#[derive(Debug)]
pub struct RolledBack {
    /// The script's name.
    pub script: String,
    /// Its transaction.
    pub transaction: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl Gate<'_> {
    /// Runs the rollback script on the clone and commits it.
    ///
    /// # Errors
    /// When it is missing or refused, when another run holds the clone, or when it fails; then
    /// nothing of it is committed, unless the error says otherwise.
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
        let channel = open_clone(self.profile, clone_settings(self.profile)?, &run).await.map_err(
            |e| match e {
                OpenError::Held(holder) => GateError::Held(holder),
                other => failed("the clone can't be opened")(Box::new(other)),
            },
        )?;
        let hold = match channel.hold().await {
            Ok(hold) => hold,
            Err(HoldError::Held(holder)) => return Err(GateError::Held(holder)),
            Err(error) => return Err(failed("the clone can't be held")(Box::new(error))),
        };
        match interrupted::close_earlier(self, &channel).await {
            // What they left is what is about to be taken back.
            Err(GateError::Interrupted(closed)) => {
                closed.iter().for_each(|run| self.observer.warning(&run.to_string()));
            }
            other => drop(other?),
        }
        let mut folder = self.store.begin(&run)?;
        folder.note(Event::RollbackBegun {
            profile: self.profile.path.display().to_string(),
            clone: self.profile.clone.database.as_database().clone(),
        })?;
        self.observer.step(&format!("running {}", script.name()));
        let scripts = std::slice::from_ref(&script);
        let ran = build::send(&mut folder, &self.stop, &channel, &script, scripts, Ending::Commit)
            .await?;
        hold.release().await;
        let outcome = match &ran {
            Ok(done) => format!("committed in transaction {}", done.transaction.xid),
            Err(error) => error.to_string(),
        };
        folder.note(Event::RollbackEnded { outcome })?;
        let done = ran.map_err(|e| failed("the rollback failed")(e))?;
        Ok(RolledBack {
            script: script.name().to_owned(),
            transaction: done.transaction.xid,
            elapsed: done.elapsed,
        })
    }
}
