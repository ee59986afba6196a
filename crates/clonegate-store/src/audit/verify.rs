//! Checks a chain from its first line to its last.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::entry::{AuditEntry, AuditEvent, MAX_LINE, NOTHING, is_hash, unseal};
use super::log::{AuditError, AuditLog};

/// Questions without an answer that are followed at once. There can be as many as were asked at one
/// time, and one for each kill.
const MAX_OPEN: usize = 10_000;

/// A statement whose outcome is not in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    /// The number of its `asked` line.
    pub sequence: u64,
    /// When it was about to be sent.
    pub at: Timestamp,
    /// Who asked.
    pub caller: Option<String>,
    /// Of which database.
    pub database: Option<String>,
}

/// What an intact chain says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// How many lines it has.
    pub lines: u64,
    /// Number and time of the first one.
    pub first: Option<(u64, Timestamp)>,
    /// Number and time of the last one.
    pub last: Option<(u64, Timestamp)>,
    /// The hash of the last one.
    pub head: String,
    /// The statements whose outcome is not in the log: they are still running, or their process was
    /// killed.
    pub unanswered: Vec<Unanswered>,
    /// Lines that say that something was written, or the read-only transaction was left.
    pub breaches: u64,
    /// Lines that were cut by a crash and set aside.
    pub torn: u64,
    /// The bytes behind the last whole line: a line that was cut and not yet set aside.
    pub cut: u64,
}

/// Why a chain is not intact.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A file can't be read.
    #[error(transparent)]
    Read(#[from] AuditError),
    /// A line is not what was written, or not where it was written.
    #[error("{}: line {line}: {problem}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// The chain does not have the head that was noted.
    #[error(
        "no line has the hash {head}: lines were cut off the end since it was noted, or it is another log's, or of a file that is not given"
    )]
    HeadMissing {
        /// The head as noted.
        head: String,
    },
    /// What was noted is no hash.
    #[error(
        "{text:?} is no head: 64 hexadecimal digits are, as `clonegate audit head` prints them"
    )]
    NoHash {
        /// As given, cut.
        text: String,
    },
}

/// Checks a chain over its files, the oldest first, and with `noted` that the chain still has a line
/// with this hash. Reads line by line: memory is bounded whatever the log's size.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn verify(files: &[PathBuf], noted: Option<&str>) -> Result<Verification, VerifyError> {
    let noted = noted.map(str::trim).map(str::to_ascii_lowercase);
    if let Some(text) = noted.as_ref().filter(|text| !is_hash(text)) {
        return Err(VerifyError::NoHash { text: text.chars().take(80).collect() });
    }
    let mut chain = Chain {
        found: Verification {
            lines: 0,
            first: None,
            last: None,
            head: NOTHING.to_owned(),
            unanswered: Vec::new(),
            breaches: 0,
            torn: 0,
            cut: 0,
        },
        open: BTreeMap::new(),
        overflown: false,
        seen: noted.is_none(),
        noted,
    };
    let opened = open(files)?;
    let count = opened.len();
    for (n, (path, file, length)) in opened.into_iter().enumerate() {
        let broken =
            |line, problem: String| VerifyError::Broken { path: path.clone(), line, problem };
        let mut reader = BufReader::with_capacity(1 << 16, file.take(length));
        let mut bytes = Vec::new();
        for number in 1.. {
            bytes.clear();
            let read = (&mut reader).take(MAX_LINE as u64 + 1).read_until(b'\n', &mut bytes);
            read.map_err(AuditError::io("read", &path))?;
            if bytes.is_empty() {
                break;
            }
            if bytes.pop_if(|last| *last == b'\n').is_none() {
                // Only the last line of the last file can have been cut by a crash.
                if bytes.len() > MAX_LINE {
                    return Err(broken(
                        number,
                        format!("the line is longer than {MAX_LINE} bytes"),
                    ));
                }
                if n + 1 < count {
                    return Err(broken(
                        number,
                        "the line is cut, and other files follow".to_owned(),
                    ));
                }
                chain.found.cut = bytes.len() as u64;
                break;
            }
            chain.line(&bytes).map_err(|problem| broken(number, problem))?;
        }
    }
    match (chain.seen, chain.noted) {
        (false, Some(head)) => return Err(VerifyError::HeadMissing { head }),
        _ => chain.found.unanswered = chain.open.into_values().collect(),
    }
    Ok(chain.found)
}

/// All files as of one moment: nobody writes or renames while they are opened and measured.
fn open(files: &[PathBuf]) -> Result<Vec<(PathBuf, File, u64)>, AuditError> {
    let _lock = files.last().and_then(|path| lock(path));
    let mut opened = Vec::new();
    for path in files {
        let file = File::open(path).map_err(AuditError::io("open", path))?;
        let found = file.metadata().map_err(AuditError::io("read", path))?;
        if !found.is_file() {
            let error = std::io::Error::other("it is not a regular file");
            return Err(AuditError::io("read", path)(error));
        }
        opened.push((path.clone(), file, found.len()));
    }
    Ok(opened)
}

/// A copy of a log has no lock file, and needs none. A writer that holds the lock for long is not
/// waited for longer than it takes to write a line; without the lock a line may seem cut.
fn lock(path: &Path) -> Option<File> {
    let file = File::open(AuditLog::new(path).lock_path()).ok()?;
    for _ in 0..500 {
        if file.try_lock_shared().is_ok() {
            return Some(file);
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    None
}

struct Chain {
    found: Verification,
    open: BTreeMap<u64, Unanswered>,
    overflown: bool,
    noted: Option<String>,
    seen: bool,
}

impl Chain {
    fn line(&mut self, bytes: &[u8]) -> Result<(), String> {
        let sealed = unseal(bytes)?;
        let line = sealed.line;
        let found = &mut self.found;
        match found.last {
            None if line.sequence == 1 => {
                if line.previous != NOTHING {
                    return Err("it is the first line, and names one before it".to_owned());
                }
            }
            // A file that continues another one can be checked by itself.
            None if line.entry.event == AuditEvent::Continued && line.sequence > 1 => {
                found.head.clone_from(&line.previous);
                self.seen |= self.noted.as_deref() == Some(&line.previous);
            }
            None => {
                return Err(format!(
                    "the log begins with number {}: the lines before it are missing",
                    line.sequence
                ));
            }
            Some((last, _)) => {
                if line.sequence != last + 1 {
                    return Err(format!(
                        "it is number {} behind number {last}: lines are missing, doubled or swapped",
                        line.sequence
                    ));
                }
                if line.previous != found.head {
                    return Err(
                        "it does not follow the line before it: that one, or this one, is another"
                            .to_owned(),
                    );
                }
            }
        }
        let first = found.first.get_or_insert((line.sequence, line.at)).0;
        found.lines += 1;
        found.last = Some((line.sequence, line.at));
        self.seen |= self.noted.as_deref() == Some(&sealed.hash);
        found.head = sealed.hash;
        self.entry(line.sequence, line.at, first, line.entry)
    }

    fn entry(
        &mut self,
        sequence: u64,
        at: Timestamp,
        first: u64,
        entry: AuditEntry,
    ) -> Result<(), String> {
        match entry.event {
            AuditEvent::Asked if self.open.len() < MAX_OPEN => {
                let (caller, database) = (entry.caller, entry.database);
                self.open.insert(sequence, Unanswered { sequence, at, caller, database });
            }
            AuditEvent::Asked => self.overflown = true,
            AuditEvent::Breach => self.found.breaches += 1,
            AuditEvent::Torn => self.found.torn += 1,
            _ => {}
        }
        if let Some(asked) = entry.asked.filter(|_| entry.event.is_outcome()) {
            let known = self.open.remove(&asked).is_some();
            if !known && asked >= first && !self.overflown {
                return Err(format!("it is the outcome of number {asked}, which has none to come"));
            }
        }
        Ok(())
    }
}
