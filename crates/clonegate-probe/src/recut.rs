//! Cuts what COPY sends into pieces of another size.
//!
//! The server sends each row of a COPY as a message of its own. One row may be a gigabyte, and the driver
//! buffers a message until it is whole; two million small ones cost more in the driver than in the hash behind
//! it. Where such a message ends means nothing (PostgreSQL's manual, "COPY Operations"), so they are joined and
//! cut here, on the way from the socket to the driver, into as much as one read brought. All other messages
//! pass as they are.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

/// What one read of the socket may bring, and so the largest piece.
const READ: usize = 64 * 1024;

const COPY_DATA: u8 = b'd';
const HEADER: usize = 5;

/// A stream of a server's messages, with those of COPY in pieces of at most [`READ`] bytes.
#[derive(Debug)]
pub(crate) struct Recut<S> {
    inner: S,
    frames: Frames,
    raw: Box<[u8]>,
    ready: Vec<u8>,
    /// How much of `ready` the driver has.
    taken: usize,
}

impl<S> Recut<S> {
    pub(crate) fn new(inner: S) -> Self {
        Self {
            inner,
            frames: Frames::default(),
            raw: vec![0; READ].into_boxed_slice(),
            ready: Vec::new(),
            taken: 0,
        }
    }
}

/// Where in the messages a read ended.
#[derive(Debug, Default)]
struct Frames {
    header: [u8; HEADER],
    /// Bytes of the header that are there.
    have: usize,
    /// Bytes of the body that are still to come.
    left: usize,
    is_copy: bool,
}

impl Frames {
    fn take(&mut self, mut raw: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        // Where the header of the piece that grows stands.
        let mut piece: Option<usize> = None;
        while !raw.is_empty() {
            if self.left > 0 {
                if self.is_copy && piece.is_none() {
                    piece = Some(out.len());
                    out.extend_from_slice(&[COPY_DATA, 0, 0, 0, 0]);
                }
                let (body, rest) = raw.split_at(self.left.min(raw.len()));
                out.extend_from_slice(body);
                self.left -= body.len();
                raw = rest;
                continue;
            }
            let (begun, rest) = raw.split_at((HEADER - self.have).min(raw.len()));
            self.header[self.have..self.have + begun.len()].copy_from_slice(begun);
            self.have += begun.len();
            raw = rest;
            if self.have < HEADER {
                break;
            }
            self.have = 0;
            let [kind, length @ ..] = self.header;
            let length = u32::from_be_bytes(length) as usize;
            self.left = length.checked_sub(4).ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidData, "a message is shorter than its header")
            })?;
            self.is_copy = kind == COPY_DATA;
            if !self.is_copy {
                finish(piece.take(), out);
                out.extend_from_slice(&self.header);
            }
        }
        finish(piece, out);
        Ok(())
    }
}

/// Writes a piece's length into its header.
fn finish(piece: Option<usize>, out: &mut [u8]) {
    if let Some(at) = piece {
        // Fits: a piece is at most what one read brought.
        let length = u32::try_from(out.len() - at - 1).unwrap_or(u32::MAX);
        out[at + 1..at + HEADER].copy_from_slice(&length.to_be_bytes());
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Recut<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // A read may end within a header, and then there is nothing to hand on yet.
        while this.taken == this.ready.len() {
            this.ready.clear();
            this.taken = 0;
            let mut raw = ReadBuf::new(&mut this.raw);
            std::task::ready!(Pin::new(&mut this.inner).poll_read(cx, &mut raw))?;
            if raw.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.frames.take(raw.filled(), &mut this.ready)?;
        }
        let part = &this.ready[this.taken..];
        let part = &part[..part.len().min(buf.remaining())];
        buf.put_slice(part);
        this.taken += part.len();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recut<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Recut<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.inner.channel_binding()
    }
}

/// A TLS connector whose streams are cut: the messages can be told apart only inside of TLS.
pub(crate) struct RecutTls<T>(pub(crate) T);

impl<S, T> TlsConnect<S> for RecutTls<T>
where
    T: TlsConnect<S>,
    T::Future: Send + 'static,
{
    type Stream = Recut<T::Stream>;
    type Error = T::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Stream, Self::Error>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let connecting = self.0.connect(stream);
        Box::pin(async move { connecting.await.map(Recut::new) })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut message = vec![kind];
        message.extend_from_slice(&u32::try_from(body.len() + 4).unwrap().to_be_bytes());
        message.extend_from_slice(body);
        message
    }

    /// The messages in a stream: of COPY only what they carry, and the largest of them.
    fn read(mut stream: &[u8]) -> (Vec<(u8, Vec<u8>)>, usize) {
        let (mut messages, mut largest) = (Vec::<(u8, Vec<u8>)>::new(), 0);
        while let Some((header, rest)) = stream.split_first_chunk::<HEADER>() {
            let [kind, length @ ..] = *header;
            let (body, rest) = rest.split_at(u32::from_be_bytes(length) as usize - 4);
            stream = rest;
            match messages.last_mut() {
                Some((COPY_DATA, before)) if kind == COPY_DATA => before.extend_from_slice(body),
                _ => messages.push((kind, body.to_vec())),
            }
            if kind == COPY_DATA {
                largest = largest.max(body.len());
            }
        }
        assert!(stream.is_empty(), "a message is cut off");
        (messages, largest)
    }

    fn sent(large: usize) -> Vec<u8> {
        let large: Vec<u8> = (0..large).map(|n| n as u8).collect();
        let mut sent = message(b'H', &[1, 0, 0]);
        for n in 0..1000_u32 {
            sent.extend(message(COPY_DATA, &n.to_le_bytes()));
        }
        sent.extend(message(COPY_DATA, &large));
        sent.extend(message(b'D', &large));
        sent.extend(message(COPY_DATA, b"x"));
        sent.extend(message(COPY_DATA, b""));
        sent.extend(message(b'c', b""));
        sent
    }

    #[tokio::test]
    async fn copy_is_cut_anew_and_all_else_passes_as_it_is() {
        // Whatever the reads bring, down to a byte each.
        for (size, large) in [(1, 100), (7, 5000), (4096, 1 << 20), (READ, 12 << 20)] {
            let sent = sent(large);
            let mut frames = Frames::default();
            let mut cut = Vec::new();
            for part in sent.chunks(size) {
                frames.take(part, &mut cut).unwrap();
            }
            let (seen, largest) = read(&cut);
            assert_eq!(seen, read(&sent).0, "{size}");
            assert!(largest <= READ, "{largest}");
        }
        let sent = sent(12 << 20);
        let mut cut = Vec::new();
        Recut::new(&sent[..]).read_to_end(&mut cut).await.unwrap();
        assert_eq!(read(&cut).0, read(&sent).0);
    }

    #[test]
    fn a_message_that_can_be_none_ends_the_connection() {
        let mut frames = Frames::default();
        let error = frames.take(&[b'd', 0, 0, 0, 3], &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
