//! A snapshot in a file of its own, outside any run.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clonegate_model::{SNAPSHOT_FORMAT, Snapshot};
use serde::Deserialize;

use crate::atomic;

/// The largest file that is read. A snapshot of 10,000 relations has some 40 MB.
const MOST_BYTES: u64 = 1 << 30;

/// Why a snapshot's file can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadSnapshotError {
    /// There is none, or it may not be read.
    #[error("the snapshot {} can't be read", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// It is too large to be one.
    #[error("{} has {bytes} bytes, and {MOST_BYTES} are read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// It is none, or was damaged.
    #[error("{} is no snapshot, or is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// Another version wrote it.
    #[error("{} has format {found}, and this version reads {SNAPSHOT_FORMAT}; use the version that wrote it, or take it again", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
}

/// Why a snapshot's file can't be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteSnapshotError {
    /// There is one, which is never overwritten unless that is asked for.
    #[error("{} is there already; name another file, or --force", .0.display())]
    Exists(PathBuf),
    /// The disk is full, the folder is not there or may not be written.
    #[error("the snapshot {} can't be written", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
}

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Kept,
    /// It is replaced, whole.
    Replaced,
}

/// What of a file is trusted before its format is known.
#[derive(Deserialize)]
struct Head {
    format: u64,
}

/// Reads a snapshot; its format is checked before the rest is trusted.
///
/// # Errors
/// [`ReadSnapshotError`].
pub fn read_snapshot(path: &Path) -> Result<Snapshot, ReadSnapshotError> {
    let unreadable = |source| ReadSnapshotError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut contents = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut contents).map_err(unreadable)?;
    let bytes = contents.len() as u64;
    if bytes > MOST_BYTES {
        return Err(ReadSnapshotError::TooLarge { path: path.to_owned(), bytes });
    }
    let damaged = |source| ReadSnapshotError::Damaged { path: path.to_owned(), source };
    let Head { format } = serde_json::from_slice(&contents).map_err(damaged)?;
    if format != u64::from(SNAPSHOT_FORMAT) {
        return Err(ReadSnapshotError::Format { path: path.to_owned(), found: format });
    }
    serde_json::from_slice(&contents).map_err(damaged)
}

/// Whether a snapshot could be written there: before a database is read for nothing.
///
/// # Errors
/// [`WriteSnapshotError`].
pub fn may_write_snapshot(path: &Path, existing: Existing) -> Result<(), WriteSnapshotError> {
    let unwritable = |source| WriteSnapshotError::Io { path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Ok(there) if there.is_dir() => {
            return Err(unwritable(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        Ok(_) if existing == Existing::Kept => {
            return Err(WriteSnapshotError::Exists(path.to_owned()));
        }
        Ok(_) | Err(_) => {}
    }
    fs::metadata(folder(path)).map_err(unwritable)?;
    Ok(())
}

/// Writes a snapshot whole or not at all. Nobody but its owner may read it: it names people's tables,
/// roles and sessions.
///
/// # Errors
/// [`WriteSnapshotError`].
pub fn write_snapshot(
    path: &Path,
    json: &[u8],
    existing: Existing,
) -> Result<(), WriteSnapshotError> {
    let unwritable = |source| WriteSnapshotError::Io { path: path.to_owned(), source };
    // It has a name of its own beside the place, and goes when this process does not come to an end.
    let mut beside = tempfile::Builder::new()
        .prefix(".clonegate-")
        .suffix(".part")
        .tempfile_in(folder(path))
        .map_err(unwritable)?;
    beside.write_all(json).and_then(|()| beside.as_file().sync_all()).map_err(unwritable)?;
    match existing {
        Existing::Replaced => beside.persist(path).map_err(|e| unwritable(e.error))?,
        Existing::Kept => beside.persist_noclobber(path).map_err(|e| match e.error.kind() {
            io::ErrorKind::AlreadyExists => WriteSnapshotError::Exists(path.to_owned()),
            _ => unwritable(e.error),
        })?,
    };
    atomic::sync_folder(folder(path)).map_err(unwritable)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// What is written for a snapshot.
///
/// # Errors
/// Never for a snapshot that was read or taken: it has no map whose keys are not texts.
pub fn snapshot_json(snapshot: &Snapshot) -> Result<Vec<u8>, serde_json::Error> {
    let mut json = serde_json::to_vec_pretty(snapshot)?;
    json.push(b'\n');
    Ok(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_that_is_there_stays_unless_it_is_to_be_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_snapshot(&path, b"1", Existing::Kept).unwrap();
        assert!(matches!(
            may_write_snapshot(&path, Existing::Kept),
            Err(WriteSnapshotError::Exists(_))
        ));
        assert!(matches!(
            write_snapshot(&path, b"2", Existing::Kept),
            Err(WriteSnapshotError::Exists(_))
        ));
        assert_eq!(fs::read(&path).unwrap(), b"1");
        write_snapshot(&path, b"3", Existing::Replaced).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"3");
        assert_eq!(names(folder.path()), ["a.json"], "nothing is left beside it");
        let nowhere = folder.path().join("nowhere/a.json");
        assert!(may_write_snapshot(&nowhere, Existing::Kept).is_err());
        assert!(may_write_snapshot(folder.path(), Existing::Replaced).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_snapshot(&path, b"1", Existing::Kept).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn the_format_is_checked_before_the_rest_is_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let read = |text: &str| {
            fs::write(&path, text).unwrap();
            read_snapshot(&path).map(drop)
        };
        let other = read(r#"{"whatever": [1, 2], "format": 99}"#);
        assert!(matches!(other, Err(ReadSnapshotError::Format { found: 99, .. })));
        let nothing_else = format!(r#"{{"format": {SNAPSHOT_FORMAT}}}"#);
        for text in ["", "{", "[]", "{}", &nothing_else, r#"{"format": "2"}"#] {
            assert!(matches!(read(text), Err(ReadSnapshotError::Damaged { .. })), "{text}");
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(read_snapshot(&path), Err(ReadSnapshotError::Io { .. })));
    }
}
