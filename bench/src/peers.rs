//! The tools of others, which `cargo xtask bench` installs into an environment under `target/`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where `xtask` installs them; `xtask/src/python.rs` has the same.
const FOLDER: &str = "bench-peers";

fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    target.join(FOLDER)
}

/// A program of the environment, if it is there and whole.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let folder = folder();
    let program = folder.join("bin").join(name);
    (folder.join("installed.txt").is_file() && program.is_file()).then_some(program)
}

/// The version of a package of the environment.
pub(crate) fn version(package: &str) -> Option<String> {
    let ask = format!("import importlib.metadata as m; print(m.version('{package}'))");
    let output =
        Command::new(program("python")?).args(["-c", &ask]).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
