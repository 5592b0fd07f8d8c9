//! One connection as frames in and actions out.
//!
//! The two directions are apart, so that reading never waits for writing: Asterisk cuts whoever
//! does not read for a tenth of a second. Nothing here knows what a packet means.

use std::io;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::wire::{Frame, Framer};

/// The direction from Asterisk to us.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    stream: R,
    framer: Framer,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(crate) fn new(stream: R, limit: usize) -> Self {
        Self {
            stream,
            framer: Framer::new(limit),
            buffer: BytesMut::new(),
        }
    }

    /// Reads what is there and returns how many bytes that was; none at the end of the stream.
    ///
    /// Cancel safe.
    pub(crate) async fn fill(&mut self) -> io::Result<usize> {
        self.buffer.reserve(CHUNK);
        self.stream.read_buf(&mut self.buffer).await
    }

    /// Returns the next frame of what was read.
    pub(crate) fn frame(&mut self) -> Option<Frame> {
        self.framer.next(&mut self.buffer)
    }
}

/// The direction from us to Asterisk.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    stream: W,
    outbox: BytesMut,
    unflushed: bool,
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    pub(crate) fn new(stream: W) -> Self {
        Self {
            stream,
            outbox: BytesMut::new(),
            unflushed: false,
        }
    }

    /// Returns where to put what shall be written; [`drain`](Self::drain) writes it.
    pub(crate) fn outbox(&mut self) -> &mut BytesMut {
        self.unflushed = true;
        &mut self.outbox
    }

    /// Returns how many bytes are not written yet.
    pub(crate) fn backlog(&self) -> usize {
        self.outbox.len()
    }

    /// Returns whether there is something to write.
    pub(crate) fn is_dirty(&self) -> bool {
        self.unflushed
    }

    /// Writes all that is in the outbox.
    ///
    /// Cancel safe: what was not written stays in the outbox.
    pub(crate) async fn drain(&mut self) -> io::Result<()> {
        while self.outbox.has_remaining() {
            if self.stream.write_buf(&mut self.outbox).await? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        self.stream.flush().await?;
        self.unflushed = false;
        Ok(())
    }
}

/// How much room a read has at least, in bytes.
const CHUNK: usize = 32 * 1024;
