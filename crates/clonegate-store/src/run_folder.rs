//! The store and its runs' folders.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use clonegate_model::{
    Owner, Phase, RUN_FORMAT, RunId, RunRecord, SNAPSHOT_FORMAT, Snapshot, Target,
};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::journal::{self, Journal};
use crate::{Entry, Event, RunState, atomic, this_process};

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full, a folder may not be written, a file is gone.
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
    /// A file of the store is no longer what was written.
    #[error("{} is damaged and can't be read", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A file of the store was written by another version.
    #[error("{} has format {found}, this version reads {known}; use the version that wrote it", path.display())]
    Format {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The format that is read.
        known: u32,
    },
    /// Another process makes this run.
    #[error("the run in {} is being made by another process", path.display())]
    Owned {
        /// The run's folder.
        path: PathBuf,
    },
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { doing, path, source }
}

/// A folder of runs.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// What is known of a run from its folder.
#[derive(Debug)]
pub struct Stored {
    /// The run.
    pub run: RunId,
    /// Its folder.
    pub path: PathBuf,
    /// What its journal says.
    pub journal: Vec<Entry>,
    /// Whether a process is making it right now.
    pub owned: bool,
    /// Whether its journal can't be read: then nothing is known of it but its folder.
    pub damaged: bool,
    /// Which process made it last, where it said so.
    pub owner: Option<Owner>,
}

impl Stored {
    /// Whether the run was neither completed nor closed, nobody is at it, and it is not open.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.state() == RunState::Killed
    }
}

impl Store {
    /// A store in this folder; it is made when the first run is.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn run_path(&self, run: &RunId) -> PathBuf {
        self.root.join("runs").join(run.as_str())
    }

    /// Makes a run's folder and takes it: no other process can.
    ///
    /// # Errors
    /// When the folder can't be made or belongs to another process.
    pub fn begin(&self, run: &RunId) -> Result<RunFolder, StoreError> {
        let path = self.run_path(run);
        fs::create_dir_all(&self.root).map_err(io_error("make the folder", &self.root))?;
        let mut folder = fs::DirBuilder::new();
        folder.recursive(true);
        // A snapshot names people's tables, roles and sessions.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
        folder.create(&path).map_err(io_error("make the folder", &path))?;
        for folder in [Some(path.as_path()), path.parent(), Some(&self.root)].into_iter().flatten()
        {
            atomic::sync_folder(folder).map_err(io_error("sync", folder))?;
        }
        RunFolder::take(run.clone(), path)
    }

    /// Takes the folder of a run that nobody is at, to close it.
    ///
    /// # Errors
    /// When it is not there, or belongs to another process.
    pub fn reopen(&self, run: &RunId) -> Result<RunFolder, StoreError> {
        let path = self.run_path(run);
        fs::metadata(&path).map_err(io_error("open", &path))?;
        RunFolder::take(run.clone(), path)
    }

    /// Every run in the store, the oldest first.
    ///
    /// # Errors
    /// When a folder or a journal can't be read.
    pub fn runs(&self) -> Result<Vec<Stored>, StoreError> {
        let folder = self.root.join("runs");
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(io_error("list", &folder)(e)),
        };
        let mut runs = Vec::new();
        for entry in entries {
            let path = entry.map_err(io_error("list", &folder))?.path();
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if let Ok(run) = name.parse::<RunId>() {
                runs.push(read_run(run, path)?);
            }
        }
        let begun = |s: &Stored| s.journal.first().map(|e| e.at);
        runs.sort_by(|a, b| begun(a).cmp(&begun(b)).then_with(|| a.run.cmp(&b.run)));
        Ok(runs)
    }

    /// One run; `None` where the store has none of that name.
    ///
    /// # Errors
    /// When its folder or its journal can't be read.
    pub fn run(&self, run: &RunId) -> Result<Option<Stored>, StoreError> {
        let path = self.run_path(run);
        match fs::metadata(&path) {
            Ok(_) => read_run(run.clone(), path).map(Some),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(io_error("open", &path)(e)),
        }
    }

    /// Reads a run's record.
    ///
    /// # Errors
    /// When there is none, it is damaged, or of another format.
    pub fn record(&self, run: &RunId) -> Result<RunRecord, StoreError> {
        read_json(&self.run_path(run).join("run.json"), RUN_FORMAT)
    }
}

/// One damaged journal must not hide the other runs.
fn read_run(run: RunId, path: PathBuf) -> Result<Stored, StoreError> {
    // The lock is looked at before the journal: a process that ends in between has written its last line.
    let owned = is_owned(&path);
    let (journal, damaged) = match read_journal(&path) {
        Ok(journal) => (journal, false),
        Err(StoreError::Damaged { .. }) => (Vec::new(), true),
        Err(error) => return Err(error),
    };
    let owner = fs::read(path.join("owner")).ok().and_then(|o| serde_json::from_slice(&o).ok());
    Ok(Stored { run, journal, owned, damaged, path, owner })
}

fn read_journal(run: &Path) -> Result<Vec<Entry>, StoreError> {
    let path = run.join("journal.jsonl");
    match fs::read_to_string(&path) {
        Ok(text) => journal::read(&text).map_err(|source| StoreError::Damaged { path, source }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(io_error("read", &path)(e)),
    }
}

/// The lock frees itself when its process dies, however it dies.
fn is_owned(run: &Path) -> bool {
    match File::open(run.join("owner")) {
        Ok(file) => matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)),
        Err(_) => false,
    }
}

/// The folder of the run that this process makes.
#[derive(Debug)]
pub struct RunFolder {
    run: RunId,
    path: PathBuf,
    journal: Journal,
    _owner: File,
}

impl RunFolder {
    fn take(run: RunId, path: PathBuf) -> Result<Self, StoreError> {
        let owner_path = path.join("owner");
        let mut opened = fs::OpenOptions::new();
        // What the process that has it wrote there stays, until it is known that there is none.
        opened.create(true).read(true).write(true).truncate(false);
        let mut owner = opened.open(&owner_path).map_err(io_error("make", &owner_path))?;
        match owner.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Owned { path }),
            Err(TryLockError::Error(e)) => return Err(io_error("lock", &owner_path)(e)),
        }
        let written = serde_json::to_vec(&this_process())
            .map_err(io::Error::other)
            .and_then(|me| owner.set_len(0).and_then(|()| owner.write_all(&me)));
        written.map_err(io_error("write", &owner_path))?;
        let journal_path = path.join("journal.jsonl");
        let journal = Journal::open(&journal_path).map_err(io_error("open", &journal_path))?;
        atomic::sync_folder(&path).map_err(io_error("sync", &path))?;
        Ok(Self { run, path, journal, _owner: owner })
    }

    /// The run.
    #[must_use]
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a line of the journal; when this returns it is on disk.
    ///
    /// # Errors
    /// When it can't be written. Then the step must not be taken.
    pub fn note(&mut self, event: Event) -> Result<(), StoreError> {
        let entry = Entry { at: Timestamp::now(), event };
        self.journal.append(&entry).map_err(io_error("append to", &self.path.join("journal.jsonl")))
    }

    /// Writes a snapshot, and notes it in the journal.
    ///
    /// # Errors
    /// When it can't be written. Then the next phase must not begin.
    pub fn store_snapshot(&mut self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let place = match (snapshot.target, snapshot.phase) {
            (Target::Clone, Phase::Rehearsal) => "scratch-rehearsal.json".to_owned(),
            (target, phase) => format!("{target}-{phase}.json"),
        };
        let contents = self.write_json(&place, snapshot)?;
        let sha256 = hexadecimal(&contents);
        self.note(Event::SnapshotStored { target: snapshot.target, phase: snapshot.phase, sha256 })
    }

    /// Reads one of the run's snapshots back.
    ///
    /// # Errors
    /// When there is none, it is damaged, or of another format.
    pub fn snapshot(&self, target: Target, phase: Phase) -> Result<Snapshot, StoreError> {
        read_json(&self.path.join(format!("{target}-{phase}.json")), SNAPSHOT_FORMAT)
    }

    /// SHA-256 of a snapshot's file, in hexadecimal, to be held against what the journal says.
    ///
    /// # Errors
    /// When there is none.
    pub fn snapshot_digest(&self, target: Target, phase: Phase) -> Result<String, StoreError> {
        let path = self.path.join(format!("{target}-{phase}.json"));
        let mut contents = Vec::new();
        let read = File::open(&path).and_then(|mut file| file.read_to_end(&mut contents));
        read.map_err(io_error("read", &path))?;
        Ok(hexadecimal(&contents))
    }

    /// Writes the run record.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn store_record(&self, record: &RunRecord) -> Result<(), StoreError> {
        self.write_json("run.json", record).map(drop)
    }

    /// Writes the report, and gives its path.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn store_report(&self, markdown: &str) -> Result<PathBuf, StoreError> {
        let path = self.path.join("report.md");
        atomic::write(&path, markdown.as_bytes()).map_err(io_error("write", &path))?;
        Ok(path)
    }

    fn write_json<T: Serialize>(&self, place: &str, value: &T) -> Result<Vec<u8>, StoreError> {
        let path = self.path.join(place);
        let contents = serde_json::to_vec_pretty(value)
            .map_err(io::Error::other)
            .map_err(io_error("write", &path))?;
        atomic::write(&path, &contents).map_err(io_error("write", &path))?;
        Ok(contents)
    }
}

fn hexadecimal(contents: &[u8]) -> String {
    Sha256::digest(contents).iter().map(|b| format!("{b:02x}")).collect()
}

/// Checks the format before the rest is trusted.
fn read_json<T: DeserializeOwned>(path: &Path, known: u32) -> Result<T, StoreError> {
    let contents = fs::read(path).map_err(io_error("read", path))?;
    let damaged = |source| StoreError::Damaged { path: path.to_owned(), source };
    let any: serde_json::Value = serde_json::from_slice(&contents).map_err(damaged)?;
    let found = any.get("format").and_then(serde_json::Value::as_u64).unwrap_or_default();
    if found != u64::from(known) {
        return Err(StoreError::Format { path: path.to_owned(), found, known });
    }
    serde_json::from_slice(&contents).map_err(damaged)
}
