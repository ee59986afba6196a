//! Takes the clone: the lock, which ends with its session, and the mark, which stays until the run is over.

use clonegate_clone::{CloneChannel, Found, HeldFor, Hold, HoldError, Mark, MarkError};
use clonegate_model::{RunId, chain};
use clonegate_store::{Event, RunFolder, RunState, StoreError, this_process};
use jiff::Timestamp;

use crate::GateError;
use crate::run::Gate;

/// The clone's lock; `Err` says why it can't be asked for.
///
/// # Errors
/// [`GateError::Held`] where another run has it.
pub(crate) async fn lock(channel: &CloneChannel) -> Result<Result<Hold, String>, GateError> {
    match channel.hold(&this_process()).await {
        Ok(hold) => Ok(Ok(hold)),
        Err(HoldError::Held(holder)) => Err(GateError::Held(Box::new(holder))),
        Err(error) => Ok(Err(chain(&error))),
    }
}

/// Whether the clone is nobody's, by the mark that it carries. The mark of a run that is over in this store
/// is only forgotten, and is taken away.
///
/// # Errors
/// [`GateError::Marked`] where a run has it that is not over, as far as is known here.
pub(crate) async fn free(
    gate: &Gate<'_>,
    channel: &CloneChannel,
    hold: &mut Hold,
) -> Result<(), GateError> {
    let found = hold.mark_now().await.map_err(|e| not_asked("which run has the clone", e))?;
    let mark = match found {
        Found::Nobody => return Ok(()),
        Found::Unreadable(line) => return Err(GateError::UnreadableMark(line)),
        Found::Run(mark) => mark,
    };
    let state = gate.store.run(&mark.run)?.map(|stored| stored.state());
    if !matches!(state, Some(RunState::Ended(_) | RunState::Done)) {
        return Err(GateError::Marked { mark, state });
    }
    channel.unmark(hold, &mark.run).await.map_err(|e| not_asked("whose the clone is", e))?;
    gate.observer
        .warning(&format!("the clone still carried the mark of {}, which is over", mark.run));
    Ok(())
}

pub(crate) fn not_asked(
    what: &str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> GateError {
    let doing = format!("{what} can't be asked: {}", chain(&error));
    GateError::Clone { doing, source: Box::new(error) }
}

/// Marks the clone as this run's; the journal has it first. `Err` says why it can't be marked.
pub(crate) async fn mark(
    gate: &Gate<'_>,
    folder: &mut RunFolder,
    channel: &CloneChannel,
    hold: &Hold,
    held: HeldFor,
) -> Result<Result<(), String>, StoreError> {
    folder.note(Event::CloneMarking)?;
    let root = std::path::absolute(gate.store.root()).unwrap_or_else(|_| gate.store.root().into());
    let mark = Mark {
        run: folder.run().clone(),
        held,
        since: Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        owner: this_process(),
        store: root.display().to_string(),
    };
    match channel.mark(hold, &mark).await {
        Ok(()) => folder.note(Event::CloneMarked).map(Ok),
        Err(error) => Ok(Err(chain(&error))),
    }
}

/// Takes the mark away and frees the lock. What can't be taken away is said, and keeps no verdict back.
pub(crate) async fn give_back(
    gate: &Gate<'_>,
    folder: &mut RunFolder,
    channel: &CloneChannel,
    hold: Hold,
) -> Result<(), StoreError> {
    channel.rest().await;
    unmark(gate, folder.run().clone(), channel, &hold).await;
    hold.release().await;
    folder.note(Event::CloneUnmarked)
}

pub(crate) async fn unmark(gate: &Gate<'_>, run: RunId, channel: &CloneChannel, hold: &Hold) {
    match channel.unmark(hold, &run).await {
        Ok(()) => {}
        Err(MarkError::Another(mark)) => gate.observer.warning(&format!(
            "the clone no longer carried the mark of {run}, but this one: {mark}"
        )),
        Err(error) => gate.observer.warning(&format!(
            "the clone still carries the mark of {run}, which is over: {}; the next `clonegate gate` or `clonegate unlock` with this store takes it away",
            chain(&error)
        )),
    }
}
