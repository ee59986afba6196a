//! `.pgpass` (manual: "The Password File").

use std::io;
use std::path::{Path, PathBuf};

use crate::Secret;

/// Why a password file was not used.
#[derive(Debug, thiserror::Error)]
pub enum PassfileError {
    /// It could not be read.
    #[error("the password file {} can't be read", path.display())]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("the password file {} is no plain file", path.display())]
    NotAFile {
        /// Where it is.
        path: PathBuf,
    },
    /// Others can read it.
    #[error(
        "the password file {} can be read by others (mode {mode:04o}); run: chmod 0600 {}",
        path.display(), path.display()
    )]
    Exposed {
        /// Where it is.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}

/// The entries of a password file.
pub(super) struct Passfile(Vec<[String; 5]>);

impl Passfile {
    /// Reads a file that nobody but its owner can read.
    pub(super) fn read(path: &Path) -> Result<Self, PassfileError> {
        use std::io::Read as _;
        let unreadable = |source| PassfileError::Unreadable { path: path.to_owned(), source };
        // What is checked is the file that was opened, not whatever has its name a moment later.
        // A pipe would block at open, so the name is looked at first as well.
        let plain = |metadata: &std::fs::Metadata| {
            metadata
                .is_file()
                .then_some(())
                .ok_or_else(|| PassfileError::NotAFile { path: path.to_owned() })
        };
        plain(&std::fs::metadata(path).map_err(unreadable)?)?;
        let mut file = std::fs::File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        plain(&metadata)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = metadata.permissions().mode() & 0o7777;
            if mode & 0o077 != 0 {
                let path = path.to_owned();
                return Err(PassfileError::Exposed { path, mode });
            }
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(unreadable)?;
        Ok(Self::parse(&text))
    }

    /// Lines that have no five fields are passed over, as libpq does.
    fn parse(text: &str) -> Self {
        Self(
            text.lines()
                .map(|line| line.trim_end_matches('\r'))
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .filter_map(fields)
                .collect(),
        )
    }

    /// The first entry that matches. `hosts` are the names by which the server may stand there.
    pub(super) fn password(
        &self,
        hosts: &[&str],
        port: u16,
        database: &str,
        user: &str,
    ) -> Option<Secret> {
        let port = port.to_string();
        let fits = |field: &str, value: &str| field == "*" || field == value;
        self.0
            .iter()
            .find(|[h, p, d, u, _]| {
                hosts.iter().any(|host| fits(h, host))
                    && fits(p, &port)
                    && fits(d, database)
                    && fits(u, user)
            })
            .map(|[.., password]| Secret::new(password))
    }
}

/// Splits at colons; `\:` and `\\` are the characters themselves.
fn fields(line: &str) -> Option<[String; 5]> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let last = fields.len() - 1;
        match c {
            '\\' => fields[last].extend(chars.next()),
            ':' if last < 4 => fields.push(String::new()),
            c => fields[last].push(c),
        }
    }
    fields.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, hosts: &[&str], port: u16, db: &str, user: &str) -> Option<String> {
        Passfile::parse(text).password(hosts, port, db, user).map(|s| s.reveal().to_owned())
    }

    #[test]
    fn the_first_entry_that_matches_counts() {
        let text = "# comment\nshort:line\nh:5432:db:ro:first\n*:*:*:ro:second\n*:*:*:*:third\r\n";
        assert_eq!(found(text, &["h"], 5432, "db", "ro").unwrap(), "first");
        assert_eq!(found(text, &["h"], 5433, "db", "ro").unwrap(), "second");
        assert_eq!(found(text, &["h"], 5433, "db", "other").unwrap(), "third");
        assert_eq!(found("h:1:d:u:p", &["x"], 1, "d", "u"), None);
    }

    #[test]
    fn colons_and_backslashes_are_escaped() {
        let text = "fe80\\:\\:1:5432:d\\\\b:u:p\\:a\\\\ss:word\n";
        assert_eq!(found(text, &["fe80::1"], 5432, "d\\b", "u").unwrap(), "p:a\\ss:word");
    }

    #[test]
    fn a_socket_goes_by_its_folder_or_by_localhost() {
        let hosts = ["/run/postgresql", "localhost"];
        assert!(found("localhost:5432:d:u:p", &hosts, 5432, "d", "u").is_some());
        assert!(found("/run/postgresql:5432:d:u:p", &hosts, 5432, "d", "u").is_some());
    }

    #[cfg(unix)]
    #[test]
    fn refuses_a_file_that_others_can_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        std::fs::write(&path, "*:*:*:*:s3cret\n").unwrap();
        for (mode, fine) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let read = Passfile::read(&path);
            assert_eq!(read.is_ok(), fine, "{mode:o}");
            if let Err(error) = read {
                assert!(matches!(&error, PassfileError::Exposed { mode: m, .. } if *m == mode));
                assert!(error.to_string().contains("chmod 0600"), "{error}");
            }
        }
        assert!(matches!(Passfile::read(folder.path()), Err(PassfileError::NotAFile { .. })));
        assert!(matches!(
            Passfile::read(&folder.path().join("none")),
            Err(PassfileError::Unreadable { .. })
        ));
    }
}
