//! PostgreSQL in containers, with the one-roof fixture: one server for both databases, or two.

use std::path::Path;
use std::process::Stdio;

use clonegate_sandbox::{Fixture, Password, Psql, Scale, write_passfile};
use testcontainers::ImageExt;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::engine::{self, Running};
use crate::harness::until;

const SUPERUSER: &str = "postgres";

const AXIS_TABLES: &str = "select tablename from pg_tables
     where tablename like 'axis\\_%' or tablename = 'coverage_rule' order by 1";

/// A PostgreSQL version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Major {
    V15,
    V17,
}

impl Major {
    /// The official image, and the one that `cargo xtask images` makes.
    fn images(self) -> [&'static str; 2] {
        match self {
            Self::V15 => ["postgres:15", "clonegate-postgres:15"],
            Self::V17 => ["postgres:17", "clonegate-postgres:17"],
        }
    }

    /// As in `server_version_num`, without the minor version.
    pub(super) fn number(self) -> u32 {
        match self {
            Self::V15 => 15,
            Self::V17 => 17,
        }
    }
}

/// A server.
pub(super) struct Server {
    container: Running,
}

impl Server {
    async fn start(major: Major) -> Self {
        let password = Password::random().expect("the system gives random bytes");
        let settings = ["fsync=off", "synchronous_commit=off", "log_connections=on"];
        let settings = settings.iter().flat_map(|setting| ["-c", setting]);
        let what = format!("postgres{}", major.number());
        let container = engine::start(&major.images(), &what, 5432, |request| {
            request
                .with_env_var("POSTGRES_PASSWORD", password.expose())
                .with_env_var("POSTGRES_INITDB_ARGS", "--locale=C --no-sync")
                .with_cmd(["postgres"].into_iter().chain(settings))
        })
        .await;
        let server = Self { container };
        // While an image prepares its data it runs a server on the socket alone; only TCP tells.
        let ready = Command::new("docker")
            .args(["exec", server.name(), "sh", "-c"])
            .arg("until pg_isready --quiet --host 127.0.0.1; do sleep 0.1; done")
            .kill_on_drop(true)
            .status();
        let ready = tokio::time::timeout(crate::harness::PATIENCE, ready).await;
        let is_ready = ready.is_ok_and(|status| status.is_ok_and(|status| status.success()));
        assert!(is_ready, "{} does not come up:\n{}", server.name(), server.container.log());
        server
    }

    /// The container's name.
    pub(super) fn name(&self) -> &str {
        self.container.name()
    }

    /// The port on 127.0.0.1.
    pub(super) fn port(&self) -> u16 {
        self.container.port()
    }

    /// Ends it at once, as a power failure would.
    pub(super) async fn kill(&self) {
        self.container.kill().await;
    }

    /// Starts it again after [`Server::kill`]; its port on 127.0.0.1 may be another one then.
    pub(super) async fn start_again(&self) {
        let started = Command::new("docker").args(["start", self.name()]).output().await;
        assert!(started.is_ok_and(|s| s.status.success()), "{} starts again", self.name());
        until("the server is back", async || {
            self.psql().run_sql("postgres", "select 1").await.is_ok()
        })
        .await;
    }

    /// psql as superuser.
    pub(super) fn psql(&self) -> Psql {
        Psql::in_container(self.name(), SUPERUSER)
    }

    /// SQL as superuser, on a connection of its own.
    pub(super) async fn sql(&self, database: &str, sql: &str) -> String {
        let said = self.psql().run_sql(database, sql).await;
        said.unwrap_or_else(|e| panic!("{sql}: {e:?}")).trim().to_owned()
    }

    /// How often a role was let into a database, by the server's log.
    pub(super) fn logins(&self, role: &str, database: &str) -> usize {
        let line = format!("connection authorized: user={role} database={database}");
        self.container.log().matches(&line).count()
    }

    /// The databases besides the templates.
    pub(super) async fn databases(&self) -> Vec<String> {
        let sql = "select datname from pg_database where not datistemplate order by 1";
        lines(&self.sql("postgres", sql).await)
    }
}

/// Production and its clone.
pub(super) struct Targets {
    production: Server,
    /// Only where it is another server than production's.
    clone: Option<Server>,
    password: Password,
}

impl Targets {
    /// Two databases of one server, as in the reference report.
    pub(super) async fn in_one_instance(major: Major) -> Self {
        Self::load(Server::start(major).await, None).await
    }

    /// Two servers. The clone's must not be older: it restores what production's `pg_dump` wrote.
    pub(super) async fn in_two_instances(production: Major, clone: Major) -> Self {
        let (production, clone) = tokio::join!(Server::start(production), Server::start(clone));
        Self::load(production, Some(clone)).await
    }

    async fn load(production: Server, clone: Option<Server>) -> Self {
        let password = Password::random().expect("the system gives random bytes");
        let targets = Self { production, clone, password };
        let (production, clone) = (targets.production.psql(), targets.clone().psql());
        let owner = Psql::in_container(targets.clone().name(), Fixture::CLONE_ROLE);
        Fixture::load_production(&production, Scale::Small).await.expect("production is loaded");
        let given = production.set_password(Fixture::PRODUCTION_ROLE, &targets.password).await;
        given.expect("the role gets its password");
        Fixture::create_clone(&clone).await.expect("the clone is created");
        Fixture::fill_clone(&production, &clone, &owner).await.expect("the clone is filled");
        targets
    }

    pub(super) fn production(&self) -> &Server {
        &self.production
    }

    pub(super) fn clone(&self) -> &Server {
        self.clone.as_ref().unwrap_or(&self.production)
    }

    /// The password of the role that reads production; for nobody's eyes.
    pub(super) fn password(&self) -> &Password {
        &self.password
    }

    /// Writes a passfile for production that only its owner can read.
    pub(super) fn write_passfile(&self, path: &Path) {
        let login = (Fixture::PRODUCTION_ROLE, &self.password);
        write_passfile(path, &["127.0.0.1"], self.production.port(), &[login])
            .expect("the passfile can be written");
    }

    async fn on_production(&self, sql: &str) -> String {
        self.production().sql(Fixture::PRODUCTION_DATABASE, sql).await
    }

    pub(super) async fn on_clone(&self, sql: &str) -> String {
        self.clone().sql(Fixture::CLONE_DATABASE, sql).await
    }

    /// Which of the build's tables production has.
    pub(super) async fn axis_tables_in_production(&self) -> Vec<String> {
        lines(&self.on_production(AXIS_TABLES).await)
    }

    /// Which of the build's tables the clone has.
    pub(super) async fn axis_tables_on_clone(&self) -> Vec<String> {
        lines(&self.on_clone(AXIS_TABLES).await)
    }

    /// How many sessions there are on the clone.
    pub(super) async fn sessions_on_clone(&self) -> String {
        let sql = format!(
            "select count(*) from pg_stat_activity where datname = '{}' and backend_type = 'client backend'",
            Fixture::CLONE_DATABASE
        );
        self.clone().sql("postgres", &sql).await
    }

    /// Waits until a script waits for [`Targets::go`].
    pub(super) async fn until_a_script_waits(&self) {
        let sql = format!(
            "select count(*) from pg_stat_activity where datname = '{}' and wait_event = 'PgSleep'",
            Fixture::CLONE_DATABASE
        );
        let clone = self.clone();
        until("the script waits", async || clone.sql("postgres", &sql).await == "1").await;
    }

    /// Lets the scripts go on that wait by [`WAIT`], as long as the session lives.
    pub(super) async fn go(&self) -> Session {
        let mut psql = Command::new("docker")
            .args(["exec", "--interactive", self.clone().name()])
            .args(["psql", "-X", "-q", "-U", SUPERUSER, "-d", "postgres"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("docker can be started");
        let input = psql.stdin.as_mut().expect("its input is a pipe");
        let sql = format!("select pg_advisory_lock({GO});\n");
        input.write_all(sql.as_bytes()).await.expect("psql reads");
        input.flush().await.expect("psql reads");
        Session { _psql: psql }
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// A session that lasts until it is dropped.
pub(super) struct Session {
    _psql: Child,
}

const GO: u32 = 20_260_602;

/// Waits until somebody in the server holds an advisory lock. Locks are seen as they are, while a
/// transaction sees other sessions' activity as it was when it first looked.
pub(super) fn wait() -> String {
    format!(
        "do $$
begin
    loop
        exit when exists (
            select from pg_catalog.pg_locks
             where locktype = 'advisory' and classid = 0 and objid = {GO} and objsubid = 1);
        perform pg_catalog.pg_sleep(0.05);
    end loop;
end
$$;
"
    )
}
