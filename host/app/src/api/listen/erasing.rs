//! A connection that leaves nothing of what was read in the buffer of the TLS above it.
//!
//! rustls decrypts a record where it lies, and keeps that buffer for the next one. Nobody else can reach it; but whoever
//! asks for more to read hands over the free part of its buffer, and here that is overwritten before anything else. TLS
//! that waits for the next request has asked.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Overwrites every buffer that it is to read into. Writing is as it was.
#[derive(Debug)]
pub(super) struct Erasing<S>(pub(super) S);

impl<S: AsyncRead + Unpin> AsyncRead for Erasing<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // No optimiser leaves it out: the reader below and the library above see these bytes.
        buf.initialize_unfilled().fill(0);
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Erasing<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn the_free_part_of_a_buffer_is_overwritten_before_there_is_anything_to_read() {
        let (mut far, near) = tokio::io::duplex(64);
        let mut near = Erasing(near);
        let mut memory = *b"secret of before";
        let mut buffer = ReadBuf::new(&mut memory);
        buffer.put_slice(b"kept");
        let mut context = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut near).poll_read(&mut context, &mut buffer).is_pending());
        assert_eq!(&memory, b"kept\0\0\0\0\0\0\0\0\0\0\0\0");
        let mut buffer = ReadBuf::new(&mut memory);
        far.write_all(b"new").await.unwrap();
        assert!(Pin::new(&mut near).poll_read(&mut context, &mut buffer).is_ready());
        assert_eq!(buffer.filled(), b"new");
        assert_eq!(&memory, b"new\0\0\0\0\0\0\0\0\0\0\0\0\0");
    }
}
