//! Shows the bytes of an AMI connection, Asterisk's side, as one JSON object a line.
//!
//! Memory stays constant however long the capture is. Nothing is left out: what is no message
//! comes as `skipped` with its text, and a packet that the capture cuts off comes so as well.
//!
//! An object has `type`, `headers` and `offset`; further keys stand only where they say something:
//!
//! - `text`, of a `banner` and of what is `skipped`: what was sent, without its last line end;
//! - `raw`, of an `event` or `response`: its lines that are no headers;
//! - `length`, of what is `skipped` because it is over the limit: its bytes, of which `text` shows
//!   the first.
//!
//! Packets with headers but neither `Event` nor `Response` (the answer to `SKINNYshowdevice`, or
//! the client's own actions in a capture of both sides) are `skipped`, and carry their headers too.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

use std::borrow::Cow;
use std::io::{self, BufRead, Write};

use bytes::BytesMut;
use serde::{Serialize, Serializer};

use super::wire::{self, Frame, Framer, Kind, Line};

/// Decodes `input` to its end, one line of JSON on `output` for each thing that was sent.
///
/// What has come is written out before more is waited for, so this follows a live pipe too.
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

/// Decodes bytes as they come, for those who have no [`BufRead`].
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

    /// Decodes `bytes`, and appends a line to `output` for each thing that they complete.
    ///
    /// Fails only as `output` does.
    pub fn feed(&mut self, bytes: &[u8], mut output: impl Write) -> io::Result<()> {
        // Pieces, so that one large call holds no more than many small ones.
        for piece in bytes.chunks(PIECE) {
            self.buffer.extend_from_slice(piece);
            while let Some(frame) = self.framer.next(&mut self.buffer) {
                self.show(&frame, &mut output)?;
            }
        }
        Ok(())
    }

    /// Shows what the stream's end cut off, and tells what there was in all.
    pub fn finish(mut self, mut output: impl Write) -> io::Result<Summary> {
        if let Some(frame) = self.framer.finish(&mut self.buffer) {
            self.show(&frame, &mut output)?;
        }
        Ok(self.summary)
    }

    fn show(&mut self, frame: &Frame, output: &mut impl Write) -> io::Result<()> {
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

/// How many things of each type a stream held.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// Greetings of a server.
    pub banners: u64,
    /// Events, items of lists included.
    pub events: u64,
    /// Responses.
    pub responses: u64,
    /// What was no message, over the limit, or cut off.
    pub skipped: u64,
}

impl Summary {
    fn count(&mut self, kind: Type) {
        let counter = match kind {
            Type::Banner => &mut self.banners,
            Type::Event => &mut self.events,
            Type::Response => &mut self.responses,
            Type::Skipped => &mut self.skipped,
        };
        *counter = counter.saturating_add(1);
    }
}

/// One line of the output.
#[derive(Debug, Serialize)]
struct Object<'a> {
    #[serde(rename = "type")]
    kind: Type,
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
            Frame::Banner { offset, line } => Self::of_text(Type::Banner, line, *offset),
            Frame::TooLong {
                offset,
                head,
                length,
            } => Self {
                length: Some(*length),
                ..Self::of_text(Type::Skipped, head, *offset)
            },
            Frame::Unfinished { offset, rest } => Self::of_text(Type::Skipped, rest, *offset),
            Frame::Packet { offset, block } => Self::of_packet(block, lines, *offset),
        }
    }

    fn of_text(kind: Type, text: &'a [u8], offset: u64) -> Self {
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
        let kind = match wire::kind(headers.iter().map(|(name, _)| name.0)) {
            Kind::Event => Type::Event,
            Kind::Response => Type::Response,
            Kind::Other => {
                return Self {
                    headers,
                    ..Self::of_text(Type::Skipped, block, offset)
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
enum Type {
    Banner,
    Event,
    Response,
    Skipped,
}

/// Bytes that are shown as text, what is not UTF-8 as U+FFFD.
#[derive(Debug)]
struct Text<'a>(&'a [u8]);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text: Cow<'_, str> = String::from_utf8_lossy(self.0);
        serializer.serialize_str(&text)
    }
}

/// The longest packet that is shown whole, in bytes.
const MAX_PACKET: usize = 16 * 1024 * 1024;

/// How many bytes are looked at in one go.
const PIECE: usize = 64 * 1024;

#[cfg(test)]
mod tests;
