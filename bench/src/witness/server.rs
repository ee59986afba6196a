//! The one server that everything of a run is measured on, and what is in it.

use std::path::PathBuf;

use anyhow::Result;
use clonegate_model::{DatabaseName, RunId};
use clonegate_probe::{
    Accepted, Allowlist, Bounds, ConnectionSettings, Environment, Fields, ProductionChannel,
    SslMode, Terms,
};
use clonegate_sandbox::{
    Fixture, LocalServer, Password, Psql, Scale, ServerOptions, StopMode, find_postgres,
    write_passfile,
};

use crate::note;

/// The role that reads, and may do nothing else.
pub(crate) const READER: &str = "bench_reader";

/// What a database is filled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// pgbench's accounts.
    Narrow,
    /// Rows with text, jsonb and numeric.
    Wide,
    /// Small tables.
    Many,
}

impl Content {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Narrow => "narrow",
            Self::Wide => "wide",
            Self::Many => "many",
        }
    }

    /// Rows, or tables, at full scale.
    pub(crate) fn full(self) -> u64 {
        match self {
            Self::Narrow => 2_000_000,
            Self::Wide => 1_000_000,
            Self::Many => 5_000,
        }
    }

    /// The only table and its key, where there is one.
    pub(crate) fn table(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Narrow => Some(("pgbench_accounts", "aid")),
            Self::Wide => Some(("wide", "id")),
            Self::Many => None,
        }
    }

    /// The large tables of all, as the witnesses name them.
    pub(crate) fn relations() -> impl Iterator<Item = String> {
        [Self::Narrow, Self::Wide, Self::Many]
            .into_iter()
            .filter_map(|content| content.table())
            .map(|(table, _)| format!("public.{table}"))
    }

    fn sql(self) -> &'static str {
        match self {
            Self::Narrow => include_str!("../../sql/narrow.sql"),
            Self::Wide => include_str!("../../sql/wide.sql"),
            Self::Many => include_str!("../../sql/many.sql"),
        }
    }
}

/// Where a database is, and who reads it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) database: String,
    pub(crate) role: String,
    pub(crate) port: u16,
    pub(crate) passfile: PathBuf,
}

impl Place {
    /// The production channel, as a gate opens it.
    pub(crate) async fn channel(&self, connections: usize) -> Result<ProductionChannel> {
        let database = DatabaseName::new(&self.database)?;
        let fields = Fields {
            host: Some("127.0.0.1".to_owned()),
            port: Some(self.port),
            user: Some(self.role.clone()),
            database: Some(database.clone()),
            sslmode: Some(SslMode::Disable),
            passfile: Some(self.passfile.clone()),
            ..Fields::default()
        };
        let settings = ConnectionSettings::resolve(&fields, None, &Environment::default())?;
        let allowlist = Allowlist::new([database])?;
        let accepted = Accepted::nothing();
        let run: RunId = "bench-witness".parse()?;
        let terms = Terms {
            allowlist: &allowlist,
            role: Some(&self.role),
            accepted: &accepted,
            run: &run,
            // What a gate lets through: the witnesses pack what they list.
            bounds: Bounds {
                engine_rows: Bounds::default().rows,
                connections: connections.max(1),
                ..Bounds::default()
            },
        };
        Ok(ProductionChannel::connect(settings, terms).await?)
    }

    /// For tools that take a URI; the password comes from the passfile.
    pub(crate) fn uri(&self) -> String {
        format!("postgresql://{}@127.0.0.1:{}/{}", self.role, self.port, self.database)
    }
}

/// A disposable server.
pub(crate) struct Server {
    server: LocalServer,
    passfile: PathBuf,
    password: Password,
    _folder: tempfile::TempDir,
}

impl Server {
    pub(crate) async fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("clonegate-bench-").tempdir()?;
        let installation = find_postgres(None)?;
        let settings = [("shared_buffers", "128MB"), ("max_wal_size", "4GB")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let options = ServerOptions { settings: settings.to_vec(), ..ServerOptions::default() };
        let server =
            LocalServer::start(&installation, &folder.path().join("server"), &options).await?;
        let passfile = folder.path().join("readers");
        let password = Password::random()?;
        // One for both readers, so that there is one passfile.
        let both = [(READER, &password), (Fixture::PRODUCTION_ROLE, &password)];
        write_passfile(&passfile, &["127.0.0.1"], server.port(), &both)?;
        let made = Self { server, passfile, password, _folder: folder };
        made.sql("postgres", &format!("create role {READER} login")).await?;
        made.psql().set_password(READER, &made.password).await?;
        Ok(made)
    }

    pub(crate) fn psql(&self) -> Psql {
        self.server.psql()
    }

    /// SQL as superuser.
    pub(crate) async fn sql(&self, database: &str, sql: &str) -> Result<String> {
        Ok(self.psql().run_sql(database, sql).await?.trim().to_owned())
    }

    /// A program of the server's own version, which needs no password.
    pub(crate) fn program(&self, name: &str) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(self.server.installation().program(name));
        command.args(["--host".as_ref(), self.server.socket_dir().as_os_str()]);
        command.args(["--port", &self.server.port().to_string()]);
        command.args(["--username", self.server.superuser(), "--no-password"]);
        command.env("PGPASSFILE", self.server.passfile()).kill_on_drop(true);
        command
    }

    fn place(&self, database: &str, role: &str) -> Place {
        Place {
            database: database.to_owned(),
            role: role.to_owned(),
            port: self.server.port(),
            passfile: self.passfile.clone(),
        }
    }

    /// A database with so many rows, or tables.
    pub(crate) async fn fill(&self, content: Content, name: &str, count: u64) -> Result<Place> {
        note(&format!(
            "filling {name}: {count} {}",
            if content == Content::Many { "tables" } else { "rows" }
        ));
        self.sql("postgres", &format!("create database {name}")).await?;
        let sql = content.sql().replace("{rows}", &count.to_string());
        self.psql().run_script(content.name(), name, &sql, &[]).await?;
        let done = include_str!("../../sql/done.sql");
        self.psql().run_script("done.sql", name, done, &[]).await?;
        Ok(self.place(name, READER))
    }

    /// A copy of a database on the same server.
    pub(crate) async fn copy(&self, of: &Place) -> Result<Place> {
        let name = format!("{}_copy", of.database);
        let sql = format!(
            "create database {name} template {};\nrevoke temporary on database {name} from public",
            of.database
        );
        self.sql("postgres", &sql).await?;
        Ok(self.place(&name, READER))
    }

    /// The one-roof fixture's production.
    pub(crate) async fn one_roof(&self, scale: Scale) -> Result<Place> {
        note("filling one-roof");
        Fixture::load_production(&self.psql(), scale).await?;
        let role = Fixture::PRODUCTION_ROLE;
        self.psql().set_password(role, &self.password).await?;
        let database = Fixture::PRODUCTION_DATABASE;
        self.sql(database, "vacuum (freeze, analyze)").await?;
        self.sql(database, "checkpoint").await?;
        Ok(self.place(database, role))
    }

    pub(crate) async fn drop_database(&self, place: &Place) -> Result<()> {
        let sql = format!("drop database {} with (force)", place.database);
        self.sql("postgres", &sql).await.map(drop)
    }

    /// For the heading of the result.
    pub(crate) fn version(&self) -> String {
        format!("PostgreSQL {}", self.server.installation().version())
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        Ok(self.server.stop(StopMode::Immediate).await?)
    }
}
