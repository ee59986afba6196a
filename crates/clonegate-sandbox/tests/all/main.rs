//! The sandbox against real servers. Tests that need what this machine has not (local PostgreSQL
//! programs, a container engine) say so and pass; `cargo xtask test` counts them.

#![allow(clippy::unwrap_used)]

mod containers;
mod local;
mod owner;

use std::path::{Path, PathBuf};
use std::process::Command;

use clonegate_sandbox::{Backend, Options, PostgresInstallation, Topology, find_postgres};

/// The installation to test with.
fn installation() -> PostgresInstallation {
    find_postgres(None).unwrap_or_else(|error| panic!("these tests need a PostgreSQL: {error}"))
}

fn options(root: &Path, topology: Topology, backend: Backend) -> Options {
    Options { root: root.to_path_buf(), topology, backend, ..Options::default() }
}

/// A root that the server's account can reach, as a checkout outside root's home is.
fn open_root() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    tempfile::Builder::new().permissions(std::fs::Permissions::from_mode(0o711)).tempdir().unwrap()
}

/// Processes whose working folder or arguments are in a folder, this one aside.
fn processes_in(folder: &Path) -> Vec<String> {
    let text = folder.to_string_lossy().into_owned();
    let ps = Command::new("ps").args(["-axo", "pid=,args="]).output().unwrap();
    String::from_utf8_lossy(&ps.stdout)
        .lines()
        .filter(|line| line.contains(&text) && !line.contains("ps -axo"))
        .map(str::to_owned)
        .collect()
}

/// The folders in the temporary folder that belong to a sandbox.
fn outside_folders(id: &str) -> Vec<PathBuf> {
    std::fs::read_dir(std::env::temp_dir())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(&format!("clonegate-{id}")))
        .collect()
}

fn id_of(folder: &Path) -> String {
    folder.file_name().unwrap().to_string_lossy().into_owned()
}
