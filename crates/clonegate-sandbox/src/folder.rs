//! Where a server's data and sockets are.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::{Path, PathBuf};

use crate::account::ServerAccount;

/// A socket's path has 107 bytes on Linux and 103 elsewhere (`sun_path` in unix(7)).
const SOCKET_PATH: usize = 103;

/// A folder for one server, which belongs to the server's account. It is planned before it is made,
/// so that it can be written down first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFolder {
    path: PathBuf,
    account: Option<ServerAccount>,
}

impl ServerFolder {
    /// `home/server`, or, where the account can't reach it or a socket's path would be too long, a
    /// folder of the given name in the system's temporary folder.
    #[must_use]
    pub fn plan(home: &Path, name: &str, account: Option<ServerAccount>) -> Self {
        let inside =
            std::path::absolute(home).unwrap_or_else(|_| home.to_path_buf()).join("server");
        let path = if fits(&inside, account) {
            inside
        } else {
            let usual = std::env::temp_dir().join(name);
            if fits(&usual, account) { usual } else { Path::new("/tmp").join(name) }
        };
        Self { path, account }
    }

    /// Makes the folder; that it is there already is an error.
    pub(crate) fn make(&self) -> io::Result<()> {
        for path in [&self.path, &self.sockets()] {
            DirBuilder::new().mode(0o700).create(path)?;
            if let Some(account) = self.account {
                chown(path, Some(account.uid), Some(account.gid))?;
            }
        }
        Ok(())
    }

    /// Removes the folder and all that is in it.
    pub(crate) fn remove(&self) -> io::Result<()> {
        remove_all(&self.path)
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The server's data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// The folder of the server's sockets.
    #[must_use]
    pub fn sockets(&self) -> PathBuf {
        self.path.join("s")
    }

    pub(crate) fn account(&self) -> Option<ServerAccount> {
        self.account
    }
}

fn fits(folder: &Path, account: Option<ServerAccount>) -> bool {
    let longest = folder.join("s").join(".s.PGSQL.65535");
    let reached = account.is_none_or(|a| folder.parent().is_some_and(|parent| a.can_reach(parent)));
    reached && longest.as_os_str().len() <= SOCKET_PATH
}

/// Removes a folder that may be gone, and in which a process that is just ending may still be
/// removing files of its own.
pub(crate) fn remove_all(path: &Path) -> io::Result<()> {
    let mut last = Ok(());
    for _ in 0..10 {
        last = match fs::remove_dir_all(path) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !path.exists() => {
                return Ok(());
            }
            Err(error) => Err(error),
        };
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_path_that_is_too_long_moves_the_server_out() {
        let home = std::env::temp_dir().join("x".repeat(120));
        let folder = ServerFolder::plan(&home, "clonegate-0-production", None);
        assert!(!folder.path().starts_with(&home));
        assert!(folder.path().ends_with("clonegate-0-production"));
        let near = ServerFolder::plan(Path::new("/tmp/near"), "clonegate-0-production", None);
        assert_eq!(near.path(), Path::new("/tmp/near/server"));
    }

    #[test]
    fn what_root_alone_can_reach_moves_the_server_out() {
        use std::os::unix::fs::PermissionsExt;
        let private = tempfile::tempdir().unwrap();
        fs::set_permissions(private.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let stranger = Some(ServerAccount { uid: 64_999, gid: 64_999 });
        let folder = ServerFolder::plan(private.path(), "clonegate-0-clone", stranger);
        assert!(!folder.path().starts_with(private.path()));
    }
}
