//! A PostgreSQL server of our own, in a container.

use std::io;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;

use crate::command::{self, CommandError};
use crate::password::Password;
use crate::psql::Psql;
use crate::server::SUPERUSER;

/// The label that names the sandbox of a container.
pub(crate) const LABEL: &str = "clonegate.sandbox";

/// The official image, and the one that a checkout makes where no registry answers.
const IMAGES: [&str; 2] = ["postgres:17", "clonegate-postgres:17"];

const ASK_LIMIT: Duration = Duration::from_secs(30);
/// An image may have to be pulled first.
const RUN_LIMIT: Duration = Duration::from_secs(600);
const READY_LIMIT: Duration = Duration::from_secs(90);

/// A server in a container that can't be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContainerError {
    /// No engine, or none that answers.
    #[error("no container engine answers; is Docker running, and may you use it?")]
    NoEngine(#[source] CommandError),
    /// The container was not made.
    #[error(
        "can't start a container from the image {image}; `cargo xtask images` in a checkout makes \
             one where no registry answers"
    )]
    Run {
        /// The image.
        image: String,
        /// How the engine refused.
        #[source]
        source: CommandError,
    },
    /// A question to the engine about the container.
    #[error("can't ask about the container {name}")]
    Ask {
        /// The container.
        name: String,
        /// How it failed.
        #[source]
        source: CommandError,
    },
    /// The engine published no port on the loopback address.
    #[error("the container {name} has no port on 127.0.0.1; the engine says {said:?}")]
    NoPort {
        /// The container.
        name: String,
        /// What the engine said.
        said: String,
    },
    /// The server does not accept connections.
    #[error("the server in the container {name} was not ready within {} s: {log}", READY_LIMIT.as_secs())]
    NotReady {
        /// The container.
        name: String,
        /// The end of its log.
        log: String,
    },
    /// The system gave no random bytes for a password.
    #[error("can't make a password")]
    Random(#[source] io::Error),
}

/// Whether a container engine answers to the `docker` command.
pub async fn engine_answers() -> bool {
    version().await.is_ok()
}

async fn version() -> Result<String, CommandError> {
    docker(&["version", "--format", "{{.Server.Version}}"], ASK_LIMIT).await
}

/// A running server in a container, published on a free port of 127.0.0.1. The engine must be on this
/// machine. Dropping it removes the container.
#[derive(Debug)]
pub struct ContainerServer {
    name: String,
    port: u16,
    password: Password,
    left: bool,
}

impl ContainerServer {
    /// Starts a server in a new container of this name, labelled with the sandbox's id. Without an
    /// `image` it takes `postgres:17`, or `clonegate-postgres:17` if only that is there.
    ///
    /// # Errors
    /// When no engine answers, the image can't be got, or the server doesn't come up.
    pub async fn start(
        name: &str,
        sandbox: &str,
        image: Option<&str>,
        settings: &[(&str, &str)],
    ) -> Result<Self, ContainerError> {
        version().await.map_err(ContainerError::NoEngine)?;
        let image = match image {
            Some(image) => image.to_owned(),
            None => default_image().await,
        };
        let password = Password::random().map_err(ContainerError::Random)?;
        // From here on dropping it removes the container, whatever fails.
        let mut server = Self { name: name.to_owned(), port: 0, password, left: false };

        let mut run = Command::new("docker");
        run.args(["run", "--detach", "--name", name]);
        run.args(["--label", &format!("{LABEL}={sandbox}")]);
        run.args(["--publish", "127.0.0.1::5432", "--shm-size", "256m"]);
        // By name only, so that the value is in no argument list.
        run.args(["--env", "POSTGRES_PASSWORD"]);
        run.args(["--env", "POSTGRES_INITDB_ARGS=--locale=C --no-sync"]);
        run.arg(&image).arg("postgres");
        let fast = [("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off")];
        for (setting, value) in fast.iter().chain(settings) {
            run.args(["-c", &format!("{setting}={value}")]);
        }
        let mut run = command::clean(run);
        run.env("POSTGRES_PASSWORD", server.password.expose());
        command::run(run, "docker run", b"", RUN_LIMIT)
            .await
            .map_err(|source| ContainerError::Run { image, source })?;
        server.wait_until_ready().await?;
        server.port = server.published_port().await?;
        Ok(server)
    }

    async fn wait_until_ready(&self) -> Result<(), ContainerError> {
        let begin = Instant::now();
        // While the image prepares its data it runs a server on the socket alone; only TCP tells.
        let ready = ["exec", &self.name, "pg_isready", "--quiet", "--host", "127.0.0.1"];
        loop {
            match docker(&ready, ASK_LIMIT).await {
                Ok(_) => return Ok(()),
                Err(error) if !self.is_running().await? || begin.elapsed() > READY_LIMIT => {
                    tracing::debug!(%error, "the server in the container is not ready");
                    return Err(ContainerError::NotReady {
                        name: self.name.clone(),
                        log: self.log().await,
                    });
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    async fn is_running(&self) -> Result<bool, ContainerError> {
        let said = self
            .ask(&["container", "inspect", "--format", "{{.State.Running}}", &self.name])
            .await?;
        Ok(said == "true")
    }

    async fn published_port(&self) -> Result<u16, ContainerError> {
        let said = self.ask(&["port", &self.name, "5432/tcp"]).await?;
        said.lines()
            .find_map(|line| line.strip_prefix("127.0.0.1:")?.parse().ok())
            .ok_or(ContainerError::NoPort { name: self.name.clone(), said })
    }

    async fn ask(&self, arguments: &[&str]) -> Result<String, ContainerError> {
        docker(arguments, ASK_LIMIT)
            .await
            .map_err(|source| ContainerError::Ask { name: self.name.clone(), source })
    }

    async fn log(&self) -> String {
        let mut logs = Command::new("sh");
        logs.args(["-c", "exec docker logs --tail 20 \"$1\" 2>&1", "sh", &self.name]);
        let log = command::run(command::clean(logs), "docker logs", b"", ASK_LIMIT).await;
        command::indented(&log.unwrap_or_default())
    }

    /// Lets the container live on after this value is gone.
    pub fn leave_running(mut self) {
        self.left = true;
    }

    /// The container's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The superuser's password, which is asked for from outside the container only.
    #[must_use]
    pub fn password(&self) -> &Password {
        &self.password
    }

    /// psql as the superuser, inside the container.
    #[must_use]
    pub fn psql(&self) -> Psql {
        Psql::in_container(&self.name, SUPERUSER)
    }
}

impl Drop for ContainerServer {
    fn drop(&mut self) {
        if !self.left
            && let Err(error) = remove(&self.name)
        {
            tracing::warn!(container = self.name, %error, "can't remove a container");
        }
    }
}

async fn default_image() -> String {
    for image in IMAGES {
        if docker(&["image", "inspect", "--format", "{{.Id}}", image], ASK_LIMIT).await.is_ok() {
            return image.to_owned();
        }
    }
    // The engine pulls what is not there.
    IMAGES[0].to_owned()
}

async fn docker(arguments: &[&str], limit: Duration) -> Result<String, CommandError> {
    let mut docker = Command::new("docker");
    docker.args(arguments);
    let what = format!("docker {}", arguments.first().copied().unwrap_or_default());
    let said = command::run(command::clean(docker), &what, b"", limit).await?;
    Ok(said.trim().to_owned())
}

/// Removes a container and its volume. That it is not there is no error.
pub(crate) fn remove(name: &str) -> io::Result<()> {
    let output = std::process::Command::new("docker")
        .args(["rm", "--force", "--volumes", name])
        .stdin(Stdio::null())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() || said.contains("No such container") {
        Ok(())
    } else {
        Err(io::Error::other(said))
    }
}

/// Removes every container that carries a sandbox's label, also one that was being made when its
/// owner was killed.
pub(crate) fn remove_labelled(sandbox: &str) -> io::Result<()> {
    let output = std::process::Command::new("docker")
        .args(["ps", "--all", "--quiet", "--filter", &format!("label={LABEL}={sandbox}")])
        .stdin(Stdio::null())
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    String::from_utf8_lossy(&output.stdout).lines().try_for_each(|id| remove(id.trim()))
}
