//! A disposable "production" and "clone", for a trial and for tests.
//!
//! [`start`] starts one or two PostgreSQL servers of its own, from local binaries or in containers,
//! loads the one-roof fixture into them, makes the clone by `pg_dump | psql`, and writes a profile that
//! points at them. [`LocalServer`], [`Psql`] and [`Fixture`] are the parts, and each is usable alone.
//!
//! Everything it makes is under one folder, or is written down there before it is made: servers,
//! containers, and folders in the system's temporary folder, which are needed where the server's
//! account can't reach the sandbox (a checkout in root's home). [`Sandbox::stop`] removes all of it, and so
//! does dropping the [`Sandbox`]. After a `kill -9` the next [`start`] or [`sweep`] does: it knows by a lock
//! file that the owner is gone, and it touches no process that is not the server of its own data folder.
//!
//! Servers listen on the loopback address and a socket only, on free ports. Passwords are random, are
//! asked for on both, and stand in passfiles that only the owner can read. The servers are in process groups
//! of their own: Ctrl-C in a terminal doesn't reach them, so whoever handles it can still read from
//! them before calling [`Sandbox::stop`].
//!
//! It knows nothing of the gate, and it installs nothing. It needs a Unix.

mod account;
mod command;
mod container;
mod copy;
mod fixture;
mod folder;
mod identity;
mod install;
mod password;
mod profile;
mod psql;
mod record;
mod sandbox;
mod server;
mod sweep;

pub use account::{AccountError, ServerAccount};
pub use command::CommandError;
pub use container::{ContainerError, ContainerServer, engine_answers};
pub use copy::{CopyError, copy_database};
pub use fixture::{Fixture, FixtureError, Scale};
pub use folder::ServerFolder;
pub use install::{FindError, PostgresInstallation, find_postgres};
pub use password::{Password, write_passfile};
pub use profile::ProfileError;
pub use psql::Psql;
pub use sandbox::{Backend, Endpoint, Options, Progress, Sandbox, SandboxError, Topology, start};
pub use server::{Auth, LocalServer, ServerError, ServerOptions, StopMode};
pub use sweep::{SweepError, SweepScope, Swept, sweep};
