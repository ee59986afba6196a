//! Points the one-roof profile at the sandbox's servers.

use std::path::{Path, PathBuf};
use std::{fs, io};

use toml_edit::{DocumentMut, Item, Table, value};

/// The profile could not be pointed at the sandbox.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// A file.
    #[error("can't read or write {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is no TOML.
    #[error("{} is no TOML", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: toml_edit::TomlError,
    },
    /// It has no such table.
    #[error("{} has no table [{table}]", path.display())]
    NoTable {
        /// The file.
        path: PathBuf,
        /// The table.
        table: &'static str,
    },
}

/// Where the two targets are.
pub(crate) struct Targets<'a> {
    pub(crate) production: Way<'a>,
    pub(crate) clone: CloneWay<'a>,
}

/// A connection over TCP, with its passwords.
pub(crate) struct Way<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) passfile: &'a Path,
}

/// How the clone's psql is run.
pub(crate) enum CloneWay<'a> {
    /// On this machine.
    Local { way: Way<'a>, psql: PathBuf },
    /// Inside the clone's container, with psql's own defaults: host, port and passfile are meant there.
    Container { name: &'a str },
}

/// Edits the profile in place; what it says about anything else stays as it is, comments included.
pub(crate) fn point(path: &Path, targets: &Targets<'_>) -> Result<(), ProfileError> {
    let file = |source| ProfileError::File { path: path.to_path_buf(), source };
    let text = fs::read_to_string(path).map_err(file)?;
    let mut document: DocumentMut =
        text.parse().map_err(|source| ProfileError::Toml { path: path.to_path_buf(), source })?;

    let production = table(&mut document, path, "production")?;
    set_way(production, &targets.production);
    // It would be asked first, and is not meant for the sandbox.
    production.remove("url-env");

    let clone = table(&mut document, path, "clone")?;
    for key in ["ssh", "container", "runtime", "psql", "host", "port", "passfile"] {
        clone.remove(key);
    }
    match &targets.clone {
        CloneWay::Local { way, psql } => {
            set_way(clone, way);
            set(clone, "psql", &psql.to_string_lossy());
        }
        CloneWay::Container { name } => set(clone, "container", name),
    }
    fs::write(path, document.to_string()).map_err(file)
}

fn table<'a>(
    document: &'a mut DocumentMut,
    path: &Path,
    name: &'static str,
) -> Result<&'a mut Table, ProfileError> {
    document
        .get_mut(name)
        .and_then(Item::as_table_mut)
        .ok_or_else(|| ProfileError::NoTable { path: path.to_path_buf(), table: name })
}

fn set_way(table: &mut Table, way: &Way<'_>) {
    set(table, "host", way.host);
    table.insert("port", value(i64::from(way.port)));
    set(table, "passfile", &way.passfile.to_string_lossy());
}

fn set(table: &mut Table, key: &str, text: &str) {
    table.insert(key, value(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = "# kept\nformat = 1\n\n[production]\n# why\nrole = \"reader\"\nurl-env = \"X\"\n\n\
                           [clone]\nssh = \"contabo\"\nrole = \"writer\"\n\n[build]\nscripts = [\"a.sql\"]\n";

    fn pointed(clone: CloneWay<'_>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clonegate.toml");
        fs::write(&path, PROFILE).unwrap();
        let production = Way { host: "127.0.0.1", port: 5001, passfile: Path::new("/p") };
        point(&path, &Targets { production, clone }).unwrap();
        fs::read_to_string(&path).unwrap()
    }

    #[test]
    fn changes_only_how_the_targets_are_reached() {
        let way = Way { host: "127.0.0.1", port: 5002, passfile: Path::new("/c") };
        let text = pointed(CloneWay::Local { way, psql: PathBuf::from("/bin/psql") });
        assert_eq!(
            text,
            "# kept\nformat = 1\n\n[production]\n# why\nrole = \"reader\"\nhost = \"127.0.0.1\"\nport = 5001\n\
             passfile = \"/p\"\n\n[clone]\nrole = \"writer\"\nhost = \"127.0.0.1\"\nport = 5002\n\
             passfile = \"/c\"\npsql = \"/bin/psql\"\n\n[build]\nscripts = [\"a.sql\"]\n"
        );
    }

    #[test]
    fn a_clone_in_a_container_is_reached_by_the_defaults_there() {
        let text = pointed(CloneWay::Container { name: "clonegate-1-clone" });
        assert!(
            text.contains(
                "[clone]\nrole = \"writer\"\ncontainer = \"clonegate-1-clone\"\n\n[build]"
            ),
            "{text}"
        );
    }

    #[test]
    fn the_profile_of_this_project_can_be_pointed() {
        let folder = tempfile::tempdir().unwrap();
        crate::Fixture::unpack(folder.path()).unwrap();
        let production = Way { host: "127.0.0.1", port: 5001, passfile: Path::new("/p") };
        let clone = CloneWay::Container { name: "c" };
        point(&folder.path().join("clonegate.toml"), &Targets { production, clone }).unwrap();
    }
}
