//! Long runs: entry now, and the rest when the work is done.

use clonegate_clone::HeldFor;
use clonegate_model::{ByHand, Mode, RunId, RunRecord};
use clonegate_store::Event;
use jiff::Timestamp;

use crate::run::{Begun, Earlier, Finished, Gate, Halt, Passage};
use crate::{Closed, GateError};

/// What came of opening a run.
#[derive(Debug)]
pub enum Opened {
    /// Entry is complete, and the clone is the run's until it is closed.
    Open {
        /// The run.
        run: RunId,
        /// Earlier runs that had been killed, and were closed on the way.
        closed: Vec<Closed>,
    },
    /// It ended at entry; the record says why.
    Ended(Box<Finished>),
}

/// Work by hand is committed, so somebody must have allowed that; and the profile's scripts are not run.
pub(crate) fn prescribe(record: &mut RunRecord) -> Result<(), GateError> {
    if record.mode == Mode::Prototype {
        return Err(GateError::Profile {
            problem: "what is done by hand between open and close is committed, and the profile authorizes no commits".to_owned(),
            hint: "write [build.authorization], or let `clonegate gate` run the scripts and roll them back".to_owned(),
        });
    }
    record.build.clear();
    record.by_hand = Some(ByHand { opened_at: None, closed_at: None });
    Ok(())
}

impl Gate<'_> {
    /// Takes preflight and entry, and leaves the clone to whoever works on it. It stays the run's, by the
    /// mark on it, until [`Gate::close`] or [`Gate::abandon`]; no process and no session waits for that.
    ///
    /// # Errors
    /// As [`Gate::run`]; a profile that authorizes no commits is at fault.
    pub async fn open(&self) -> Result<Opened, GateError> {
        let Begun { run, prepared, plans, mut folder, mut record, clone, closed } =
            self.begin(HeldFor::Work).await?;
        let (channel, hold) = match clone {
            Ok(clone) => clone,
            Err(why) => {
                let halted = Err(Halt::Stopped(why));
                let finished = self.finish(folder, record, None, halted, closed).await?;
                return Ok(Opened::Ended(Box::new(finished)));
            }
        };
        let mut passage = Passage {
            gate: self,
            run: &run,
            folder: &mut folder,
            record: &mut record,
            plans,
            earlier: Earlier::default(),
            weight: Err("nothing was done yet".to_owned()),
            watch: None,
        };
        let halted = match passage.enter(&channel, &prepared).await {
            Ok((production, _)) => {
                production.close().await;
                passage.go_on()
            }
            Err(halt) => Err(halt),
        };
        if halted.is_err() {
            let clone = Some((channel, hold));
            let finished = self.finish(folder, record, clone, halted, closed).await?;
            return Ok(Opened::Ended(Box::new(finished)));
        }
        record.by_hand = Some(ByHand { opened_at: Some(Timestamp::now()), closed_at: None });
        folder.store_record(&record)?;
        folder.note(Event::RunOpened)?;
        channel.rest().await;
        hold.release().await;
        Ok(Opened::Open { run, closed })
    }
}
