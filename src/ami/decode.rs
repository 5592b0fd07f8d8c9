//! Decodes a captured AMI connection, server side, to one JSON object per line.
//!
//! Memory use is constant whatever the size of the capture. Nothing is omitted: malformed data, and a
//! packet cut off by the end of the capture, appear as `skipped` with their text.
//!
//! An object has `type`, `headers` and `offset`; further keys are present only where they apply:
//!
//! - `text` of a `banner` or `skipped` data: the text without its last line ending;
//! - `raw` of an `event` or `response`: the lines that are not headers;
//! - `length` of a `skipped` packet over the size limit: its size in bytes, of which `text` has the
//!   first ones.
//!
//! Packets with headers but neither `Event` nor `Response` (the response to `SKINNYshowdevice`, or the
//! client's actions in a capture of both directions) are `skipped`, with their headers.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod json;

use std::io::{self, BufRead, Write};

use bytes::BytesMut;

use super::wire::Framer;
use json::ObjectType;

/// Decodes `input` to its end and writes one line of JSON per object to `output`.
///
/// Writes all complete objects before reading more, so it also follows a live pipe.
pub fn run(mut input: impl BufRead, mut output: impl Write) -> io::Result<Summary> {
    let mut decoder = Decoder::new();
    let mut text = Vec::new();
    loop {
        let read = input.fill_buf()?;
        let chunk = read.get(..CHUNK).unwrap_or(read);
        let length = chunk.len();
        if length == 0 {
            let summary = decoder.finish(&mut output)?;
            output.flush()?;
            return Ok(summary);
        }
        decoder.decode(chunk, &mut text);
        input.consume(length);
        output.write_all(&text)?;
        output.flush()?;
        text.clear();
    }
}

/// Decodes bytes incrementally, for callers without a [`BufRead`].
#[derive(Debug)]
pub struct Decoder {
    framer: Framer,
    buffer: BytesMut,
    summary: Summary,
}

impl Decoder {
    /// Creates a decoder at the start of a connection.
    pub fn new() -> Self {
        Self {
            framer: Framer::new(MAX_PACKET),
            buffer: BytesMut::new(),
            summary: Summary::default(),
        }
    }

    /// Decodes `bytes` and writes a line to `output` for each object they complete.
    ///
    /// # Errors
    ///
    /// Returns the errors of `output`.
    pub fn feed(&mut self, bytes: &[u8], mut output: impl Write) -> io::Result<()> {
        let mut text = Vec::new();
        // In chunks, so that one large call buffers no more than many small ones.
        for chunk in bytes.chunks(CHUNK) {
            self.decode(chunk, &mut text);
            output.write_all(&text)?;
            text.clear();
        }
        Ok(())
    }

    /// Decodes `chunk` and appends a line to `text` for each object that it completes.
    fn decode(&mut self, chunk: &[u8], text: &mut Vec<u8>) {
        self.buffer.extend_from_slice(chunk);
        while let Some(frame) = self.framer.next(&mut self.buffer) {
            self.summary.count(json::write(&frame, text));
        }
    }

    /// Writes the packet that the end of the stream cut off, if any, and returns the totals.
    pub fn finish(mut self, mut output: impl Write) -> io::Result<Summary> {
        if let Some(frame) = self.framer.finish(&mut self.buffer) {
            let mut text = Vec::new();
            self.summary.count(json::write(&frame, &mut text));
            output.write_all(&text)?;
        }
        Ok(self.summary)
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Number of objects of each type.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// Banners.
    pub banners: u64,
    /// Events, including items of lists.
    pub events: u64,
    /// Responses.
    pub responses: u64,
    /// Malformed, oversized or incomplete packets.
    pub skipped: u64,
}

impl Summary {
    fn count(&mut self, kind: ObjectType) {
        let counter = match kind {
            ObjectType::Banner => &mut self.banners,
            ObjectType::Event => &mut self.events,
            ObjectType::Response => &mut self.responses,
            ObjectType::Skipped => &mut self.skipped,
        };
        *counter = counter.saturating_add(1);
    }
}

/// Maximum size of a packet, in bytes.
const MAX_PACKET: usize = 16 * 1024 * 1024;

/// Bytes decoded at once; a reader is fastest with a buffer of this size.
pub const CHUNK: usize = 64 * 1024;

#[cfg(test)]
mod tests;
