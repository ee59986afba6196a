//! Finds PostgreSQL's programs on this machine.

use std::cmp::Reverse;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is needed to make, run and fill a server.
const PROGRAMS: [&str; 4] = ["initdb", "postgres", "psql", "pg_dump"];

/// The oldest major version that is supported.
const OLDEST: u32 = 14;

/// The environment variable that names the folder of PostgreSQL's programs.
pub(crate) const BIN_VARIABLE: &str = "CLONEGATE_PG_BIN";

/// A folder with PostgreSQL's programs, server and clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresInstallation {
    bin_dir: PathBuf,
    version: String,
    major: u32,
}

impl PostgresInstallation {
    /// Looks at one folder.
    ///
    /// # Errors
    /// When a program is missing there or doesn't run, or when the version is too old.
    pub fn at(bin_dir: &Path) -> Result<Self, FindError> {
        let missing: Vec<&str> =
            PROGRAMS.into_iter().filter(|program| !bin_dir.join(program).is_file()).collect();
        if !missing.is_empty() {
            let (bin_dir, missing) = (bin_dir.to_path_buf(), missing.join(", "));
            return Err(FindError::Incomplete { bin_dir, missing });
        }
        let postgres = bin_dir.join("postgres");
        let said = Command::new(&postgres)
            .arg("--version")
            .output()
            .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
            .unwrap_or_default();
        let (version, major) =
            parse_version(&said).ok_or(FindError::Unknown { postgres, said: said.clone() })?;
        if major < OLDEST {
            return Err(FindError::TooOld { bin_dir: bin_dir.to_path_buf(), version });
        }
        Ok(Self { bin_dir: bin_dir.to_path_buf(), version, major })
    }

    /// The folder of the programs.
    #[must_use]
    pub fn bin_dir(&self) -> &Path {
        &self.bin_dir
    }

    /// A program's path.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin_dir.join(name)
    }

    /// The version as the server writes it, for instance `15.18`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The major version, for instance 15.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }
}

impl fmt::Display for PostgresInstallation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL {} in {}", self.version, self.bin_dir.display())
    }
}

/// No usable PostgreSQL.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// A folder that was named has not all programs.
    #[error(
        "{} has no {missing}: name the folder of a whole PostgreSQL (Debian keeps it in \
         /usr/lib/postgresql/VERSION/bin)",
        bin_dir.display()
    )]
    Incomplete {
        /// The folder.
        bin_dir: PathBuf,
        /// The programs.
        missing: String,
    },
    /// A server too old to be supported.
    #[error("{} is PostgreSQL {version}; {OLDEST} is the oldest that is supported", bin_dir.display())]
    TooOld {
        /// The folder.
        bin_dir: PathBuf,
        /// Its version.
        version: String,
    },
    /// A server that doesn't tell its version.
    #[error("`{} --version` says {said:?}, which is no version", postgres.display())]
    Unknown {
        /// The program.
        postgres: PathBuf,
        /// What it said.
        said: String,
    },
    /// Nothing was found in any of the usual places.
    #[error(
        "no PostgreSQL server is installed here. Install one:\n  \
         Debian, Ubuntu:  apt-get install postgresql\n  \
         Fedora:          dnf install postgresql-server\n  \
         macOS:           brew install postgresql@17\n\
         or name the folder of its programs in {BIN_VARIABLE}"
    )]
    Nothing,
}

/// Finds PostgreSQL's programs: in `bin_dir`, else in the folder that `CLONEGATE_PG_BIN` names, else in
/// `PATH`, where `pg_config` says, and in the folders of Debian, Fedora, Homebrew and Postgres.app,
/// the newest version first.
///
/// # Errors
/// When a folder that was named is not usable; it is not silently replaced by another. When nothing was
/// named and nothing is found, or only versions that are too old.
pub fn find_postgres(bin_dir: Option<&Path>) -> Result<PostgresInstallation, FindError> {
    if let Some(bin_dir) = bin_dir {
        return PostgresInstallation::at(bin_dir);
    }
    if let Some(bin_dir) = std::env::var_os(BIN_VARIABLE).filter(|value| !value.is_empty()) {
        return PostgresInstallation::at(Path::new(&bin_dir));
    }
    let mut outcome = FindError::Nothing;
    for candidate in candidates() {
        match PostgresInstallation::at(&candidate) {
            Ok(found) => return Ok(found),
            Err(old @ FindError::TooOld { .. }) => outcome = old,
            // Most folders of PATH have nothing to do with PostgreSQL.
            Err(_) => {}
        }
    }
    Err(outcome)
}

fn candidates() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> =
        std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    let families: [(&str, &str, &str); 5] = [
        ("/usr/lib/postgresql", "", "bin"),
        ("/usr", "pgsql-", "bin"),
        ("/opt/homebrew/opt", "postgresql@", "bin"),
        ("/usr/local/opt", "postgresql@", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ];
    for (parent, prefix, below) in families {
        folders.extend(versions(Path::new(parent), prefix).into_iter().map(|v| v.join(below)));
    }
    folders
}

/// The folders in `parent` whose name is `prefix` and a version, the newest first.
fn versions(parent: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?;
            Some((version.split('.').next()?.parse().ok()?, entry.path()))
        })
        .collect();
    found.sort_by_key(|(version, _)| Reverse(*version));
    found.into_iter().map(|(_, path)| path).collect()
}

/// From `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`; a beta is `18beta1`.
fn parse_version(said: &str) -> Option<(String, u32)> {
    let version = said.split_once("(PostgreSQL)")?.1.split_whitespace().next()?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some((version.to_owned(), digits.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_of_every_kind_of_build() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)";
        assert_eq!(parse_version(debian), Some(("15.18".to_owned(), 15)));
        assert_eq!(
            parse_version("postgres (PostgreSQL) 18beta1"),
            Some(("18beta1".to_owned(), 18))
        );
        assert_eq!(parse_version("gibberish"), None);
    }

    #[test]
    fn the_newest_version_comes_first_and_by_number() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["postgresql@9.6", "postgresql@14", "postgresql@17", "postgresql", "other@3"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        let names: Vec<_> = versions(parent.path(), "postgresql@")
            .iter()
            .map(|path| path.file_name().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["postgresql@17", "postgresql@14", "postgresql@9.6"]);
    }

    #[test]
    fn a_folder_that_was_named_is_not_replaced_by_another() {
        let empty = tempfile::tempdir().unwrap();
        let error = find_postgres(Some(empty.path())).unwrap_err();
        assert!(error.to_string().contains("initdb, postgres, psql, pg_dump"), "{error}");
    }
}
