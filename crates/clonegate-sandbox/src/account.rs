//! The account that a server runs as. PostgreSQL refuses to run as root.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An account without privileges, for a process that runs as root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerAccount {
    /// The user's number.
    pub uid: u32,
    /// The number of the user's group.
    pub gid: u32,
}

/// There is no account to run a server as.
#[derive(Debug, thiserror::Error)]
#[error(
    "this runs as root, PostgreSQL refuses to, and there is no account `postgres` or `nobody` to run \
     it as: run as another user, or make one with `useradd --system postgres`"
)]
pub struct AccountError;

impl ServerAccount {
    /// The account that a server started by this process runs as; `None` means this process' own,
    /// which is not root.
    ///
    /// # Errors
    /// When this process is root and neither `postgres` nor `nobody` is there.
    pub fn of_this_process() -> Result<Option<Self>, AccountError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        ["postgres", "_postgres", "nobody"]
            .into_iter()
            .find_map(|name| Self::named(name).ok().flatten())
            .map(Some)
            .ok_or(AccountError)
    }

    /// Asks `id`, which also knows the accounts that are not in `/etc/passwd`.
    fn named(name: &str) -> io::Result<Option<Self>> {
        let number = |what| -> io::Result<Option<u32>> {
            let output = Command::new("id").args([what, name]).output()?;
            Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
        };
        Ok(match (number("-u")?, number("-g")?) {
            (Some(uid), Some(gid)) if uid != 0 => Some(Self { uid, gid }),
            _ => None,
        })
    }

    /// Whether this account can pass through a folder and all folders above it. What is not there yet
    /// will be made so that it can.
    pub(crate) fn can_reach(self, folder: &Path) -> bool {
        // Links are resolved, because permission is needed on the way that is really walked.
        let mut there: PathBuf = folder.to_path_buf();
        while !there.exists() && there.pop() {}
        let Ok(there) = there.canonicalize() else { return false };
        there.ancestors().all(|folder| {
            folder.metadata().is_ok_and(|meta| {
                let execute = if meta.uid() == self.uid {
                    0o100
                } else if meta.gid() == self.gid {
                    0o010
                } else {
                    0o001
                };
                meta.mode() & execute != 0
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_private_folder_on_the_way_is_out_of_reach() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = ServerAccount { uid: 64_999, gid: 64_999 };
        let inner = folder.path().join("a/b");
        assert!(!stranger.can_reach(&inner));
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
        assert!(stranger.can_reach(&inner));
    }
}
