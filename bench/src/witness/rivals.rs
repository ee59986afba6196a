//! What the witnesses are held against: `pg_dump | sha256sum`, and reladiff.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use super::server::{Place, Server};

/// How long `pg_dump | sha256sum` of a database takes, or of one table of it.
pub(crate) async fn dump(server: &Server, place: &Place, table: Option<&str>) -> Result<Duration> {
    let begun = Instant::now();
    let mut dump = server.program("pg_dump");
    if let Some(table) = table {
        dump.args(["--table", table]);
    }
    dump.args(["--dbname", &place.database]);
    let mut dump = dump.stdout(Stdio::piped()).spawn().context("pg_dump can't be run")?;
    let written: Stdio = dump.stdout.take().context("pg_dump writes")?.try_into()?;
    let hashed = Command::new("sha256sum")
        .stdin(written)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("sha256sum can't be run")?;
    let hashed = hashed.wait_with_output().await?;
    let status = dump.wait().await?;
    ensure!(status.success() && hashed.status.success(), "pg_dump of {} failed", place.database);
    Ok(begun.elapsed())
}

/// reladiff, installed.
#[derive(Debug, Clone)]
pub(crate) struct Reladiff(pub(crate) PathBuf);

impl Reladiff {
    /// How long it takes to compare a table with its copy on all columns.
    pub(crate) async fn compare(
        &self,
        one: &Place,
        other: &Place,
        (table, key): (&str, &str),
    ) -> Result<Duration> {
        let begun = Instant::now();
        let output = Command::new(&self.0)
            .args([&one.uri(), table, &other.uri(), table, "-k", key, "-c", "%", "-j", "2"])
            .env("PGPASSFILE", &one.passfile)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .context("reladiff can't be run")?;
        let took = begun.elapsed();
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "reladiff failed: {}", said.trim());
        let different = String::from_utf8_lossy(&output.stdout);
        ensure!(
            different.trim().is_empty(),
            "reladiff finds differences between a table and its copy: {}",
            different.trim()
        );
        Ok(took)
    }
}
