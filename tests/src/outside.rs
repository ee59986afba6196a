//! The crates used by a project that is not this one: `tests/outside/` is a workspace of its own.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::harness::{Side, Trial};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sibling_project_sees_a_change_with_probe_witness_store_and_diff() {
    let trial = Trial::new().await;
    let production = trial.endpoint(Side::Production);
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../target").into());
    let mut outside = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "run",
            "--quiet",
            "--locked",
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/outside/Cargo.toml"),
            "--",
        ])
        .arg(trial.store())
        .env("CARGO_TARGET_DIR", target)
        .env("PGHOST", &production.host)
        .env("PGPORT", production.port.to_string())
        .env("PGUSER", &production.role)
        .env("PGDATABASE", &production.database)
        .env("PGPASSFILE", &production.passfile)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("cargo starts");
    let mut lines = BufReader::new(outside.stdout.take().expect("an output")).lines();
    let first = lines.next_line().await.expect("it can be read");
    assert_eq!(
        first.as_deref(),
        Some("stored"),
        "the sibling project builds and takes its first snapshot"
    );
    trial.sql(Side::Production, "update directus_settings set project_name = 'changed'").await;
    outside.stdin.take().expect("an input").write_all(b"go\n").await.expect("it reads");
    let mut findings = Vec::new();
    while let Some(line) = lines.next_line().await.expect("it can be read") {
        findings.push(line);
    }
    assert!(outside.wait().await.expect("it ends").success());
    assert_eq!(findings, ["table public.directus_settings rows: 1 → 1 (1 newer)"]);
}
