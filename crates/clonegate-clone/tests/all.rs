//! The clone channel against a real server.

// clippy knows test functions, and not the functions that they share.
#![allow(clippy::unwrap_used)]

#[path = "all/containers.rs"]
mod containers;
#[path = "all/control.rs"]
mod control;
#[path = "all/faults.rs"]
mod faults;
mod harness;
#[path = "all/hold.rs"]
mod hold;
#[path = "all/pinned.rs"]
mod pinned;
#[path = "all/read.rs"]
mod read;
#[path = "all/repeat.rs"]
mod repeat;
#[path = "all/scratch.rs"]
mod scratch;
#[path = "all/script.rs"]
mod script;
#[path = "all/sshd.rs"]
mod sshd;
#[path = "all/watch.rs"]
mod watch;
