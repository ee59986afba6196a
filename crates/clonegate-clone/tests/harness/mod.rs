//! A PostgreSQL server for the tests: made of the binaries on this machine, on a socket in a folder of its
//! own, gone with the process that asked for it however that ends.

#![allow(dead_code)]

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use clonegate_clone::{CloneChannel, CloneSettings, Limits};
use clonegate_model::{CloneName, CloneNamePattern, Owner, RunId};

/// The role that works on clones.
pub(crate) const ROLE: &str = "gate";

pub(crate) struct Server {
    pub(crate) folder: PathBuf,
    bin: PathBuf,
    _supervisor: Child,
}

/// Reads standard input for as long as the tests live: when that ends, so does the server.
const SUPERVISOR: &str = r#"
set -e
bin=$1 folder=$2 tries=0
"$bin/initdb" -D "$folder/data" -U postgres -A trust -N -E UTF8 --locale=C >"$folder/log" 2>&1
"$bin/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=off \
    -c max_connections=60 -c log_min_messages=warning >>"$folder/log" 2>&1 &
server=$!
until "$bin/pg_isready" -q -h "$folder"; do
    kill -0 $server && test $((tries += 1)) -lt 400
    sleep 0.05
done
echo ready
cat >/dev/null || true
kill -QUIT $server
wait $server || true
rm -rf "$folder"
"#;

fn binaries() -> PathBuf {
    let has = |dir: &Path| {
        ["initdb", "postgres", "pg_isready", "psql"].iter().all(|p| dir.join(p).is_file())
    };
    let mut candidates: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        candidates.push(String::from_utf8_lossy(&output.stdout).trim().into());
    }
    let mut installed: Vec<PathBuf> =
        ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"]
            .iter()
            .filter_map(|dir| std::fs::read_dir(dir).ok())
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .collect();
    installed.sort();
    candidates.extend(installed.into_iter().rev());
    candidates.into_iter().find(|dir| has(dir)).unwrap_or_else(|| {
        panic!("these tests need PostgreSQL's server on this machine: install postgresql (Debian, Ubuntu) or postgresql@17 (Homebrew)")
    })
}

fn number(flag: &str, user: &str) -> Option<u32> {
    let output = Command::new("id").args([flag, user]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let bin = binaries();
        let folder = tempfile::Builder::new().prefix("cgc").tempdir_in("/tmp").unwrap().keep();
        let mut command = Command::new("sh");
        command.args(["-c", SUPERVISOR, "sh"]).arg(&bin).arg(&folder);
        if rustix::process::getuid().is_root() {
            // postgres refuses to run as root.
            let user =
                ["postgres", "nobody"].into_iter().find(|u| number("-u", u).is_some()).unwrap();
            let (uid, gid) = (number("-u", user).unwrap(), number("-g", user).unwrap());
            std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).unwrap();
            command.uid(uid).gid(gid);
        }
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        // A Ctrl-C in the terminal must not leave the folder behind.
        command.process_group(0).current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut supervisor = command.spawn().unwrap();
        let mut ready = [0; 6];
        let heard = std::io::Read::read_exact(supervisor.stdout.as_mut().unwrap(), &mut ready);
        heard.unwrap_or_else(|_| {
            panic!("{}", std::fs::read_to_string(folder.join("log")).unwrap_or_default())
        });
        let server = Server { folder, bin, _supervisor: supervisor };
        server.sql("postgres", &format!("create role {ROLE} login createdb"));
        server
    })
}

impl Server {
    /// Asks as superuser, over a psql that has nothing to do with the channel.
    pub(crate) fn try_sql(&self, database: &str, sql: &str) -> Result<String, String> {
        let output = Command::new(self.bin.join("psql"))
            .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-c", sql])
            .arg("-h")
            .arg(&self.folder)
            .env_remove("PGPORT")
            .output()
            .unwrap();
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).unwrap().trim_end().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    pub(crate) fn sql(&self, database: &str, sql: &str) -> String {
        self.try_sql(database, sql).unwrap_or_else(|e| panic!("{sql}: {e}"))
    }
}

pub(crate) fn clone_name(name: &str) -> CloneName {
    CloneNamePattern::new("^clone_test_[a-z0-9_]{1,40}$").unwrap().admit(name).unwrap()
}

pub(crate) fn run_id() -> RunId {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)).parse().unwrap()
}

/// Who holds a clone in the tests.
pub(crate) fn me() -> Owner {
    Owner::new("here", 7, "boot-1-2", "alice")
}

/// A clone with a table `kept` of three rows.
pub(crate) struct Fixture {
    pub(crate) server: &'static Server,
    pub(crate) settings: CloneSettings,
    pub(crate) limits: Limits,
    pub(crate) run: RunId,
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) fn fixture() -> Fixture {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let server = server();
    let name = format!("clone_test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    server.sql("postgres", &format!("create database {name} owner {ROLE}"));
    server.sql(
        &name,
        &format!(
            "grant create on schema public to {ROLE}; set role {ROLE}; create table kept as select generate_series(1, 3) as i"
        ),
    );
    let mut settings = CloneSettings::new(clone_name(&name), ROLE);
    settings.host = Some(server.folder.display().to_string());
    settings.psql = server.bin.join("psql").display().to_string();
    let limits = Limits {
        script_deadline: Duration::from_secs(60),
        ending_deadline: Duration::from_secs(15),
        ..Limits::default()
    };
    let folder = tempfile::tempdir().unwrap();
    Fixture { server, settings, limits, run: run_id(), folder }
}

impl Fixture {
    pub(crate) async fn open(&self) -> CloneChannel {
        CloneChannel::open(self.settings.clone(), &self.run, self.limits.clone()).await.unwrap()
    }

    pub(crate) fn database(&self) -> &str {
        self.settings.database.as_str()
    }

    /// As superuser.
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.server.sql(self.database(), sql)
    }

    pub(crate) fn exists(&self, relation: &str) -> bool {
        self.sql(&format!("select to_regclass('{relation}') is not null")) == "t"
    }

    pub(crate) fn role_sql(&self, sql: &str) {
        self.server.sql("postgres", sql);
    }

    /// Waits until a question, asked as superuser, is answered with true.
    pub(crate) async fn until(&self, question: &str) {
        for _ in 0..400 {
            if self.sql(question) == "t" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("this did not come true: {question}");
    }

    /// Waits until nobody but the one that asks is connected to the clone.
    pub(crate) async fn until_no_session_is_left(&self) {
        self.until(
            "select count(*) = 0 from pg_stat_activity
             where datname = current_catalog and pid <> pg_backend_pid()",
        )
        .await;
    }

    /// A program for the tests to put in a real one's place.
    pub(crate) fn program(&self, name: &str, script: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    /// A container runtime whose container is this machine, with something wrong on the way: the script is
    /// run with the rest of the command line in `"$@"`.
    pub(crate) fn container(&mut self, script: &str) {
        let id = "test \"$1\" != inspect || exit 1";
        self.settings.runtime = self.program("runtime", &format!("{id}\nshift 3\n{script}"));
        self.settings.container = Some(clonegate_clone::ContainerName::new("far").unwrap());
    }

    /// A far end that lives on when the way to it is cut, as a container's psql does: in a session of
    /// its own, which the end of this one does not reach.
    pub(crate) fn outliving(&mut self) {
        self.container(r#"perl -e 'use POSIX "setsid"; setsid(); exec @ARGV' "$@""#);
    }

    /// A psql with something wrong; the real one is `$psql`.
    pub(crate) fn psql(&mut self, script: &str) {
        let real = std::mem::take(&mut self.settings.psql);
        self.settings.psql = self.program("psql", &format!("psql={real}\n{script}"));
    }
}

/// Waits for a file that a test's program writes.
pub(crate) async fn contents_of(path: &Path) -> String {
    for _ in 0..400 {
        match std::fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
            _ => tokio::time::sleep(Duration::from_millis(25)).await,
        }
    }
    panic!("{} was never written", path.display());
}
