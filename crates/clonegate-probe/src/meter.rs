//! A bound on what the server can make the client hold.
//!
//! The driver buffers a message until it is whole, and one row may be a gigabyte. The socket is
//! therefore wrapped: each exchange is granted a number of bytes, and a read beyond them fails, by
//! which the connection ends. What the driver holds is then bounded by the grant, however the
//! server cuts its rows.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What an exchange that carries no rows may read: authentication, the guard, error messages.
pub(crate) const CONVERSATION: u64 = 1 << 20;

/// The grant of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Meter(Arc<AtomicI64>);

impl Meter {
    pub(crate) fn new() -> Self {
        let meter = Self(Arc::default());
        meter.grant(0);
        meter
    }

    /// Lets the next exchange read rows of so many bytes. On top come protocol and TLS framing and
    /// whatever belongs to the conversation.
    pub(crate) fn grant(&self, bytes: u64) {
        let framed = bytes.saturating_add(bytes / 8).saturating_add(CONVERSATION);
        self.0.store(i64::try_from(framed).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// Whether a read went beyond the grant; the connection is then dead.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.0.load(Ordering::Relaxed) < 0
    }
}

/// A socket that reads no more than its meter grants.
#[derive(Debug)]
pub(crate) struct Metered<S> {
    inner: S,
    meter: Meter,
    /// Whether this side may still write.
    open: bool,
}

impl<S> Metered<S> {
    pub(crate) fn new(inner: S, meter: Meter) -> Self {
        Self { inner, meter, open: true }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Metered<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        std::task::ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let read = i64::try_from(buf.filled().len() - before).unwrap_or(i64::MAX);
        let left = self.meter.0.fetch_sub(read, Ordering::Relaxed) - read;
        Poll::Ready(if left < 0 {
            buf.set_filled(before);
            Err(io::Error::other("the server sent more than it was granted"))
        } else {
            Ok(())
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Metered<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    /// Also waits for the end of the other side, so that a connection has ended for the server too
    /// when it has ended here. Whatever still comes is thrown away; it is for whoever waits to bound
    /// the time.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.open {
            std::task::ready!(Pin::new(&mut self.inner).poll_shutdown(cx))?;
            self.open = false;
        }
        let mut rest = [0; 1024];
        loop {
            let mut rest = ReadBuf::new(&mut rest);
            match std::task::ready!(Pin::new(&mut self.inner).poll_read(cx, &mut rest)) {
                Ok(()) if !rest.filled().is_empty() => {}
                // A reset is an end too.
                Ok(()) | Err(_) => return Poll::Ready(Ok(())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt as _;

    #[tokio::test]
    async fn reads_no_more_than_it_was_granted() {
        let meter = Meter::new();
        let endless = tokio::io::repeat(b'x');
        let mut socket = Metered::new(endless, meter.clone());
        let mut all = Vec::new();
        let error = socket.read_to_end(&mut all).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Other);
        assert!(all.len() as u64 <= CONVERSATION, "{}", all.len());
        assert!(meter.is_exceeded());
        meter.grant(100);
        assert!(!meter.is_exceeded());
        socket.read_exact(&mut [0; 100]).await.unwrap();
    }
}
