//! One connection as frames in and actions out.
//!
//! Reading and writing are separate, so that reading never waits for a write: Asterisk disconnects a
//! client that does not read for 100 ms. The meaning of packets is unknown here.

use std::io;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::wire::{Frame, Framer};

/// Reads frames from Asterisk.
#[derive(Debug)]
pub(crate) struct FrameReader<R> {
    stream: R,
    framer: Framer,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Creates a reader for packets of up to `limit` bytes.
    pub(crate) fn new(stream: R, limit: usize) -> Self {
        Self {
            stream,
            framer: Framer::new(limit),
            buffer: BytesMut::new(),
        }
    }

    /// Reads once and returns the number of bytes; 0 at the end of the stream.
    ///
    /// Cancel safe.
    pub(crate) async fn fill(&mut self) -> io::Result<usize> {
        self.buffer.reserve(READ_SIZE);
        self.stream.read_buf(&mut self.buffer).await
    }

    /// Returns the next frame of the bytes read so far.
    pub(crate) fn next_frame(&mut self) -> Option<Frame> {
        self.framer.next(&mut self.buffer)
    }
}

/// Writes actions to Asterisk.
#[derive(Debug)]
pub(crate) struct ActionWriter<W> {
    stream: W,
    buffer: BytesMut,
    needs_flush: bool,
}

impl<W: AsyncWrite + Unpin> ActionWriter<W> {
    pub(crate) fn new(stream: W) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
            needs_flush: false,
        }
    }

    /// Returns the buffer to append to; [`flush`](Self::flush) writes it.
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        self.needs_flush = true;
        &mut self.buffer
    }

    /// Returns the number of bytes that are not written yet.
    pub(crate) fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Returns whether [`flush`](Self::flush) has something to do.
    pub(crate) fn needs_flush(&self) -> bool {
        self.needs_flush
    }

    /// Writes and flushes the whole buffer.
    ///
    /// Cancel safe: bytes that were not written stay in the buffer.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        while self.buffer.has_remaining() {
            if self.stream.write_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        self.stream.flush().await?;
        self.needs_flush = false;
        Ok(())
    }
}

/// Minimum buffer space of a read, in bytes.
const READ_SIZE: usize = 64 * 1024;
