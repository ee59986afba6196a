//! The production channel as an MCP server: an agent's questions over standard input and output.
//!
//! [`serve`] speaks the Model Context Protocol with one client until that goes away, and answers with
//! three tools: `query_pg`, `list_databases` and `describe`. Every statement goes through a
//! [`QueryService`]: judged, read in a read-only transaction, audited under the client's name.
//!
//! - What comes from a database is **data**: every answer says so, and its text stands between lines
//!   with a random word that the data can't know.
//! - A denial or a failure is a tool's result with the rule, the place and a hint, so that an agent can
//!   act on it. Protocol errors are for calls that can't be understood.
//! - Everything is bounded: a message, an answer, the calls at once, and the answers that nobody reads.
//! - A call that is cancelled, and every call when the client is gone, ends on the database server.
//!
//! # What it does not do
//! It opens no connection and judges no SQL; it has no HTTP transport, no resources and no prompts.
//! It does not make data harmless: it marks it. What a model does with a marked text is the host's
//! and the model's affair.

mod answer;
mod boundary;
mod failure;
mod neutral;
mod server;
mod tools;
mod wire;

use std::time::Duration;

use clonegate_query::QueryService;
use rmcp::ServiceExt as _;
use rmcp::service::ServerInitializeError;
use rmcp::transport::async_rw::AsyncRwTransport;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use crate::server::Server;
use crate::wire::{MAX_MESSAGE_BYTES, Paced};

/// What stands between the pump and the protocol.
const PIPE_BYTES: usize = 64 * 1024;

/// How long the protocol may take to end, with answers under way that nobody may be reading.
const FAREWELL: Duration = Duration::from_secs(3);

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The client closed its end, or is gone.
    ClientLeft,
    /// Whoever called [`serve`] ended it.
    Stopped,
}

/// Why there was no session.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The first message was none of the protocol.
    #[error("the client does not speak MCP: {0}")]
    NotMcp(String),
}

/// Speaks with one client over `input` and `output` until it closes its end or `stop` is ready.
///
/// Calls that are under way when the client leaves have a second to end; after that, and at once on
/// `stop`, they are cancelled on the database server. The service is closed in the end, so that no
/// session of it is left on any server.
///
/// # Errors
/// [`ServeError`] where no session came about.
pub async fn serve(
    service: QueryService,
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Send + Unpin + 'static,
    stop: impl Future<Output = ()>,
) -> Result<Ended, ServeError> {
    let closing = CancellationToken::new();
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    let pump = tokio::spawn(wire::pump(input, near, closing.clone()));
    let transport =
        AsyncRwTransport::new_server(far, output).with_max_line_length(MAX_MESSAGE_BYTES);
    let server = Server::new(service.clone(), closing.clone());
    let protocol = CancellationToken::new();

    let session = async {
        match server.clone().serve_with_ct(Paced::new(transport), protocol.clone()).await {
            Ok(running) => {
                // A task that was cancelled or panicked has ended too.
                let _ = running.waiting().await;
                Ok(Ended::ClientLeft)
            }
            // It came, looked and went.
            Err(
                ServerInitializeError::ConnectionClosed(_)
                | ServerInitializeError::TransportError { .. }
                | ServerInitializeError::Cancelled,
            ) => Ok(Ended::ClientLeft),
            Err(error) => Err(ServeError::NotMcp(neutral::line(&error.to_string(), 200))),
        }
    };
    let mut session = Box::pin(session);
    let ended = tokio::select! {
        ended = &mut session => ended,
        () = stop => {
            // The calls end first, so that their statements do and their callers hear of it, and
            // then the protocol. A client that does not read is not waited for.
            closing.cancel();
            let _ = tokio::time::timeout(FAREWELL, server.idle()).await;
            protocol.cancel();
            let _ = tokio::time::timeout(FAREWELL, &mut session).await;
            Ok(Ended::Stopped)
        }
    };
    closing.cancel();
    drop(session);
    pump.abort();
    let _ = tokio::time::timeout(FAREWELL, server.idle()).await;
    service.close().await;
    ended
}
