//! A server with the zoo of the catch matrix, and a copy of it that is changed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clonegate_sandbox::{LocalServer, Psql, ServerOptions, StopMode, find_postgres};

/// The zoo as it stays.
pub(crate) const ORIGINAL: &str = "zoo";
/// The copy that is changed.
pub(crate) const COPY: &str = "zoo_copy";

/// How long the server may take to read its configuration, and a session to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who is connected to the original.
const OTHERS: &str =
    "select pid, backend_type, application_name, query from pg_stat_activity where datname = 'zoo'";

/// A server with the zoo.
pub(crate) struct Zoo {
    pub(crate) server: LocalServer,
    copied: String,
    _folder: tempfile::TempDir,
}

impl Zoo {
    pub(crate) async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("clonegate-bench-").tempdir()?;
        let installation = find_postgres(None)?;
        // Without jit: the tools' questions about the catalog are compiled for longer than they run.
        let settings = [("wal_level", "logical"), ("jit", "off")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let options = ServerOptions { settings, ..ServerOptions::default() };
        let server =
            LocalServer::start(&installation, &folder.path().join("server"), &options).await?;
        let zoo = Self { server, copied: file("copied.sql")?, _folder: folder };
        zoo.sql("postgres", &file("cluster.sql")?).await?;
        zoo.sql("postgres", &format!("create database {ORIGINAL}")).await?;
        zoo.sql(ORIGINAL, &file("zoo.sql")?).await?;
        Ok(zoo)
    }

    fn psql(&self) -> Psql {
        self.server.psql()
    }

    /// SQL as superuser.
    pub(crate) async fn sql(&self, database: &str, sql: &str) -> Result<String> {
        Ok(self.psql().run_sql(database, sql).await?.trim().to_owned())
    }

    /// Makes a fresh copy, as soon as nobody is connected to the original: that is what PostgreSQL asks of a
    /// template, and a tool's session ends a moment after the tool.
    pub(crate) async fn copy(&self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let others = self.sql("postgres", OTHERS).await?;
            if others.is_empty() {
                break;
            }
            ensure!(begun.elapsed() < PATIENCE, "somebody stays connected to {ORIGINAL}: {others}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let copied = &self.copied;
        let sql =
            format!("create database {COPY} template {ORIGINAL};\n\\connect {COPY}\n{copied}");
        self.sql("postgres", &sql).await.map(drop)
    }

    /// Removes the copy.
    pub(crate) async fn remove_copy(&self) -> Result<()> {
        let sql = format!(
            "\\connect {COPY}\nset client_min_messages = warning;\n\
             drop subscription if exists zoo_subscription;\n\
             \\connect postgres\ndrop database {COPY} with (force);"
        );
        self.sql("postgres", &sql).await.map(drop)
    }

    /// Has the server read its configuration again, and waits until it did.
    pub(crate) async fn reload(&self) -> Result<()> {
        let before = self.sql("postgres", "select clock_timestamp()").await?;
        self.sql("postgres", "select pg_reload_conf()").await?;
        let read = format!("select pg_conf_load_time() > '{before}'");
        let begun = Instant::now();
        while self.sql("postgres", &read).await? != "t" {
            ensure!(begun.elapsed() < PATIENCE, "the server does not read its configuration");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    pub(crate) async fn restart(&mut self) -> Result<()> {
        Ok(self.server.restart(StopMode::Fast).await?)
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        Ok(self.server.stop(StopMode::Immediate).await?)
    }
}

/// The folder of the tests' data.
pub(crate) fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests")
}

fn file(name: &str) -> Result<String> {
    let path = tests().join("zoo").join(name);
    std::fs::read_to_string(&path).with_context(|| format!("{} can't be read", path.display()))
}
