//! The clone channel: runs guarded scripts on a clone through ssh, `docker exec` and psql.
//!
//! One verb: run this script ([`CloneChannel::run`]). Beside it, what a gate needs around it: readings in
//! a transaction that can't write ([`CloneChannel::read`]), a lock and a mark so that two gates can't use one clone
//! ([`CloneChannel::hold`], [`CloneChannel::mark`]), and scratch copies on which a rollback is rehearsed
//! ([`CloneChannel::create_scratch`]). That the guards hold is tried in each run, with texts that do no harm
//! where they don't ([`CloneChannel::control_connect`] and its neighbours, [`CloneChannel::knock`]).
//!
//! # How a script is run
//!
//! The far end of the way (this machine, a host behind ssh, a container on either) runs `sh` with a
//! wrapper, the wrapper runs psql. Over one stream of bytes go the script and, much later, COMMIT:
//!
//! 1. The wrapper reads as many bytes as the script has and computes their SHA-256. If either is not what
//!    was sent, psql is not started.
//! 2. psql is given, in this order: `\restrict`, which locks its meta-commands; BEGIN; the guard, which
//!    compares database, OID, system, postmaster, role and transaction with what was pinned when the
//!    channel was opened; the script, on a descriptor of its own; a row that says that the script's end was
//!    reached, and in which transaction; `SET CONSTRAINTS ALL IMMEDIATE`; the guard once more; then
//!    standard input.
//! 3. Only when the last row was heard, and its transaction is the one that the first row named, is COMMIT
//!    sent, followed by the question `pg_xact_status`. Its answer is the outcome.
//!
//! A connection that is cut at any byte therefore leaves nothing. Where the answer to COMMIT is lost, the
//! transaction's backend is ended and the server is asked anew: [`Outcome`] is what the server said, or
//! [`Outcome::Unknown`] with the reason.
//!
//! # How statements are read
//!
//! In a transaction that is READ ONLY, behind the same guard, rolled back. Starting a psql far away costs more than
//! most readings, so the psql of a reading is kept for the next one ([`CloneChannel::rest`] ends it): what is in no
//! transaction and was told `DISCARD ALL` has nothing left of the reading before. A guard that does not give its
//! word, an answer that is not the expected one, an error of the executor's own, a message that does not come: each
//! ends it, and the next reading starts another, which says why it can't read if it can't.
//!
//! # What the crate does not do
//!
//! It does not judge scripts (`clonegate-sql` does, and a channel takes nothing else than what it passed),
//! does not speak PostgreSQL's protocol, does not know the production channel, does not store anything, and
//! knows no way to skip the check of a host's key.

#[cfg(test)]
extern crate self as clonegate_clone;

mod archive;
mod channel;
mod control;
mod csv;
mod diagnostic;
mod hold;
mod keeper;
mod like;
mod maintenance;
mod mark;
mod program;
mod psql;
mod random;
mod read;
mod repeat;
mod scratch;
mod script;
mod settings;
mod shell;
mod statements;
mod tail;
mod transport;
mod watch;

#[cfg(test)]
mod unjudged;

pub use clonegate_model::Facts;

pub use archive::{ArchiveError, Kept, Piece, RestoreOptions};
pub use channel::{CloneChannel, OpenError, StatusError, XactStatus};
pub use control::{Control, Door, Knock, NotLetIn};
pub use diagnostic::Diagnostic;
pub use hold::{Hold, HoldError, Holder};
pub use keeper::{CronJobs, KeepError, Keeper, Standing};
pub use like::Like;
pub use maintenance::Room;
pub use mark::{Found, HeldFor, Mark, MarkError};
pub use psql::AskError;
pub use read::{ReadFailure, Readings};
pub use repeat::{Declared, RepeatError, Repeated};
pub use scratch::{Copied, Scratch, ScratchError};
pub use script::{
    Ending, ObserverError, Outcome, Output, ScriptError, ScriptFailure, ScriptRun, Step,
    Transaction,
};
pub use settings::{CloneSettings, ContainerName, ContainerNameError, Limits, SshSettings};
pub use transport::{SshError, StartError};
pub use watch::{Foreign, Watch, Watched};
