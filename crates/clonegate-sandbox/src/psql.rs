//! psql and pg_dump against one server, from this machine or from inside the server's container.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use crate::command::{self, CommandError};
use crate::install::PostgresInstallation;
use crate::password::Password;

/// A script may load a database as large as the real one.
pub(crate) const SCRIPT_LIMIT: Duration = Duration::from_secs(1800);

/// How to run psql on one server as one role.
#[derive(Debug, Clone)]
pub struct Psql {
    place: Place,
    user: String,
}

#[derive(Debug, Clone)]
enum Place {
    Local {
        bin_dir: PathBuf,
        host: String,
        port: u16,
        passfile: PathBuf,
    },
    /// Inside, the server asks nobody on its own socket for a password.
    Container {
        name: String,
    },
}

impl Psql {
    /// psql on this machine. `host` is a socket's folder or an address.
    #[must_use]
    pub fn local(
        installation: &PostgresInstallation,
        host: &str,
        port: u16,
        user: &str,
        passfile: &Path,
    ) -> Self {
        let place = Place::Local {
            bin_dir: installation.bin_dir().to_path_buf(),
            host: host.to_owned(),
            port,
            passfile: passfile.to_path_buf(),
        };
        Self { place, user: user.to_owned() }
    }

    /// psql inside a container, on the socket there, by `docker exec`.
    #[must_use]
    pub fn in_container(name: &str, user: &str) -> Self {
        Self { place: Place::Container { name: name.to_owned() }, user: user.to_owned() }
    }

    /// The same server as another role, whose password is in the given passfile. Inside a container no
    /// password is asked for.
    #[must_use]
    pub fn as_role(&self, role: &str, role_passfile: &Path) -> Self {
        let mut other = self.clone();
        role.clone_into(&mut other.user);
        if let Place::Local { passfile, .. } = &mut other.place {
            *passfile = role_passfile.to_path_buf();
        }
        other
    }

    /// Runs SQL and gives psql's output: a row a line, columns apart by `|`, without headings.
    ///
    /// # Errors
    /// When psql can't be started, or fails at a statement.
    pub async fn run_sql(&self, database: &str, sql: &str) -> Result<String, CommandError> {
        self.run_script("", database, sql, &[]).await
    }

    /// Runs a script with psql variables, stopping at its first error. `name` is for messages.
    ///
    /// # Errors
    /// When psql can't be started, or fails at a statement; the line is in psql's message.
    pub async fn run_script(
        &self,
        name: &str,
        database: &str,
        script: &str,
        variables: &[(&str, &str)],
    ) -> Result<String, CommandError> {
        let what = match name {
            "" => format!("psql on {database} as {}", self.user),
            _ => format!("psql on {database} as {}, running {name},", self.user),
        };
        let mut psql = self.psql(database);
        for (name, value) in variables {
            psql.arg(format!("--set={name}={value}"));
        }
        // psql would wait on a terminal for a script that is empty.
        let script = if script.is_empty() { "\n" } else { script };
        command::run(psql, &what, script.as_bytes(), SCRIPT_LIMIT).await
    }

    /// Gives a role a password. It goes neither through an argument list nor into the server's log.
    ///
    /// # Errors
    /// When psql fails, for instance because there is no such role.
    pub async fn set_password(&self, role: &str, password: &Password) -> Result<(), CommandError> {
        let role = role.replace('"', "\"\"");
        let sql = format!(
            "set log_statement = 'none'; set log_min_error_statement = 'panic';\n\
             alter role \"{role}\" password '{}';\n",
            password.expose()
        );
        self.run_sql("postgres", &sql).await.map(drop)
    }

    /// psql that reads a script from stdin.
    pub(crate) fn psql(&self, database: &str) -> Command {
        let mut psql = self.program("psql");
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"]);
        psql.args(["--set=ON_ERROR_STOP=1", "--no-password", "--username", &self.user]);
        psql.args(["--dbname", database, "--file=-"]);
        psql
    }

    /// `pg_dump` of a database, without owners and privileges, to stdout.
    pub(crate) fn pg_dump(&self, database: &str) -> Command {
        let mut dump = self.program("pg_dump");
        dump.args(["--no-owner", "--no-privileges", "--no-password"]);
        dump.args(["--username", &self.user, "--dbname", database]);
        dump
    }

    fn program(&self, program: &str) -> Command {
        match &self.place {
            Place::Local { bin_dir, host, port, passfile } => {
                let mut command = command::clean(Command::new(bin_dir.join(program)));
                command.env("PGPASSFILE", passfile).env("PGCONNECT_TIMEOUT", "30");
                command.args(["--host", host, "--port", &port.to_string()]);
                command
            }
            Place::Container { name } => {
                let mut command = command::clean(Command::new("docker"));
                command.args(["exec", "--interactive", name, program]);
                command
            }
        }
    }
}
