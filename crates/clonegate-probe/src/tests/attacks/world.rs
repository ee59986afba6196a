//! The production that is attacked: a server, what is in it, and who else is on it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clonegate_sandbox::ContainerServer;
use tokio_postgres::{AsyncMessage, Client, NoTls, Statement};

use super::payload::Role;
use crate::tests::server::{Server, TRUST, free_port};

/// Everybody's password here, and with that also a secret that no answer may carry.
pub(super) const PASSWORD: &str = "pw-of-everybody-here";

/// What makes the oracle's view quiet: nothing of the server's own writes to the log or to a table
/// while a payload is looked at.
const SETTINGS: [(&str, &str); 12] = [
    ("autovacuum", "off"),
    ("checkpoint_timeout", "1d"),
    ("max_wal_size", "4GB"),
    ("wal_keep_size", "1GB"),
    ("wal_level", "logical"),
    ("wal_writer_delay", "10ms"),
    ("shared_buffers", "32MB"),
    ("max_connections", "60"),
    ("max_prepared_transactions", "0"),
    ("max_parallel_workers_per_gather", "2"),
    ("jit", "off"),
    ("timezone", "UTC"),
];

/// Where the server runs.
enum Place {
    Local(Server),
    Container(ContainerServer),
}

/// A server with the fixture, and three sessions on it that nobody attacks on purpose: the oracle's,
/// one that listens, and one that works beside the payload as the same role.
pub(super) struct World {
    place: Place,
    pub(super) major: u32,
    pub(super) extensions: BTreeSet<String>,
    pub(super) data: String,
    pub(super) oracle: Client,
    pub(super) look: Statement,
    listener: Client,
    heard: Arc<AtomicUsize>,
    neighbour: Option<Neighbour>,
    pub(super) known: Vec<i32>,
}

struct Neighbour {
    role: Role,
    pid: i32,
    _client: Client,
}

impl World {
    /// On this machine's own PostgreSQL.
    pub(super) async fn local() -> Self {
        let conf: String =
            SETTINGS.iter().map(|(name, value)| format!("{name} = '{value}'\n")).collect();
        let server = Server::start(free_port(), &conf, TRUST, &[]).await;
        Self::populated(Place::Local(server), "").await
    }

    /// In a container.
    pub(super) async fn container(image: &str) -> Self {
        let name = format!("clonegate-attacks-{}", std::process::id());
        let server = ContainerServer::start(&name, "attacks", Some(image), &SETTINGS).await;
        let server = server.unwrap();
        let password = server.password().expose().to_owned();
        Self::populated(Place::Container(server), &password).await
    }

    async fn populated(place: Place, password: &str) -> Self {
        let port = match &place {
            Place::Local(server) => server.port(),
            Place::Container(server) => server.port(),
        };
        let at = |user: &str, password: &str, database: &str| {
            connect(port, user.to_owned(), password.to_owned(), database.to_owned())
        };
        let (first, _) = at("postgres", password, "postgres").await;
        for sql in statements(include_str!("roles.sql")) {
            first.batch_execute(&sql.replace(":password", PASSWORD)).await.unwrap();
        }
        let sql = "select array_agg(name::text) from pg_available_extensions";
        let available: Vec<String> = first.query_one(sql, &[]).await.unwrap().get(0);
        let inside: String =
            first.query_one("select current_setting('port')", &[]).await.unwrap().get(0);
        let (staging, _) = at("postgres", password, "staging").await;
        for sql in statements(include_str!("staging.sql")) {
            staging.batch_execute(&sql).await.unwrap();
        }
        let (oracle, _) = at("postgres", password, "production").await;
        let mut extensions = BTreeSet::new();
        let (always, conditional) = include_str!("fixture.sql").split_once("\n--? ").unwrap();
        oracle.batch_execute(always).await.unwrap();
        for part in conditional.split("\n--? ") {
            let (extension, sql) = part.split_once('\n').unwrap();
            if available.iter().any(|name| name == extension) {
                let sql = sql.replace(":password", PASSWORD).replace(":port", &inside);
                oracle.batch_execute(&sql).await.unwrap();
                extensions.insert(extension.to_owned());
            }
        }
        oracle.batch_execute("vacuum (freeze, analyze)").await.unwrap();
        oracle.batch_execute("checkpoint").await.unwrap();
        let look = oracle.prepare(include_str!("look.sql")).await.unwrap();
        let version = "select current_setting('server_version_num')::int / 10000";
        let major: i32 = oracle.query_one(version, &[]).await.unwrap().get(0);
        let data: String =
            oracle.query_one("select current_setting('data_directory')", &[]).await.unwrap().get(0);
        let (listener, heard) = at("postgres", password, "production").await;
        listener.batch_execute("listen clonegate_attacks").await.unwrap();
        let known = vec![pid(&oracle).await, pid(&listener).await];
        let major = u32::try_from(major).unwrap();
        Self {
            place,
            major,
            extensions,
            data,
            oracle,
            look,
            listener,
            heard,
            neighbour: None,
            known,
        }
    }

    pub(super) fn port(&self) -> u16 {
        match &self.place {
            Place::Local(server) => server.port(),
            Place::Container(server) => server.port(),
        }
    }

    /// Makes sure that a session of the role works beside the payload, and tells its number.
    pub(super) async fn neighbour(&mut self, role: Role) -> i32 {
        if let Some(there) = &self.neighbour {
            let sql =
                "select exists (select from pg_stat_activity where pid = $1 and state = 'active')";
            let works: bool = self.oracle.query_one(sql, &[&there.pid]).await.unwrap().get(0);
            if works && there.role == role {
                return there.pid;
            }
            let sql = "select pg_terminate_backend($1, 5000)";
            self.oracle.query(sql, &[&there.pid]).await.unwrap();
        }
        let (client, _) =
            connect(self.port(), role.user().into(), PASSWORD.into(), "production".into()).await;
        let pid = pid(&client).await;
        client.batch_execute("set application_name = 'neighbour'").await.unwrap();
        let work = client.simple_query("select pg_sleep(100000)");
        // It never answers; it is enough that the question is on its way.
        let _ = tokio::time::timeout(Duration::from_millis(20), work).await;
        let begun = Instant::now();
        let sql = "select exists (select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep')";
        while !self.oracle.query_one(sql, &[&pid]).await.unwrap().get::<_, bool>(0) {
            assert!(begun.elapsed() < Duration::from_secs(10), "the neighbour does not work");
        }
        self.neighbour = Some(Neighbour { role, pid, _client: client });
        pid
    }

    /// A session of a role, for what is done directly.
    pub(super) async fn session(&self, role: Role, application_name: &str) -> Client {
        let (client, _) =
            connect(self.port(), role.user().into(), PASSWORD.into(), "production".into()).await;
        let name = format!("set application_name = '{application_name}'");
        client.batch_execute(&name).await.unwrap();
        client
    }

    /// How many notifications the listening session has heard.
    pub(super) async fn heard(&self) -> usize {
        // A notification is sent to an idle listener at once, and to a busy one when it has answered.
        self.listener.simple_query("select 1").await.unwrap();
        self.heard.load(Ordering::SeqCst)
    }

    /// Puts everything back that can be put back.
    pub(super) async fn reset(&self) {
        for sql in statements(include_str!("reset.sql")) {
            self.oracle.batch_execute(&sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        }
    }
}

/// The statements of a file, where one ends with its line and none has a line of another's.
fn statements(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("--")).collect();
    let text = lines.join("\n");
    text.split_inclusive(";\n").map(str::to_owned).filter(|sql| !sql.trim().is_empty()).collect()
}

async fn pid(client: &Client) -> i32 {
    client.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0)
}

async fn connect(
    port: u16,
    user: String,
    password: String,
    database: String,
) -> (Client, Arc<AtomicUsize>) {
    let (client, mut connection) = tokio_postgres::Config::new()
        .host("127.0.0.1")
        .port(port)
        .user(user)
        .password(password)
        .dbname(database)
        .connect(NoTls)
        .await
        .unwrap();
    let heard = Arc::new(AtomicUsize::new(0));
    let counter = heard.clone();
    tokio::spawn(async move {
        while let Some(Ok(message)) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
            if matches!(message, AsyncMessage::Notification(_)) {
                counter.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    (client, heard)
}
