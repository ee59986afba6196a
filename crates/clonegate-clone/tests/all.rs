//! The clone channel against a real server.

#[path = "all/faults.rs"]
mod faults;
mod harness;
#[path = "all/hold.rs"]
mod hold;
#[path = "all/read.rs"]
mod read;
#[path = "all/scratch.rs"]
mod scratch;
#[path = "all/script.rs"]
mod script;
#[path = "all/ssh.rs"]
mod ssh;
