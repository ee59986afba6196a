//! A disposable PostgreSQL server on this machine.
//!
//! It ends with the process that started it, however that ends: a shell holds the server and waits
//! for the end of its standard input.
#![allow(dead_code, clippy::unwrap_used)]

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use tokio_postgres::{Client, NoTls};

/// Trusts everybody who comes from this machine.
pub(crate) const TRUST: &str = "local all all trust\nhost all all all trust\n";

const SUPERUSER: &str = "postgres";

/// A running server. It listens on 127.0.0.1 and on a socket in its own folder.
pub(crate) struct Server {
    folder: PathBuf,
    port: u16,
    shell: Child,
    stdin: Option<ChildStdin>,
}

/// Where `initdb` and `postgres` are.
fn binaries() -> PathBuf {
    let has = |folder: &Path| folder.join("postgres").is_file() && folder.join("initdb").is_file();
    let mut folders: Vec<PathBuf> = Vec::new();
    let path = std::env::var_os("PATH").unwrap_or_default();
    folders.extend(std::env::split_paths(&path));
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    for (parent, below) in [
        ("/usr/lib/postgresql", "bin"),
        ("/opt/homebrew/opt", "bin"),
        ("/usr/local/opt", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "bin"),
    ] {
        let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
        let mut found: Vec<_> = entries.map(|e| e.path().join(below)).collect();
        found.sort();
        folders.extend(found.into_iter().rev());
    }
    folders.into_iter().find(|folder| has(folder)).expect(
        "these tests need a PostgreSQL server's binaries (initdb, postgres): install the package \
         postgresql, or put its bin folder into PATH",
    )
}

fn number_of(what: &str) -> u32 {
    let output = Command::new("id").args([what, SUPERUSER]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim().parse().unwrap_or_else(|_| {
        panic!("PostgreSQL does not run as root, and there is no user {SUPERUSER} to run it as")
    })
}

/// As root, PostgreSQL runs as its own user.
fn as_owner(command: &mut Command, folder: &Path) {
    let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    if root {
        let (uid, gid) = (number_of("-u"), number_of("-g"));
        std::os::unix::fs::chown(folder, Some(uid), Some(gid)).unwrap();
        command.uid(uid).gid(gid);
    }
    command.current_dir(folder);
}

pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

impl Server {
    /// Makes a cluster and starts it. `files` are put beside its data, readable by the server only;
    /// `conf` and `hba` are lines of `postgresql.conf` and `pg_hba.conf`.
    pub(crate) async fn start(port: u16, conf: &str, hba: &str, files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::Builder::new().prefix("clonegate-probe-").tempdir().unwrap().keep();
        let bin = binaries();
        let data = folder.join("data");
        let mut initdb = Command::new(bin.join("initdb"));
        initdb
            .args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "-U", SUPERUSER])
            .arg("-D")
            .arg(&data)
            .stdout(Stdio::null());
        as_owner(&mut initdb, &folder);
        assert!(initdb.status().unwrap().success(), "initdb failed");
        let install = |name: &str, content: &[u8]| {
            let path = data.join(name);
            let mut write = Command::new("sh");
            write.args(["-c", "umask 077; cat > \"$1\"", "sh"]).arg(&path).stdin(Stdio::piped());
            as_owner(&mut write, &folder);
            let mut child = write.spawn().unwrap();
            std::io::Write::write_all(&mut child.stdin.take().unwrap(), content).unwrap();
            assert!(child.wait().unwrap().success());
        };
        for (name, content) in files {
            install(name, content);
        }
        install("pg_hba.conf", hba.as_bytes());
        let conf = format!(
            "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'\n\
             fsync = off\nmax_connections = 60\nlog_min_messages = warning\n{conf}\n",
            folder.display()
        );
        install("postgresql.auto.conf", conf.as_bytes());
        let mut server = Self::run(folder, port, &bin);
        server.wait().await;
        server
    }

    fn run(folder: PathBuf, port: u16, bin: &Path) -> Self {
        let mut shell = Command::new("sh");
        shell
            .args([
                "-c",
                "\"$1\" -D \"$2/data\" >>\"$2/log\" 2>&1 & pid=$!
                 read -r word
                 kill -INT $pid; wait $pid
                 [ \"$word\" = keep ] || rm -rf \"$2\"",
                "sh",
            ])
            .arg(bin.join("postgres"))
            .arg(&folder)
            .stdin(Stdio::piped());
        as_owner(&mut shell, &folder);
        // A Ctrl-C on the terminal is for the tests; the shell sees the end of its input.
        shell.process_group(0);
        let mut shell = shell.spawn().unwrap();
        let stdin = shell.stdin.take();
        Self { folder, port, shell, stdin }
    }

    async fn wait(&mut self) {
        let begun = Instant::now();
        while self.try_connect(SUPERUSER, SUPERUSER).await.is_none() {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "the server did not start: {}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops and starts it again.
    pub(crate) async fn restart(&mut self) {
        self.end(b"keep\n");
        let folder = std::mem::take(&mut self.folder);
        let again = Self::run(folder, self.port, &binaries());
        *self = again;
        self.wait().await;
    }

    fn end(&mut self, word: &[u8]) {
        if let Some(mut stdin) = self.stdin.take() {
            let _ = std::io::Write::write_all(&mut stdin, word);
            drop(stdin);
            let _ = self.shell.wait();
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    async fn try_connect(&self, user: &str, database: &str) -> Option<Client> {
        let (client, connection) = tokio_postgres::Config::new()
            .host_path(&self.folder)
            .port(self.port)
            .user(user)
            .dbname(database)
            .connect(NoTls)
            .await
            .ok()?;
        tokio::spawn(connection);
        Some(client)
    }

    /// A second connection, that sees everything.
    pub(crate) async fn superuser(&self, database: &str) -> Client {
        self.try_connect(SUPERUSER, database).await.unwrap()
    }

    /// Waits until a query, asked by the superuser, gives the number.
    pub(crate) async fn until(&self, sql: &str, wanted: i64) {
        let client = self.superuser(SUPERUSER).await;
        let begun = Instant::now();
        loop {
            let found: i64 = client.query_one(sql, &[]).await.unwrap().get(0);
            if found == wanted {
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{sql} gives {found} and not {wanted}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end(b"gone\n");
    }
}
