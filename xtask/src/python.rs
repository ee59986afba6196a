//! Python packages of others, each set in an environment of its own under `target/`: a client of the
//! Model Context Protocol for the tests, and what the bench compares with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::install::Install;
use crate::{complain, root, target};

/// Packages that are installed together.
pub(crate) struct Packages {
    what: &'static str,
    /// Where they are looked for: `tests/src/mcp_sdk.rs` and `bench/src/peers.rs` have the same.
    folder: &'static str,
    requirements: &'static str,
}

/// The official SDK of the Model Context Protocol.
pub(crate) const MCP_SDK: Packages = Packages {
    what: "the Python SDK of MCP",
    folder: "mcp-sdk",
    requirements: "tests/mcp/requirements.txt",
};

/// reladiff and migra.
pub(crate) const BENCH_PEERS: Packages = Packages {
    what: "reladiff and migra",
    folder: "bench-peers",
    requirements: "bench/peers/requirements.txt",
};

/// Makes the environment, once for each content of its requirements.
///
/// # Errors
/// What is missing on this machine.
pub(crate) fn make(packages: &Packages, install: Install) -> Result<()> {
    let Packages { what, folder, requirements } = packages;
    let requirements = root().join(requirements);
    let wanted = fs::read_to_string(&requirements).context("the requirements can't be read")?;
    let folder = target().join(folder);
    let installed = folder.join("installed.txt");
    if fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
        return Ok(());
    }
    ensure!(install == Install::Allowed, "it is not installed, and --no-install forbids it");
    let python = python()?;
    complain(&format!("installing {what} into {} (--no-install forbids it)", folder.display()));
    if folder.exists() {
        fs::remove_dir_all(&folder).context("the old environment can't be removed")?;
    }
    run(what, Command::new(python).args(["-m", "venv"]).arg(&folder))?;
    run(
        what,
        Command::new(interpreter(&folder))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(["--only-binary", ":all:", "--require-hashes", "--requirement"])
            .arg(&requirements),
    )?;
    // Last, so that an installation that broke off is made again.
    fs::write(&installed, wanted).context("the environment can't be marked as whole")
}

fn interpreter(folder: &Path) -> PathBuf {
    if cfg!(windows) { folder.join("Scripts/python.exe") } else { folder.join("bin/python") }
}

/// A Python that the packages run on.
fn python() -> Result<&'static str> {
    const RECENT: &str = "import sys; sys.exit(sys.version_info < (3, 10))";
    for name in ["python3", "python"] {
        let asked = Command::new(name)
            .args(["-c", RECENT])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if asked.is_ok_and(|status| status.success()) {
            return Ok(name);
        }
    }
    bail!("there is no Python 3.10 or later")
}

fn run(what: &str, command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().context("Python can't be run")?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        bail!("{what} can't be installed: {}", last.trim());
    }
    Ok(())
}
