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

use std::borrow::Cow;
use std::io::{self, BufRead, Write};

use bytes::BytesMut;
use serde::{Serialize, Serializer};

use super::wire::{self, Frame, Framer, Kind, Line};

/// Decodes `input` to its end and writes one line of JSON per object to `output`.
///
/// Writes all complete objects before reading more, so it also follows a live pipe.
pub fn run(mut input: impl BufRead, mut output: impl Write) -> io::Result<Summary> {
    let mut decoder = Decoder::new();
    let mut text = Vec::new();
    loop {
        let chunk = input.fill_buf()?;
        let length = chunk.len();
        if length == 0 {
            let summary = decoder.finish(&mut text)?;
            output.write_all(&text)?;
            output.flush()?;
            return Ok(summary);
        }
        decoder.feed(chunk, &mut text)?;
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
        // In chunks, so that one large call buffers no more than many small ones.
        for chunk in bytes.chunks(CHUNK) {
            self.buffer.extend_from_slice(chunk);
            while let Some(frame) = self.framer.next(&mut self.buffer) {
                self.write(&frame, &mut output)?;
            }
        }
        Ok(())
    }

    /// Writes the packet that the end of the stream cut off, if any, and returns the totals.
    pub fn finish(mut self, mut output: impl Write) -> io::Result<Summary> {
        if let Some(frame) = self.framer.finish(&mut self.buffer) {
            self.write(&frame, &mut output)?;
        }
        Ok(self.summary)
    }

    fn write(&mut self, frame: &Frame, output: &mut impl Write) -> io::Result<()> {
        let lines = match frame {
            Frame::Packet { block, .. } => wire::lines(block),
            _ => Vec::new(),
        };
        let object = Object::new(frame, &lines);
        self.summary.count(object.kind);
        serde_json::to_writer(&mut *output, &object)?;
        output.write_all(b"\n")
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

/// One line of the output.
#[derive(Debug, Serialize)]
struct Object<'a> {
    #[serde(rename = "type")]
    kind: ObjectType,
    headers: Vec<(Text<'a>, Text<'a>)>,
    offset: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    raw: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
}

impl<'a> Object<'a> {
    fn new(frame: &'a Frame, lines: &[Line<'a>]) -> Self {
        match frame {
            Frame::Banner { offset, line } => Self::of_text(ObjectType::Banner, line, *offset),
            Frame::TooLong {
                offset,
                head,
                length,
            } => Self {
                length: Some(*length),
                ..Self::of_text(ObjectType::Skipped, head, *offset)
            },
            Frame::Unfinished { offset, rest } => Self::of_text(ObjectType::Skipped, rest, *offset),
            Frame::Packet { offset, block } => Self::of_packet(block, lines, *offset),
        }
    }

    fn of_text(kind: ObjectType, text: &'a [u8], offset: u64) -> Self {
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let text = Text(text.strip_suffix(b"\r").unwrap_or(text));
        Self {
            kind,
            headers: Vec::new(),
            offset,
            raw: Vec::new(),
            text: Some(text),
            length: None,
        }
    }

    fn of_packet(block: &'a [u8], lines: &[Line<'a>], offset: u64) -> Self {
        let headers = lines.iter().filter_map(|line| match line {
            Line::Header(name, value) => Some((Text(name), Text(value))),
            Line::Output(value) => Some((Text(b"Output"), Text(value))),
            Line::Raw(_) => None,
        });
        let headers: Vec<_> = headers.collect();
        let kind = match Kind::of(headers.iter().map(|(name, _)| name.0)) {
            Kind::Event => ObjectType::Event,
            Kind::Response => ObjectType::Response,
            Kind::Other => {
                return Self {
                    headers,
                    ..Self::of_text(ObjectType::Skipped, block, offset)
                };
            }
        };
        let raw = lines.iter().filter_map(|line| match line {
            Line::Raw(raw) => Some(Text(raw)),
            Line::Header(..) | Line::Output(_) => None,
        });
        Self {
            kind,
            headers,
            offset,
            raw: raw.collect(),
            text: None,
            length: None,
        }
    }
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum ObjectType {
    Banner,
    Event,
    Response,
    Skipped,
}

/// Bytes serialized as text; invalid UTF-8 becomes U+FFFD.
#[derive(Debug)]
struct Text<'a>(&'a [u8]);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text: Cow<'_, str> = String::from_utf8_lossy(self.0);
        serializer.serialize_str(&text)
    }
}

/// Maximum size of a packet, in bytes.
const MAX_PACKET: usize = 16 * 1024 * 1024;

/// Bytes decoded at once.
const CHUNK: usize = 64 * 1024;

#[cfg(test)]
mod tests;
