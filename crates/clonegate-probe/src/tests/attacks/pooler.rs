//! What may stand between the channel and the server: a pooler that is not what it should be.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::payload::Through;

/// PostgreSQL's number of a startup packet (manual: "Message Formats", `StartupMessage`).
const STARTUP: [u8; 4] = [0, 3, 0, 0];

/// A pooler; it ends when it is dropped.
pub(super) struct Pooler {
    pub(super) port: u16,
    task: JoinHandle<()>,
}

impl Pooler {
    pub(super) async fn start(server: u16, through: Through) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            let sessions = AtomicUsize::new(0);
            while let Ok((client, _)) = listener.accept().await {
                let earlier = sessions.fetch_add(1, Ordering::Relaxed);
                // Whoever hangs up ends the conversation; there is nothing to say about it.
                tokio::spawn(async move { pass(client, server, through, earlier).await });
            }
        });
        Self { port, task }
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(
    mut client: TcpStream,
    server: u16,
    through: Through,
    earlier: usize,
) -> io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", server)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let length = client.read_u32().await? as usize;
    let mut packet = vec![0; length.saturating_sub(4)];
    client.read_exact(&mut packet).await?;
    if packet.starts_with(&STARTUP) {
        packet = rewritten(&packet, through, earlier);
    }
    let length = u32::try_from(packet.len() + 4).map_err(io::Error::other)?;
    server.write_all(&length.to_be_bytes()).await?;
    server.write_all(&packet).await?;
    if let Through::UsedSession(sql) = through
        && packet.starts_with(&STARTUP)
    {
        let ready = until_ready(&mut server, Some(&mut client)).await?;
        let length = u32::try_from(sql.len() + 5).map_err(io::Error::other)?;
        server.write_all(b"Q").await?;
        server.write_all(&length.to_be_bytes()).await?;
        server.write_all(sql.as_bytes()).await?;
        server.write_all(&[0]).await?;
        until_ready(&mut server, None).await?;
        client.write_all(&ready).await?;
    }
    tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// Passes on what the two say until the server is ready, and keeps that last message.
async fn until_ready(
    server: &mut TcpStream,
    mut client: Option<&mut TcpStream>,
) -> io::Result<Vec<u8>> {
    loop {
        let mut message = vec![0; 5];
        server.read_exact(&mut message).await?;
        let length = u32::from_be_bytes([message[1], message[2], message[3], message[4]]) as usize;
        message.resize(length + 1, 0);
        server.read_exact(&mut message[5..]).await?;
        let kind = message[0];
        if kind == b'Z' {
            return Ok(message);
        }
        let Some(client) = client.as_deref_mut() else { continue };
        client.write_all(&message).await?;
        // An authentication request is answered, but for the last two: "go on" and "done".
        let asked = kind == b'R' && !matches!(message[8], 0 | 12);
        if asked {
            let mut answer = vec![0; 5];
            client.read_exact(&mut answer).await?;
            let length = u32::from_be_bytes([answer[1], answer[2], answer[3], answer[4]]) as usize;
            answer.resize(length + 1, 0);
            client.read_exact(&mut answer[5..]).await?;
            server.write_all(&answer).await?;
        }
    }
}

/// The startup packet as the pooler sends it on: names and values, each ended by a zero byte.
fn rewritten(packet: &[u8], through: Through, earlier: usize) -> Vec<u8> {
    let mut words = packet[4..].split(|byte| *byte == 0);
    let mut done = STARTUP.to_vec();
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        let moved =
            through == Through::OtherDatabase || (through == Through::MovesLater && earlier > 0);
        let value = match name {
            b"" => break,
            b"options" if through == Through::DropsOptions => continue,
            b"database" if moved => b"staging",
            _ => value,
        };
        for word in [name, value] {
            done.extend_from_slice(word);
            done.push(0);
        }
    }
    done.push(0);
    done
}
