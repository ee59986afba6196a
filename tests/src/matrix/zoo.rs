//! A server with the zoo, and copies of it.

use std::fs;
use std::path::{Path, PathBuf};

use clonegate_sandbox::{
    LocalServer, Password, Psql, ServerOptions, StopMode, find_postgres, write_passfile,
};

use crate::harness::until;

/// The role that the witnesses read as.
pub(crate) const READER: &str = "zoo_reader";

/// The copy that is changed.
pub(crate) const COPY: &str = "zoo_copy";

/// A server with the zoo.
pub(crate) struct Zoo {
    server: LocalServer,
    /// Passfile of the reader.
    passfile: PathBuf,
    copied: String,
    _folder: tempfile::TempDir,
}

impl Zoo {
    /// Starts a server and fills it.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("clonegate-zoo-")
            .tempdir()
            .expect("a temporary folder");
        let installation = find_postgres(None).expect("a local PostgreSQL");
        let settings = [("wal_level", "logical")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        let options = ServerOptions { settings: settings.to_vec(), ..ServerOptions::default() };
        let home = folder.path().join("server");
        let server = LocalServer::start(&installation, &home, &options).await.expect("a server");
        let password = Password::random().expect("the system gives random bytes");
        let passfile = folder.path().join("passfile");
        let logins = [(READER, &password)];
        write_passfile(&passfile, &["127.0.0.1"], server.port(), &logins).expect("a passfile");
        let zoo = Self { server, passfile, copied: file("copied.sql"), _folder: folder };
        zoo.sql("postgres", &file("cluster.sql")).await;
        zoo.psql().set_password(READER, &password).await.expect("the reader gets a password");
        zoo.sql("postgres", "create database zoo").await;
        zoo.sql("zoo", &file("zoo.sql")).await;
        zoo
    }

    /// psql as superuser.
    pub(crate) fn psql(&self) -> Psql {
        self.server.psql()
    }

    /// The major version.
    pub(crate) fn major(&self) -> u32 {
        self.server.installation().major()
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.server.port()
    }

    /// The reader's passfile.
    pub(crate) fn passfile(&self) -> &Path {
        &self.passfile
    }

    /// SQL as superuser.
    pub(crate) async fn sql(&self, database: &str, sql: &str) -> String {
        let said = self.psql().run_sql(database, sql).await;
        said.unwrap_or_else(|e| panic!("{sql}: {e:?}")).trim().to_owned()
    }

    /// Makes a fresh copy.
    pub(crate) async fn copy(&self) {
        let sql =
            format!("create database {COPY} template zoo;\n\\connect {COPY}\n{}", self.copied);
        self.sql("postgres", &sql).await;
    }

    /// Removes the copy.
    pub(crate) async fn remove_copy(&self) {
        let sql = format!(
            "set client_min_messages = warning;
             \\connect {COPY}
             set client_min_messages = warning;
             drop subscription if exists zoo_subscription;
             \\connect postgres
             drop database {COPY} with (force);"
        );
        self.sql("postgres", &sql).await;
    }

    /// Has the server read its configuration again, and waits until it did.
    pub(crate) async fn reload(&self) {
        let before = self.sql("postgres", "select clock_timestamp()").await;
        self.sql("postgres", "select pg_reload_conf()").await;
        let read = format!("select pg_conf_load_time() > '{before}'");
        until("the server has read it", async || self.sql("postgres", &read).await == "t").await;
    }

    /// Stops the server as it is stopped for an update, and starts it again.
    pub(crate) async fn restart(&mut self) {
        self.server.restart(StopMode::Fast).await.expect("the server starts again");
    }
}

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("zoo").join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
