//! The production channel as its users see it, against a real server.

#![allow(clippy::unwrap_used)]

mod access;
mod attestation;
mod names;
mod production;
mod server;
mod tls;

/// The crate, by the name that the shared fixture calls it.
use clonegate_probe as probe;
use clonegate_probe::{ConnectError, ConnectionSettings, ProductionChannel, Terms};

/// How the shared fixture opens a channel: as every user does.
async fn open(
    settings: ConnectionSettings,
    terms: Terms<'_>,
) -> Result<ProductionChannel, ConnectError> {
    ProductionChannel::connect(settings, terms).await
}
