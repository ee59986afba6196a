//! What a sandbox has made, written down before it is made, and whether its owner still lives.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::password::random_hex;
use crate::{container, folder, identity};

const RECORD: &str = "sandbox.json";
const OWNER: &str = "owner.lock";
const FORMAT: u32 = 1;

/// What has to be undone when a sandbox goes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record {
    format: u32,
    pub(crate) id: String,
    /// Left running on purpose.
    pub(crate) kept: bool,
    /// The folders of local servers, inside and outside the sandbox's own.
    pub(crate) servers: Vec<PathBuf>,
    pub(crate) containers: Vec<String>,
}

/// A sandbox's folder, held by this process. The lock goes with the process, however it ends.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) folder: PathBuf,
    pub(crate) record: Record,
    _owner: File,
}

/// Held while folders are claimed or swept, so that a sweep never meets a folder between its making and
/// its locking.
pub(crate) fn lock_root(root: &Path) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o711).create(root)?;
    let lock = open_lock(&root.join("lock"))?;
    lock.lock()?;
    Ok(lock)
}

fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)
}

impl Claim {
    /// Makes a new sandbox's folder and holds it.
    pub(crate) fn new(root: &Path) -> io::Result<Self> {
        let _root = lock_root(root)?;
        let id = random_hex(4)?;
        let folder = root.canonicalize()?.join(&id);
        // A server's account may have to pass through; it can't list what is here.
        DirBuilder::new().mode(0o711).create(&folder)?;
        let owner = open_lock(&folder.join(OWNER))?;
        owner.lock()?;
        let record =
            Record { format: FORMAT, id, kept: false, servers: Vec::new(), containers: Vec::new() };
        let claim = Self { folder, record, _owner: owner };
        claim.save()?;
        Ok(claim)
    }

    /// Takes over a sandbox whose owner is gone; `None` while the owner lives.
    pub(crate) fn take_over(folder: &Path) -> io::Result<Option<Self>> {
        let owner = open_lock(&folder.join(OWNER))?;
        match owner.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Ok(None),
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
        let id = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let record = match fs::read(folder.join(RECORD)) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            // Killed between the lock and the record: nothing was made.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Record {
                format: FORMAT,
                id,
                kept: false,
                servers: Vec::new(),
                containers: Vec::new(),
            },
            Err(error) => return Err(error),
        };
        Ok(Some(Self { folder: folder.to_path_buf(), record, _owner: owner }))
    }

    /// Writes the record, whole or not at all.
    pub(crate) fn save(&self) -> io::Result<()> {
        let path = self.folder.join(RECORD);
        let new = self.folder.join("sandbox.json.new");
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec_pretty(&self.record)?)?;
        drop(file);
        fs::rename(new, path)
    }

    /// Undoes everything: ends the servers, removes containers and folders. Goes on after an error, and
    /// leaves the record where something is left.
    pub(crate) fn remove(&self) -> io::Result<()> {
        let mut first = Ok(());
        for server in &self.record.servers {
            // A record is only a file: nothing else than what has our names is removed.
            if !self.is_ours(server) {
                continue;
            }
            let ended = identity::end_server_of(&server.join("data"));
            identity::kill_all_in(server);
            first = first.and(ended).and(folder::remove_all(server));
        }
        if !self.record.containers.is_empty() {
            first = first.and(container::remove_labelled(&self.record.id));
        }
        first.and_then(|()| folder::remove_all(&self.folder))
    }

    fn is_ours(&self, server: &Path) -> bool {
        let outside = format!("clonegate-{}-", self.record.id);
        server.starts_with(&self.folder)
            || server.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&outside))
    }

    /// The name of something of this sandbox that is not in its folder.
    pub(crate) fn name_of(&self, what: &str) -> String {
        format!("clonegate-{}-{what}", self.record.id)
    }
}

/// The sandboxes under a root, held or not.
pub(crate) fn sandboxes(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root)? {
        let path = entry?.path();
        if path.join(OWNER).is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_over_what_is_held() {
        let root = tempfile::tempdir().unwrap();
        let claim = Claim::new(root.path()).unwrap();
        assert!(Claim::take_over(&claim.folder).unwrap().is_none());
        let folder = claim.folder.clone();
        drop(claim);
        assert!(Claim::take_over(&folder).unwrap().is_some());
    }

    #[test]
    fn a_record_can_not_make_us_remove_a_foreign_folder() {
        let root = tempfile::tempdir().unwrap();
        let foreign = tempfile::tempdir().unwrap();
        let mut claim = Claim::new(root.path()).unwrap();
        claim.record.servers.push(foreign.path().to_path_buf());
        claim.remove().unwrap();
        assert!(foreign.path().is_dir());
        assert!(!claim.folder.exists());
    }
}
