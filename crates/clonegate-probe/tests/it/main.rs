//! The production channel as its users see it, against a real server.

#![allow(clippy::unwrap_used)]

mod access;
mod production;
mod server;
mod tls;

/// The crate, by the name that the shared fixture calls it.
use clonegate_probe as probe;
