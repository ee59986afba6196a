//! Appends to the log.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::entry::{
    AUDIT_FORMAT, AuditEntry, AuditEvent, AuditLine, MAX_LINE, NOTHING, Sealed, seal, sha256,
    unseal,
};
use crate::atomic::sync_folder;

/// How long the lock is waited for. A writer holds it for one line.
const PATIENCE: Duration = Duration::from_secs(10);

/// Digits of the sequence number in a rotated file's name, so that names sort as numbers.
const DIGITS: usize = 12;

/// Why nothing could be recorded.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The disk is full, the folder may not be written, the file is gone.
    #[error("can't {doing} {}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The last line is not one that this program wrote.
    #[error("{} is damaged at its end: {problem}; `clonegate audit verify` says where, and moving the file away begins another chain", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Other processes were writing for too long.
    #[error("{} was locked by other processes for {waited:?}", path.display())]
    Busy {
        /// Which file.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
    /// An entry that is longer than a line may be.
    #[error("an entry of {bytes} bytes is longer than a line of the audit log may be")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

impl AuditError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

/// How much disk the log may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// A file that would grow beyond this is continued in another one. 64 MiB.
    pub bytes: u64,
    /// Files that are kept besides the current one; the oldest is removed. 15.
    pub files: usize,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { bytes: 64 << 20, files: 15 }
    }
}

/// The end of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The last line's number.
    pub sequence: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Its hash.
    pub hash: String,
}

/// A hash-chained log that several processes may append to.
#[derive(Debug)]
pub struct AuditLog {
    path: PathBuf,
    rotation: Rotation,
}

impl AuditLog {
    /// A log in this file; it is made with the first entry.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::with_rotation(path, Rotation::default())
    }

    /// The same, with other bounds on disk.
    #[must_use]
    pub fn with_rotation(path: impl Into<PathBuf>, rotation: Rotation) -> Self {
        Self { path: path.into(), rotation }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The files of the chain that are there, the oldest first.
    ///
    /// # Errors
    /// When the folder can't be listed.
    pub fn files(&self) -> Result<Vec<PathBuf>, AuditError> {
        let mut files: Vec<PathBuf> = self.rotated()?.into_iter().map(|(_, path)| path).collect();
        if self.path.exists() {
            files.push(self.path.clone());
        }
        Ok(files)
    }

    /// The end of the chain; `None` where there is no line yet.
    ///
    /// # Errors
    /// When the file can't be read, or its last line is not one of the log's.
    pub fn head(&self) -> Result<Option<Head>, AuditError> {
        let _lock = if self.lock_path().exists() { Some(self.lock()?) } else { None };
        for path in self.files()?.iter().rev() {
            let mut file = File::open(path).map_err(AuditError::io("open", path))?;
            if let Some(last) = tail(&mut file, path)?.last {
                let AuditLine { sequence, at, .. } = last.line;
                return Ok(Some(Head { sequence, at, hash: last.hash }));
            }
        }
        Ok(None)
    }

    /// Appends one entry and syncs it; gives its sequence number.
    ///
    /// # Errors
    /// [`AuditError`]: then the entry is not in the log.
    pub fn append(&self, entry: &AuditEntry) -> Result<u64, AuditError> {
        let mut writer = self.writer()?;
        writer.append(entry)?;
        writer.sync()?;
        Ok(writer.sequence)
    }

    /// Takes the lock and finds the end of the chain.
    fn writer(&self) -> Result<Writer<'_>, AuditError> {
        let folder = self.folder();
        let mut make = fs::DirBuilder::new();
        make.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
        make.create(folder).map_err(AuditError::io("make the folder", folder))?;
        let lock = self.lock()?;
        let mut file = self.open()?;
        let tail = tail(&mut file, &self.path)?;
        let mut writer = Writer {
            log: self,
            _lock: lock,
            length: tail.whole,
            file,
            sequence: 0,
            head: NOTHING.to_owned(),
        };
        match tail.last {
            Some(last) => (writer.sequence, writer.head) = (last.line.sequence, last.hash),
            None => writer.continue_the_one_before()?,
        }
        if !tail.torn.is_empty() {
            writer.set_aside(&tail.torn)?;
        }
        Ok(writer)
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(suffix);
        self.path.with_file_name(name)
    }

    pub(super) fn lock_path(&self) -> PathBuf {
        self.beside(".lock")
    }

    /// The lock is on a file of its own, so that the log's can be renamed under it.
    fn lock(&self) -> Result<File, AuditError> {
        let path = self.lock_path();
        let file = private().write(true).open(&path).map_err(AuditError::io("open", &path))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(AuditError::Busy {
                        path: self.path.clone(),
                        waited: begun.elapsed(),
                    });
                }
                Err(TryLockError::Error(e)) => return Err(AuditError::io("lock", &path)(e)),
            }
        }
    }

    fn open(&self) -> Result<File, AuditError> {
        let open = AuditError::io("open", &self.path);
        // A pipe or a device would take lines and keep none.
        match fs::metadata(&self.path) {
            Ok(found) if !found.is_file() => {
                return Err(open(io::Error::other("it is not a regular file")));
            }
            _ => {}
        }
        private().read(true).append(true).open(&self.path).map_err(open)
    }

    /// The files that were continued in others, with the sequence number of their last line.
    fn rotated(&self) -> Result<Vec<(u64, PathBuf)>, AuditError> {
        let folder = self.folder();
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(AuditError::io("list", folder)(e)),
        };
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(AuditError::io("list", folder))?.path();
            let suffix = path
                .file_name()
                .and_then(|n| n.to_str())
                .and_then(|n| n.strip_prefix(&name)?.strip_prefix('.'))
                .filter(|s| s.len() == DIGITS && s.bytes().all(|b| b.is_ascii_digit()));
            if let Some(sequence) = suffix.and_then(|s| s.parse().ok()) {
                files.push((sequence, path));
            }
        }
        files.sort();
        Ok(files)
    }
}

/// A file that nobody else may read: it has what people ask production.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The one who holds the lock.
struct Writer<'a> {
    log: &'a AuditLog,
    _lock: File,
    file: File,
    /// The file's length up to its last whole line.
    length: u64,
    /// The last line's number and hash.
    sequence: u64,
    head: String,
}

impl Writer<'_> {
    /// An empty file goes on where the newest rotated one ended.
    fn continue_the_one_before(&mut self) -> Result<(), AuditError> {
        let rotated = self.log.rotated()?;
        let Some((_, newest)) = rotated.last() else {
            return sync_folder(self.log.folder())
                .map_err(AuditError::io("sync", self.log.folder()));
        };
        let mut file = File::open(newest).map_err(AuditError::io("open", newest))?;
        let last = tail(&mut file, newest)?.last.ok_or_else(|| AuditError::Damaged {
            path: newest.clone(),
            problem: "it has no line".to_owned(),
        })?;
        (self.sequence, self.head) = (last.line.sequence, last.hash);
        let surplus = rotated.len().saturating_sub(self.log.rotation.files.max(1));
        let removed = &rotated[..surplus];
        let name =
            |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut note = format!("continues {}", name(newest));
        if !removed.is_empty() {
            let names: Vec<String> = removed.iter().map(|(_, path)| name(path)).collect();
            note.push_str(&format!("; removed {}", names.join(", ")));
        }
        let entry = AuditEntry { note: Some(note), ..AuditEntry::new(AuditEvent::Continued) };
        self.write(&entry)?;
        self.sync()?;
        sync_folder(self.log.folder()).map_err(AuditError::io("sync", self.log.folder()))?;
        for (_, path) in removed {
            fs::remove_file(path).map_err(AuditError::io("remove", path))?;
        }
        Ok(())
    }

    /// Moves a line that a crash cut out of the chain's way, and says so in the chain. The bytes are
    /// on disk under the other name before they leave the log.
    fn set_aside(&mut self, torn: &[u8]) -> Result<(), AuditError> {
        let path = self.log.beside(&format!(".torn-{:0DIGITS$}", self.sequence + 1));
        let aside = private().append(true).open(&path).and_then(|mut file| {
            file.write_all(torn)?;
            file.sync_all()
        });
        aside.map_err(AuditError::io("write", &path))?;
        let cut = self.file.set_len(self.length).and_then(|()| self.file.sync_all());
        cut.map_err(AuditError::io("write", &self.log.path))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.write(&AuditEntry {
            sha256: Some(sha256(torn)),
            bytes: Some(torn.len() as u64),
            note: Some(format!("a line that was cut by a crash is in {name}")),
            ..AuditEntry::new(AuditEvent::Torn)
        })
    }

    fn append(&mut self, entry: &AuditEntry) -> Result<(), AuditError> {
        // The next line is not measured first: one line more than the bound is no harm.
        if self.length >= self.log.rotation.bytes {
            self.rotate()?;
        }
        self.write(entry)
    }

    fn rotate(&mut self) -> Result<(), AuditError> {
        let path = &self.log.path;
        self.sync()?;
        let to = self.log.beside(&format!(".{:0DIGITS$}", self.sequence));
        fs::rename(path, &to).map_err(AuditError::io("rename", path))?;
        self.file = self.log.open()?;
        self.length = 0;
        self.continue_the_one_before()
    }

    fn write(&mut self, entry: &AuditEntry) -> Result<(), AuditError> {
        let path = &self.log.path;
        let line = AuditLine {
            format: AUDIT_FORMAT,
            sequence: self.sequence + 1,
            at: Timestamp::now(),
            entry: entry.clone(),
            previous: self.head.clone(),
        };
        let (bytes, hash) =
            seal(&line).map_err(|e| AuditError::io("write", path)(io::Error::other(e)))?;
        if bytes.len() > MAX_LINE {
            return Err(AuditError::TooLong { bytes: bytes.len() });
        }
        if let Err(error) = self.file.write_all(&bytes) {
            // Half a line must not stay; where it does, the next writer sets it aside.
            let _ = self.file.set_len(self.length);
            return Err(AuditError::io("write", path)(error));
        }
        self.length += bytes.len() as u64;
        self.sequence += 1;
        self.head = hash;
        Ok(())
    }

    fn sync(&self) -> Result<(), AuditError> {
        self.file.sync_data().map_err(AuditError::io("sync", &self.log.path))
    }
}

/// The end of a file.
struct Tail {
    last: Option<Sealed>,
    /// The length up to the last newline.
    whole: u64,
    /// What stands behind it.
    torn: Vec<u8>,
}

/// Reads backwards only as far as the last whole line begins.
fn tail(file: &mut File, path: &Path) -> Result<Tail, AuditError> {
    let read = |e| AuditError::io("read", path)(e);
    let length = file.metadata().map_err(read)?.len();
    let most = 2 * MAX_LINE as u64;
    let mut window = 4096_u64;
    loop {
        let begin = length.saturating_sub(window);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(begin)).map_err(read)?;
        (&*file).take(length - begin).read_to_end(&mut bytes).map_err(read)?;
        let end = bytes.iter().rposition(|b| *b == b'\n');
        let start = end.map(|end| bytes[..end].iter().rposition(|b| *b == b'\n').map(|at| at + 1));
        let (line, torn) = match (end, start) {
            (Some(end), Some(Some(start))) => (Some(&bytes[start..end]), &bytes[end + 1..]),
            // The window begins where the file does.
            (Some(end), _) if begin == 0 => (Some(&bytes[..end]), &bytes[end + 1..]),
            (None, _) if begin == 0 => (None, &bytes[..]),
            _ if window >= most => {
                return Err(AuditError::Damaged {
                    path: path.to_owned(),
                    problem: format!("its last {most} bytes are no two lines"),
                });
            }
            _ => {
                window *= 2;
                continue;
            }
        };
        if torn.len() > MAX_LINE {
            return Err(AuditError::Damaged {
                path: path.to_owned(),
                problem: "what stands behind its last line is longer than a line".to_owned(),
            });
        }
        let last = line
            .map(unseal)
            .transpose()
            .map_err(|problem| AuditError::Damaged { path: path.to_owned(), problem })?;
        return Ok(Tail { last, whole: length - torn.len() as u64, torn: torn.to_vec() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::verify;

    fn entry(n: u64) -> AuditEntry {
        AuditEntry {
            rows: Some(n),
            text: Some("select 1".to_owned()),
            ..AuditEntry::new(AuditEvent::Connected)
        }
    }

    #[test]
    fn a_hundred_thousand_lines_are_written_and_verified_in_seconds() {
        let folder = tempfile::tempdir().unwrap();
        let log = AuditLog::new(folder.path().join("audit.jsonl"));
        let mut writer = log.writer().unwrap();
        for n in 0..100_000 {
            writer.append(&entry(n)).unwrap();
        }
        drop(writer);
        let begun = Instant::now();
        let verified = verify(&log.files().unwrap(), None).unwrap();
        assert_eq!(verified.lines, 100_000);
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
        let begun = Instant::now();
        assert_eq!(log.append(&entry(0)).unwrap(), 100_001);
        assert!(begun.elapsed() < Duration::from_secs(5), "an append does not read the whole log");
    }

    #[test]
    fn a_file_that_is_large_is_continued_and_the_oldest_goes_and_the_chain_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let log = AuditLog::with_rotation(
            folder.path().join("audit.jsonl"),
            Rotation { bytes: 2000, files: 2 },
        );
        for n in 0..60 {
            log.append(&entry(n)).unwrap();
        }
        let files = log.files().unwrap();
        assert_eq!(files.len(), 3, "{files:?}");
        let verified = verify(&files, None).unwrap();
        assert!(verified.first.unwrap().0 > 1);
        let head = log.head().unwrap().unwrap();
        assert_eq!(verified.head, head.hash);
        assert_eq!(verified.last.unwrap().0, head.sequence);
        let text = fs::read_to_string(&log.path).unwrap();
        assert!(
            text.contains("continues audit.jsonl.0000")
                && text.contains("; removed audit.jsonl.0000"),
            "{text}"
        );
        // The middle one alone continues a file that is not given; without it there is a gap.
        assert!(verify(&files[1..2], None).is_ok());
        assert!(verify(&[files[0].clone(), files[2].clone()], None).is_err());
        // A crash between the rename and the next file's first line.
        let last = log.beside(&format!(".{:012}", head.sequence));
        fs::rename(&log.path, last).unwrap();
        assert_eq!(log.head().unwrap().unwrap(), head);
        log.append(&entry(0)).unwrap();
        verify(&log.files().unwrap(), Some(&head.hash)).unwrap();
    }

    #[test]
    fn what_is_no_file_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().to_owned(), PathBuf::from("/dev/full")] {
            if path.exists() {
                let log = AuditLog { path: path.clone(), rotation: Rotation::default() };
                assert!(log.open().is_err(), "{path:?}");
            }
        }
    }
}
