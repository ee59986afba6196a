//! Topologies in containers, with a real sshd and a real `docker exec`. All of them need an engine, and
//! the images that `cargo xtask images` makes.
//!
//! `engine` starts containers and removes what an earlier run left, `servers` has PostgreSQL with the
//! fixture, `ssh_host` the host on the way to the clone, `profile` points the one-roof profile at them, `passage`
//! takes it through the gate as a process. The other modules are the tests. `bench gate` starts the same containers.

pub(crate) mod engine;
mod passage;
mod profile;
mod servers;
pub(crate) mod ssh_host;

mod catalog;
mod cut;
mod faults;
mod one_instance;
mod over_ssh;
mod two_instances;
