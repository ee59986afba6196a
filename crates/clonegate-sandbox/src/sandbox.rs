//! The sandbox as a whole: servers, fixture, clone, profile, and taking all of it away.

use std::io;
use std::path::{Path, PathBuf};

use crate::command::CommandError;
use crate::container::{ContainerError, ContainerServer, engine_answers};
use crate::fixture::{Fixture, FixtureError, Scale};
use crate::folder::ServerFolder;
use crate::install::{FindError, PostgresInstallation, find_postgres};
use crate::password::{Password, write_passfile};
use crate::profile::{self, CloneWay, ProfileError, Targets, Way};
use crate::psql::Psql;
use crate::record::Claim;
use crate::server::{LocalServer, SUPERUSER, ServerError, ServerOptions};
use crate::sweep::{SweepError, SweepScope, sweep};
use crate::{AccountError, ServerAccount};

/// How many servers there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Topology {
    /// Production and clone are two databases of one server, as in the reference report.
    #[default]
    OneInstance,
    /// Each has a server of its own.
    TwoInstances,
}

/// What the servers are made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Backend {
    /// Local binaries where they are found, else containers.
    #[default]
    Auto,
    /// Local binaries.
    Local,
    /// Containers.
    Containers,
}

/// What sandbox is wanted.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The folder that all sandboxes are in, for instance `.clonegate/sandbox`.
    pub root: PathBuf,
    /// How many servers.
    pub topology: Topology,
    /// How large production is.
    pub scale: Scale,
    /// What the servers are made of.
    pub backend: Backend,
    /// The folder of PostgreSQL's programs; looked for if it is left out.
    pub bin_dir: Option<PathBuf>,
    /// The image for containers; chosen if it is left out.
    pub image: Option<String>,
}

/// Learns what the sandbox is doing, for somebody who waits.
pub trait Progress: Send + Sync {
    /// A step begins.
    fn step(&self, what: &str);
}

impl<F: Fn(&str) + Send + Sync> Progress for F {
    fn step(&self, what: &str) {
        self(what);
    }
}

/// How one of the two databases is reached.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The address on which the server listens: 127.0.0.1.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The folder of the server's socket, if it is on this machine.
    pub socket_dir: Option<PathBuf>,
    /// The database.
    pub database: String,
    /// The role of the profile for it.
    pub role: String,
    /// That role's passfile.
    pub passfile: PathBuf,
    /// The superuser, for a test that plays the outside world.
    pub superuser: String,
    /// The superuser's passfile.
    pub superuser_passfile: PathBuf,
    /// The container of the server, in which psql needs no password on the socket.
    pub container: Option<String>,
    /// psql as the superuser.
    pub psql: Psql,
}

/// A sandbox that can't be started or taken away.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The local binaries that were asked for.
    #[error(transparent)]
    Find(#[from] FindError),
    /// Nothing to make a server of.
    #[error("nothing here can run a disposable PostgreSQL: no container engine answers, and {0}")]
    NoBackend(FindError),
    /// Nobody to run a server as.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The sandbox's own folder.
    #[error("can't use the sandbox's folder {}", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What an earlier sandbox left.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// A local server.
    #[error("the sandbox's server can't be started")]
    Server(#[from] ServerError),
    /// A server in a container.
    #[error("the sandbox's container can't be started")]
    Container(#[from] ContainerError),
    /// The data.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// A role's password.
    #[error("a role of the sandbox can't be given its password")]
    Role(#[from] CommandError),
    /// The profile.
    #[error("the sandbox's profile can't be written")]
    Profile(#[from] ProfileError),
}

/// A running sandbox. Dropping it takes it away, which blocks for a moment; [`Sandbox::stop`] says
/// whether that worked.
#[derive(Debug)]
pub struct Sandbox {
    config: PathBuf,
    production: Endpoint,
    clone: Endpoint,
    contents: Contents,
}

/// What has to be taken away.
#[derive(Debug)]
struct Contents {
    servers: Vec<Server>,
    /// `None` once it was taken away, or left.
    claim: Option<Claim>,
}

#[derive(Debug)]
enum Server {
    Local(LocalServer),
    Container(ContainerServer),
}

enum Maker {
    Local(PostgresInstallation),
    Containers(Option<String>),
}

/// Removes what killed sandboxes left under the same root, then starts a new one. If this fails, or is
/// dropped half-way, nothing is left.
///
/// # Errors
/// When there is nothing to make a server of, when one doesn't start, or when the fixture doesn't load.
pub async fn start(options: &Options, progress: &dyn Progress) -> Result<Sandbox, SandboxError> {
    sweep(&options.root, SweepScope::AbandonedOnly).await?;
    let maker = choose(options).await?;

    let root = options.root.clone();
    let claim = tokio::task::spawn_blocking(move || Claim::new(&root))
        .await
        .expect("a claim does not panic, and is not cancelled")
        .map_err(folder(&options.root))?;
    let home = claim.folder.clone();
    let id = claim.record.id.clone();
    let mut contents = Contents { servers: Vec::new(), claim: Some(claim) };

    progress.step(&match (&maker, options.topology) {
        (Maker::Local(found), Topology::OneInstance) => format!("starting {found}"),
        (Maker::Local(found), Topology::TwoInstances) => format!("starting {found}, twice"),
        (Maker::Containers(_), Topology::OneInstance) => "starting a container".to_owned(),
        (Maker::Containers(_), Topology::TwoInstances) => "starting two containers".to_owned(),
    });
    contents.start_servers(&maker, options.topology, &home, &id).await?;
    let first = &contents.servers[0];
    let last = &contents.servers[contents.servers.len() - 1];

    let production = first.endpoint(&home, Side::Production)?;
    let clone = last.endpoint(&home, Side::Clone)?;

    progress.step("loading production");
    Fixture::load_production(&production.psql, options.scale).await?;
    give_password(&production, first).await?;

    progress.step("making the clone with pg_dump and psql");
    Fixture::create_clone(&clone.psql).await?;
    give_password(&clone, last).await?;
    let owner = clone.psql.as_role(&clone.role, &clone.passfile);
    Fixture::fill_clone(&production.psql, &clone.psql, &owner).await?;

    let profile = home.join("profile");
    Fixture::unpack(&profile)?;
    let config = profile.join("clonegate.toml");
    profile::point(
        &config,
        &Targets {
            production: way(&production),
            clone: match &maker {
                Maker::Local(found) => {
                    CloneWay::Local { way: way(&clone), psql: found.program("psql") }
                }
                Maker::Containers(_) => CloneWay::Container {
                    name: clone.container.as_deref().expect("a server in a container has its name"),
                },
            },
        },
    )?;
    Ok(Sandbox { config, production, clone, contents })
}

impl Sandbox {
    /// The profile that points at the sandbox: `clonegate.toml`, with its checks and scripts beside it.
    #[must_use]
    pub fn config_path(&self) -> &Path {
        &self.config
    }

    /// Production.
    #[must_use]
    pub fn production(&self) -> &Endpoint {
        &self.production
    }

    /// The clone.
    #[must_use]
    pub fn clone_endpoint(&self) -> &Endpoint {
        &self.clone
    }

    /// The sandbox's folder.
    ///
    /// # Panics
    /// Never: the folder is there as long as the sandbox is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.contents.claim.as_ref().expect("it is taken only when the sandbox goes").folder
    }

    /// How to connect, line by line as one would type it, for a sandbox that is kept.
    #[must_use]
    pub fn connection_help(&self) -> String {
        let mut help = String::new();
        for (title, endpoint) in [("production", &self.production), ("clone", &self.clone)] {
            for (role, passfile) in [
                (&endpoint.role, &endpoint.passfile),
                (&endpoint.superuser, &endpoint.superuser_passfile),
            ] {
                help.push_str(&format!(
                    "{title} as {role}:\n  PGPASSFILE={} psql -h {} -p {} -U {role} -d {}\n",
                    quoted(passfile),
                    endpoint.host,
                    endpoint.port,
                    endpoint.database,
                ));
            }
            if let Some(name) = &endpoint.container {
                help.push_str(&format!(
                    "  or in its container: docker exec -it {name} psql -U postgres\n"
                ));
            }
        }
        help.push_str(&format!("profile:\n  {}\n", self.config.display()));
        help
    }

    /// Ends the servers at once and removes everything.
    ///
    /// # Errors
    /// When something can't be removed; its folder then still says what, for a later [`sweep`].
    pub async fn stop(self) -> Result<(), SandboxError> {
        let path = self.folder().to_path_buf();
        let mut contents = self.contents;
        tokio::task::spawn_blocking(move || contents.take_away())
            .await
            .expect("taking away does not panic, and is not cancelled")
            .map_err(folder(&path))
    }

    /// Leaves everything running after this process. Only a [`sweep`] of [`SweepScope::All`] removes it.
    ///
    /// # Errors
    /// When that can't be written down; the sandbox is taken away then.
    pub fn keep(mut self) -> Result<(), SandboxError> {
        if let Some(claim) = &mut self.contents.claim {
            claim.record.kept = true;
            claim.save().map_err(folder(&claim.folder.clone()))?;
        }
        self.contents.claim = None;
        for server in self.contents.servers.drain(..) {
            match server {
                Server::Local(server) => drop(server.leave_running()),
                Server::Container(server) => server.leave_running(),
            }
        }
        Ok(())
    }
}

impl Contents {
    async fn start_servers(
        &mut self,
        maker: &Maker,
        topology: Topology,
        home: &Path,
        id: &str,
    ) -> Result<(), SandboxError> {
        let names: &[&str] = match topology {
            Topology::OneInstance => &["server"],
            Topology::TwoInstances => &["production", "clone"],
        };
        let claim = self.claim.as_mut().expect("it is taken only when the sandbox goes");
        match maker {
            Maker::Local(installation) => {
                let account = ServerAccount::of_this_process()?;
                let plans: Vec<(PathBuf, ServerFolder)> = names
                    .iter()
                    .map(|name| {
                        let home = home.join(name);
                        let folder = ServerFolder::plan(&home, &claim.name_of(name), account);
                        (home, folder)
                    })
                    .collect();
                claim.record.servers =
                    plans.iter().map(|(_, folder)| folder.path().to_path_buf()).collect();
                claim.save().map_err(folder(home))?;
                let options = ServerOptions::default();
                let mut starts = plans.into_iter().map(|(home, folder)| {
                    let options = &options;
                    async move { LocalServer::start_in(installation, &home, folder, options).await }
                });
                let (first, second) = (starts.next(), starts.next());
                let (first, second) = tokio::try_join!(maybe(first), maybe(second))?;
                self.servers.extend(first.into_iter().chain(second).map(Server::Local));
            }
            Maker::Containers(image) => {
                let names: Vec<String> = names.iter().map(|name| claim.name_of(name)).collect();
                claim.record.containers.clone_from(&names);
                claim.save().map_err(folder(home))?;
                let mut starts = names
                    .iter()
                    .map(|name| ContainerServer::start(name, id, image.as_deref(), &[]));
                let (first, second) = (starts.next(), starts.next());
                let (first, second) = tokio::try_join!(maybe(first), maybe(second))?;
                self.servers.extend(first.into_iter().chain(second).map(Server::Container));
            }
        }
        Ok(())
    }

    fn take_away(&mut self) -> io::Result<()> {
        self.servers.clear();
        match self.claim.take() {
            Some(claim) => claim.remove(),
            None => Ok(()),
        }
    }
}

impl Drop for Contents {
    fn drop(&mut self) {
        let path = self.claim.as_ref().map(|claim| claim.folder.clone());
        if let Err(error) = self.take_away() {
            tracing::warn!(folder = ?path, %error, "can't remove a sandbox; the next start tries again");
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    Production,
    Clone,
}

impl Server {
    fn port(&self) -> u16 {
        match self {
            Self::Local(server) => server.port(),
            Self::Container(server) => server.port(),
        }
    }

    /// Names of passfiles go by side, so that no channel can read the other's password by accident.
    fn endpoint(&self, home: &Path, side: Side) -> Result<Endpoint, SandboxError> {
        let (name, database, role) = match side {
            Side::Production => {
                ("production", Fixture::PRODUCTION_DATABASE, Fixture::PRODUCTION_ROLE)
            }
            Side::Clone => ("clone", Fixture::CLONE_DATABASE, Fixture::CLONE_ROLE),
        };
        let (psql, socket_dir, container, superuser_passfile) = match self {
            Self::Local(server) => {
                (server.psql(), Some(server.socket_dir()), None, server.passfile())
            }
            Self::Container(server) => {
                let path = home.join(format!("{name}-superuser.pgpass"));
                write_passfile(
                    &path,
                    &["127.0.0.1"],
                    server.port(),
                    &[(SUPERUSER, server.password())],
                )
                .map_err(folder(&path))?;
                (server.psql(), None, Some(server.name().to_owned()), path)
            }
        };
        Ok(Endpoint {
            host: "127.0.0.1".to_owned(),
            port: self.port(),
            socket_dir,
            database: database.to_owned(),
            role: role.to_owned(),
            passfile: home.join(format!("{name}.pgpass")),
            superuser: SUPERUSER.to_owned(),
            superuser_passfile,
            container,
            psql,
        })
    }
}

/// Gives an endpoint's role a password, and writes the passfile for it.
async fn give_password(endpoint: &Endpoint, server: &Server) -> Result<(), SandboxError> {
    let password = Password::random().map_err(folder(&endpoint.passfile))?;
    endpoint.psql.set_password(&endpoint.role, &password).await?;
    let socket = endpoint.socket_dir.as_ref().map(|dir| dir.to_string_lossy().into_owned());
    let hosts: Vec<&str> = [&*endpoint.host].into_iter().chain(socket.as_deref()).collect();
    write_passfile(&endpoint.passfile, &hosts, server.port(), &[(&endpoint.role, &password)])
        .map_err(folder(&endpoint.passfile))
}

async fn choose(options: &Options) -> Result<Maker, SandboxError> {
    let image = || Maker::Containers(options.image.clone());
    match options.backend {
        Backend::Containers => Ok(image()),
        Backend::Local => Ok(Maker::Local(find_postgres(options.bin_dir.as_deref())?)),
        Backend::Auto => match find_postgres(options.bin_dir.as_deref()) {
            Ok(found) => Ok(Maker::Local(found)),
            // What was named and is not usable is the caller's mistake, not a reason for something else.
            Err(error @ (FindError::Nothing | FindError::TooOld { .. }))
                if options.bin_dir.is_none() =>
            {
                if engine_answers().await {
                    Ok(image())
                } else {
                    Err(SandboxError::NoBackend(error))
                }
            }
            Err(error) => Err(error.into()),
        },
    }
}

async fn maybe<T, E>(work: Option<impl Future<Output = Result<T, E>>>) -> Result<Option<T>, E> {
    match work {
        Some(work) => work.await.map(Some),
        None => Ok(None),
    }
}

fn way(endpoint: &Endpoint) -> Way<'_> {
    Way { host: &endpoint.host, port: endpoint.port, passfile: &endpoint.passfile }
}

fn folder(path: &Path) -> impl FnOnce(io::Error) -> SandboxError {
    let path = path.to_path_buf();
    move |source| SandboxError::Folder { path, source }
}

/// A path as one word of a shell.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+,@%".contains(c)) {
        text.into_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word() {
        assert_eq!(quoted(Path::new("/tmp/a-b")), "/tmp/a-b");
        assert_eq!(quoted(Path::new("/tmp/it's here")), r"'/tmp/it'\''s here'");
    }
}
