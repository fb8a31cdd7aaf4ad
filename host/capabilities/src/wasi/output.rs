//! Standard output and error of a plugin as lines of the log.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi_io::{async_trait, bytes::Bytes};

use crate::log::{Level, MAX_LINE, Sink};

/// How much of a line is kept until it ends. The log cuts it to [`MAX_LINE`]; what is kept besides is looked through for
/// passwords, so that the cut leaves no half of one.
const MOST_KEPT: usize = 2 * MAX_LINE;

/// A stream that cuts what is written into lines. A line without its end is written when the stream goes away.
#[derive(Clone)]
pub(super) struct LogStream(Arc<Inner>);

struct Inner {
    sink: Sink,
    source: &'static str,
    partial: Mutex<Vec<u8>>,
}

impl LogStream {
    pub(super) fn new(sink: Sink, source: &'static str) -> Self {
        Self(Arc::new(Inner { sink, source, partial: Mutex::new(Vec::new()) }))
    }
}

impl Inner {
    fn write(&self, bytes: &[u8]) {
        let mut partial = self.partial.lock().unwrap_or_else(PoisonError::into_inner);
        for &byte in bytes {
            if byte == b'\n' {
                self.sink.line(Level::Info, self.source, &String::from_utf8_lossy(&partial));
                partial.clear();
            } else if partial.len() < MOST_KEPT {
                partial.push(byte);
            }
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let rest = std::mem::take(self.partial.get_mut().unwrap_or_else(PoisonError::into_inner));
        if !rest.is_empty() {
            self.sink.line(Level::Info, self.source, &String::from_utf8_lossy(&rest));
        }
    }
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    /// Without the task that the engine would put in between: what was printed is in the log when the operation ends,
    /// also when the plugin was ended in the middle of it.
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl OutputStream for LogStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MOST_KEPT)
    }
}

#[async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

impl AsyncWrite for LogStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
