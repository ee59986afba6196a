//! Archives of `pg_dump -Fc`, on their way into a clone and out of one.
//!
//! An archive travels in pieces, and is whole only where its last piece is [`Piece::End`]: a sender that is
//! gone without it means that what sent it failed, and then nothing counts as restored.

use std::time::Duration;

use clonegate_model::CloneName;
use tokio::sync::mpsc;

use crate::keeper::Keeper;
use crate::program::{last_said, reaching, wrapped};
use crate::psql::{Outside, Session};
use crate::random::token;
use crate::shell::{WRAPPER, status};
use crate::tail::Tail;
use crate::transport::{Ended, Event, Process, StartError};

/// A part of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// More of it.
    Bytes(Vec<u8>),
    /// All of it was sent, and whatever made it ended well.
    End,
}

/// Whose the restored objects are, and who may use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// As the archive says; the role must be able to give things away.
    Yes,
    /// Everything is the role's own, or nothing is granted.
    No,
}

/// How an archive is restored.
#[derive(Debug, Clone, Copy)]
pub struct RestoreOptions {
    /// Owners.
    pub owners: Kept,
    /// Grants.
    pub privileges: Kept,
    /// How long it may take.
    pub deadline: Duration,
}

/// Why an archive is not where it should be.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The program could not be started.
    #[error("{program} could not be started")]
    Start {
        /// The program.
        program: &'static str,
        /// Why.
        #[source]
        source: StartError,
    },
    /// The program is not where it was looked for.
    #[error("there is no {program} where the clone is; install PostgreSQL's client programs there")]
    Missing {
        /// The program that was looked for.
        program: String,
    },
    /// The program failed.
    #[error("{program} failed: {said}")]
    Failed {
        /// The program.
        program: &'static str,
        /// The first error that it named.
        said: String,
    },
    /// The archive ended before its end.
    #[error("the archive did not arrive whole")]
    Cut,
    /// It took too long.
    #[error("{program} was not done within {}", crate::script::seconds(*.deadline))]
    Deadline {
        /// The program.
        program: &'static str,
        /// How long was waited.
        deadline: Duration,
    },
    /// This machine has no random numbers.
    #[error("this machine gives no random numbers")]
    Random(#[source] std::io::Error),
}

impl Keeper {
    /// Restores an archive into a clone. The first error ends it, and what is there then is no copy.
    ///
    /// # Errors
    /// See [`ArchiveError`].
    #[tracing::instrument(name = "restore an archive", skip_all, fields(clone = %clone))]
    pub async fn restore(
        &self,
        clone: &CloneName,
        pieces: mpsc::Receiver<Piece>,
        options: RestoreOptions,
    ) -> Result<(), ArchiveError> {
        let program = "pg_restore";
        // pg_restore's own words: nothing of an archive is ever read by a psql, whose meta-commands a
        // hostile source could put into it.
        let mut words = vec!["--exit-on-error", "-w", "--no-publications", "--no-subscriptions"];
        if options.owners == Kept::No {
            words.push("--no-owner");
        }
        if options.privileges == Kept::No {
            words.push("--no-privileges");
        }
        let deadline = options.deadline;
        let work = async {
            let process = self.start(program, &words, clone, Outside::Writes, deadline).await?;
            feed(process, pieces).await
        };
        let late = ArchiveError::Deadline { program, deadline };
        tokio::time::timeout(deadline, work).await.unwrap_or(Err(late))
    }

    /// Dumps a clone into pieces.
    ///
    /// # Errors
    /// See [`ArchiveError`]. [`Piece::End`] is sent only where there was none.
    #[tracing::instrument(name = "dump a clone", skip_all, fields(clone = %clone))]
    pub async fn dump(
        &self,
        clone: &CloneName,
        pieces: mpsc::Sender<Piece>,
        deadline: Duration,
    ) -> Result<(), ArchiveError> {
        let program = "pg_dump";
        let words = ["-Fc", "-w", "--no-publications", "--no-subscriptions"];
        let work = async {
            let process = self.start(program, &words, clone, Outside::ReadOnly, deadline).await?;
            collect(process, pieces).await
        };
        let late = ArchiveError::Deadline { program, deadline };
        tokio::time::timeout(deadline, work).await.unwrap_or(Err(late))
    }

    async fn start(
        &self,
        program: &'static str,
        words: &[&str],
        clone: &CloneName,
        outside: Outside,
        deadline: Duration,
    ) -> Result<Process, ArchiveError> {
        let at = &self.at;
        let nonce = token().map_err(ArchiveError::Random)?;
        let application = at.run.application_name();
        let session = Session {
            database: clone.as_str(),
            role: &at.settings.role,
            application: &application,
            statement_timeout: deadline,
            outside,
            settings: Vec::new(),
        };
        let mut argv = vec![at.settings.beside_psql(program)];
        argv.extend(words.iter().map(|word| (*word).to_owned()));
        argv.extend(reaching(&at.settings, &at.settings.role));
        argv.extend(["-d".to_owned(), clone.to_string()]);
        let arguments = wrapped(&session, &at.settings, &at.limits, &nonce, argv);
        at.link.count_session(clone.as_str());
        let started = at.link.start(WRAPPER, &arguments).await;
        started.map_err(|source| ArchiveError::Start { program, source })
    }
}

fn ended(program: &'static str, ended: &Ended, said: &Tail) -> Result<(), ArchiveError> {
    match ended {
        Ended::Code(0) => Ok(()),
        Ended::Code(status::NO_PSQL) => Err(ArchiveError::Missing { program: program.to_owned() }),
        Ended::Code(_) => Err(ArchiveError::Failed { program, said: last_said(&said.text()) }),
        Ended::Lost(why) => Err(ArchiveError::Failed { program, said: why.clone() }),
    }
}

async fn feed(mut process: Process, mut pieces: mpsc::Receiver<Piece>) -> Result<(), ArchiveError> {
    let mut said = Tail::new(64 * 1024);
    let mut pending: Option<Vec<u8>> = None;
    let mut whole = false;
    let how = loop {
        let room = process.room();
        tokio::select! {
            event = process.event() => match event {
                Event::Stdout(_) => {}
                Event::Stderr(bytes) => said.push(&bytes),
                Event::Ended(how) => break how,
            },
            piece = pieces.recv(), if !whole && pending.is_none() => match piece {
                Some(Piece::Bytes(bytes)) => pending = Some(bytes),
                Some(Piece::End) => {
                    whole = true;
                    process.close_input();
                }
                // Dropping the process ends it, and its open statement with it.
                None => return Err(ArchiveError::Cut),
            },
            Some(room) = room, if pending.is_some() => {
                if let Some(bytes) = pending.take() {
                    process.send_piece(bytes, room);
                }
            }
        }
    };
    ended("pg_restore", &how, &said)?;
    // It may have had enough before the last bytes; whether the archive was whole is still to be heard.
    while !whole {
        match pieces.recv().await {
            Some(Piece::Bytes(_)) => {}
            Some(Piece::End) => whole = true,
            None => return Err(ArchiveError::Cut),
        }
    }
    Ok(())
}

async fn collect(mut process: Process, pieces: mpsc::Sender<Piece>) -> Result<(), ArchiveError> {
    process.close_input();
    let mut said = Tail::new(64 * 1024);
    // The wrapper's own row comes first, and ends with a line break.
    let mut before = true;
    loop {
        match process.event().await {
            Event::Stdout(mut bytes) => {
                if before {
                    let Some(end) = bytes.iter().position(|b| *b == b'\n') else { continue };
                    bytes.drain(..=end);
                    before = false;
                }
                if !bytes.is_empty() && pieces.send(Piece::Bytes(bytes)).await.is_err() {
                    return Err(ArchiveError::Cut);
                }
            }
            Event::Stderr(bytes) => said.push(&bytes),
            Event::Ended(how) => {
                ended("pg_dump", &how, &said)?;
                return pieces.send(Piece::End).await.map_err(|_| ArchiveError::Cut);
            }
        }
    }
}
