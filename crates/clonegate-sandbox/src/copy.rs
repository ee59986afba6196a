//! Copies a database through `pg_dump | psql`, between servers or within one.

use std::os::fd::OwnedFd;
use std::process::Stdio;

use crate::command::{CommandError, Group};
use crate::psql::{Psql, SCRIPT_LIMIT};

/// A copy that was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// The source could not be read. What the target was given of it may be kept there.
    #[error("can't read the database that was to be copied")]
    Dump(#[source] CommandError),
    /// The target refused something; nothing is kept there.
    #[error("can't restore the copy")]
    Restore(#[source] CommandError),
    /// Neither end worked, and each may be the other's reason.
    #[error("can't copy: {dump}; and {restore}")]
    Both {
        /// How reading failed.
        dump: CommandError,
        /// How restoring failed.
        restore: CommandError,
    },
}

/// Copies a database into an empty one, without owners and privileges, in one transaction and with
/// `ON_ERROR_STOP=1`. `CREATE DATABASE … TEMPLATE` would need everybody disconnected from the source.
///
/// # Errors
/// When either program fails. Both exit statuses count: psql is content with half a dump.
pub async fn copy_database(
    source: &Psql,
    source_database: &str,
    target: &Psql,
    target_database: &str,
) -> Result<(), CopyError> {
    let dump_what = format!("pg_dump of {source_database}");
    let mut dump =
        Group::spawn(&mut source.pg_dump(source_database), &dump_what).map_err(CopyError::Dump)?;
    let stdout = dump.child.stdout.take().expect("stdout was asked for as a pipe");
    let pipe: OwnedFd = stdout.into_owned_fd().map_err(|source| {
        CopyError::Dump(CommandError::Talk { what: dump_what.clone(), source })
    })?;

    let restore_what = format!("psql restoring {target_database}");
    let mut psql = target.psql(target_database);
    // Besides a result set for every setval the dump has nothing to say on stdout.
    psql.arg("--single-transaction").stdin(Stdio::from(pipe)).stdout(Stdio::null());
    let restore = Group::spawn(&mut psql, &restore_what).map_err(CopyError::Restore)?;
    // The command keeps its end of the pipe open otherwise, and pg_dump would never learn that psql is gone.
    drop(psql);

    let (dumped, restored) = tokio::join!(
        dump.end(&dump_what, b"", SCRIPT_LIMIT),
        restore.end(&restore_what, b"", SCRIPT_LIMIT),
    );
    match (dumped, restored) {
        (Ok(_), Ok(_)) => Ok(()),
        (Err(dump), Ok(_)) => Err(CopyError::Dump(dump)),
        (Ok(_), Err(restore)) => Err(CopyError::Restore(restore)),
        (Err(dump), Err(restore)) => Err(CopyError::Both { dump, restore }),
    }
}
