//! A sandbox of one's own, with a profile that can be edited.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use clonegate_model::RunRecord;
use clonegate_sandbox::{Backend, Endpoint, Options, Sandbox, Topology, start};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use toml_edit::DocumentMut;

use super::gate::{self, Ended, Gate};
use super::until;
use crate::containers::engine::is_there;

/// Which of the two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Side {
    Production,
    Clone,
}

/// The script that waits until [`Trial::go`].
const WAIT: &str = "0_wait.sql";

/// Waits until [`Trial::go`]: for a condition, and not for a time.
pub(crate) const UNTIL_GO: &str = "
do $$
begin
    loop
        perform pg_stat_clear_snapshot();
        exit when exists (select from pg_stat_activity where application_name = 'case-go');
        perform pg_sleep(0.02);
    end loop;
end
$$;
";

/// A sandbox, its profile and a store.
pub(crate) struct Trial {
    sandbox: Sandbox,
    folder: tempfile::TempDir,
}

impl Trial {
    /// Production and clone in one server.
    pub(crate) async fn new() -> Self {
        Self::with(Topology::OneInstance).await
    }

    pub(crate) async fn with(topology: Topology) -> Self {
        Self::made_of(topology, Backend::Local).await
    }

    pub(crate) async fn made_of(topology: Topology, backend: Backend) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("clonegate-test-")
            .tempdir()
            .expect("a temporary folder");
        let root = folder.path().join("sandbox");
        // Of the local programs' version, which dump what is in it.
        let image = match (backend, clonegate_sandbox::find_postgres(None)) {
            (Backend::Containers, Ok(local)) => {
                let of = |name: &str| format!("{name}:{}", local.major());
                [of("postgres"), of("clonegate-postgres")].into_iter().find(|i| is_there(i))
            }
            _ => None,
        };
        let options = Options { root, topology, backend, image, ..Options::default() };
        let sandbox = start(&options, &|_: &str| {}).await.expect("a sandbox");
        Self { sandbox, folder }
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    pub(crate) fn config(&self) -> &Path {
        self.sandbox.config_path()
    }

    pub(crate) fn profile_folder(&self) -> &Path {
        self.config().parent().expect("a profile is in a folder")
    }

    pub(crate) fn endpoint(&self, side: Side) -> &Endpoint {
        match side {
            Side::Production => self.sandbox.production(),
            Side::Clone => self.sandbox.clone_endpoint(),
        }
    }

    /// Edits the profile.
    pub(crate) fn edit(&self, change: impl FnOnce(&mut DocumentMut)) {
        let text = fs::read_to_string(self.config()).expect("the profile can be read");
        let mut document: DocumentMut = text.parse().expect("the profile is TOML");
        change(&mut document);
        fs::write(self.config(), document.to_string()).expect("the profile can be written");
    }

    /// Writes a file of the profile.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.profile_folder().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the file can be written");
    }

    /// SQL as superuser, on a connection of its own.
    pub(crate) async fn sql(&self, side: Side, sql: &str) -> String {
        let endpoint = self.endpoint(side);
        let said = endpoint.psql.run_sql(&endpoint.database, sql).await;
        said.unwrap_or_else(|e| panic!("{sql}: {e:?}")).trim().to_owned()
    }

    /// A session that stays: psql as superuser with its standard input open.
    pub(crate) async fn session(
        &self,
        side: Side,
        database: Option<&str>,
        application: &str,
        sql: &str,
    ) -> Session {
        let endpoint = self.endpoint(side);
        let bin = clonegate_sandbox::find_postgres(None).expect("a local PostgreSQL");
        let mut psql = Command::new(bin.program("psql"))
            .args([
                "-X",
                "-q",
                "-h",
                &endpoint.host,
                "-p",
                &endpoint.port.to_string(),
                "-U",
                &endpoint.superuser,
            ])
            .args(["-d", database.unwrap_or(&endpoint.database)])
            .env("PGPASSFILE", &endpoint.superuser_passfile)
            .env("PGAPPNAME", application)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("psql starts");
        let input = psql.stdin.as_mut().expect("psql has an input");
        input.write_all(format!("{sql}\n").as_bytes()).await.expect("psql reads");
        input.flush().await.expect("psql reads");
        let there = format!(
            "select count(*) from pg_stat_activity where application_name = '{application}' and state <> 'active'"
        );
        let server = &self.endpoint(side).psql;
        until("the session is there", async || {
            server.run_sql("postgres", &there).await.is_ok_and(|n| n.trim() == "1")
        })
        .await;
        Session { psql, application: application.to_owned() }
    }

    /// More SQL in a session, and waits until it was done.
    pub(crate) async fn tell(&self, side: Side, session: &mut Session, sql: &str) {
        let input = session.psql.stdin.as_mut().expect("psql has an input");
        input.write_all(format!("{sql}\n").as_bytes()).await.expect("psql reads");
        let done = format!(
            "select count(*) from pg_stat_activity where application_name = '{}' and state = 'idle'",
            session.application
        );
        let server = &self.endpoint(side).psql;
        until("the session is done", async || {
            server.run_sql("postgres", &done).await.is_ok_and(|n| n.trim() == "1")
        })
        .await;
    }

    /// Puts a script into the build, behind `after` others, that runs `first` and then waits until
    /// [`Trial::go`].
    pub(crate) fn wait_in_the_build(&self, after: usize, first: &str) {
        self.write(&format!("build/{WAIT}"), &format!("{first}\n{UNTIL_GO}"));
        // What it makes must be dropped, or the run would not begin.
        if let Some((_, made)) = first.split_once("create table ") {
            let name = made.split([' ', '(']).next().unwrap_or_default();
            self.take_back_first(&format!("drop table if exists {name};"));
        }
        self.edit(|document| {
            let scripts = document["build"]["scripts"].as_array_mut().expect("scripts are a list");
            scripts.insert(after, format!("build/{WAIT}"));
        });
    }

    /// Puts SQL before what the rollback script has.
    pub(crate) fn take_back_first(&self, sql: &str) {
        let name = "rollback/Z_axis_substrate_drop_clone.sql";
        let text = fs::read_to_string(self.profile_folder().join(name)).expect("it is there");
        self.write(name, &format!("{sql}\n{text}"));
    }

    /// Takes that script out again.
    pub(crate) fn wait_no_more(&self) {
        self.edit(|document| {
            let scripts = document["build"]["scripts"].as_array_mut().expect("scripts are a list");
            scripts.retain(|s| !s.as_str().is_some_and(|s| s.ends_with(WAIT)));
        });
    }

    /// Starts the gate and waits until its first script waits.
    pub(crate) async fn gate_until_it_waits(&self) -> Gate {
        let mut gate = Gate::start(&self.store(), self.config());
        gate.sent(WAIT).await;
        self.somebody_waits().await;
        gate
    }

    /// Starts the gate, and gives it when the journal has such a line.
    pub(crate) async fn gate_until(&self, line: &str) -> Gate {
        let mut gate = Gate::start(&self.store(), self.config());
        gate.noted(line).await;
        gate
    }

    /// Waits until a script waits.
    pub(crate) async fn somebody_waits(&self) {
        let waits = "select count(*) from pg_stat_activity where application_name like 'clonegate/%' and query like '%case-go%' and pid <> pg_backend_pid()";
        // Not on the clone: the gate would see a foreign session there.
        let server = &self.endpoint(Side::Clone).psql;
        until("the script waits", async || {
            server.run_sql("postgres", waits).await.is_ok_and(|n| n.trim() != "0")
        })
        .await;
    }

    /// Lets the script that waits go on.
    pub(crate) async fn go(&self) -> Session {
        self.session(Side::Clone, Some("postgres"), "case-go", "select 1;").await
    }

    /// A gate from its beginning to its end.
    pub(crate) async fn gate(&self) -> Ended {
        Gate::start(&self.store(), self.config()).end().await
    }

    /// Another command, with this trial's store.
    pub(crate) async fn command(&self, args: &[&str]) -> Ended {
        gate::run(&self.store(), args).await
    }

    /// The runs' records, the oldest first.
    pub(crate) fn records(&self) -> Vec<RunRecord> {
        gate::records(&self.store()).into_iter().map(|(record, _)| record).collect()
    }

    /// The runs' reports, the oldest first.
    pub(crate) fn reports(&self) -> Vec<String> {
        gate::records(&self.store()).into_iter().map(|(_, report)| report).collect()
    }

    /// The latest run's report.
    pub(crate) fn report(&self) -> String {
        self.reports().pop().expect("there is a run")
    }

    /// Ends the server of one side at once, as a crash would.
    pub(crate) async fn crash(&self, side: Side) {
        let data = self.sql(side, "show data_directory").await;
        let mut kill = match fs::read_to_string(Path::new(&data).join("postmaster.pid")) {
            Ok(pid) => {
                let mut kill = Command::new("kill");
                kill.args(["-s", "QUIT", pid.lines().next().expect("the first line is the pid")]);
                kill
            }
            // It is in a container, of which the server is the first process.
            Err(_) => {
                let publish = format!("publish={}", self.endpoint(side).port);
                let list = ["ps", "--filter", &publish, "--format", "{{.ID}}"];
                let listed = Command::new("docker").args(list).output().await;
                let listed = listed.expect("the engine lists its containers").stdout;
                let mut kill = Command::new("docker");
                kill.args(["kill", "--signal", "QUIT"]);
                kill.arg(String::from_utf8_lossy(&listed).trim()).stdout(Stdio::null());
                kill
            }
        };
        assert!(kill.status().await.is_ok_and(|s| s.success()));
        until("the server is gone", async || {
            let endpoint = self.endpoint(side);
            endpoint.psql.run_sql("postgres", "select 1").await.is_err()
        })
        .await;
    }

    /// Ends the server of one side as `pg_ctl stop -m immediate` does, and gives how it is started again.
    pub(crate) async fn stop_at_once(&self, side: Side) -> Vec<String> {
        let data = self.sql(side, "show data_directory").await;
        let pid = fs::read_to_string(Path::new(&data).join("postmaster.pid"))
            .expect("the server has a pid file");
        let pid = pid.lines().next().expect("the first line is the pid");
        let line = fs::read(format!("/proc/{pid}/cmdline")).expect("the server has a command line");
        self.crash(side).await;
        let words = line.split(|byte| *byte == 0).filter(|word| !word.is_empty());
        words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
    }

    /// Starts a server again that was stopped.
    pub(crate) async fn start_again(&self, side: Side, words: Vec<String>) {
        let mut server = std::process::Command::new(&words[0]);
        server.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let data = words.iter().skip_while(|w| *w != "-D").nth(1).expect("it has a data directory");
        let meta = fs::metadata(data).expect("the data directory is there");
        use std::os::unix::fs::MetadataExt as _;
        use std::os::unix::process::CommandExt as _;
        if rustix::process::getuid().is_root() {
            server.uid(meta.uid()).gid(meta.gid());
        }
        let mut server = server.process_group(0).current_dir("/").spawn().expect("it starts again");
        // It ends with the sandbox, which knows it by its folder; then it is waited for.
        std::thread::spawn(move || server.wait());
        until("the server is back", async || {
            let endpoint = self.endpoint(side);
            endpoint.psql.run_sql("postgres", "select 1").await.is_ok()
        })
        .await;
    }

    /// What must hold after every run, whatever its verdict: no scratch copy and no session is left.
    pub(crate) async fn assert_nothing_left(&self) {
        let copies = "select count(*) from pg_database where datname like 'directus\\_gov\\_test\\_20260602x%'";
        let endpoint = self.endpoint(Side::Clone);
        let on = async |sql: &str| {
            endpoint
                .psql
                .run_sql("postgres", sql)
                .await
                .expect("the clone's server answers")
                .trim()
                .to_owned()
        };
        assert_eq!(on(copies).await, "0", "a scratch copy is left");
        let sessions =
            "select count(*) from pg_stat_activity where application_name like 'clonegate/%'";
        until("no session is left", async || on(sessions).await == "0").await;
    }
}

/// A session that ends when it is dropped.
pub(crate) struct Session {
    psql: Child,
    application: String,
}
