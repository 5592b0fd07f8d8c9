//! Splits a byte stream into packets, in linear time however the bytes arrive.
//!
//! It does not parse: [`Position`] decides line by line where a packet ends.

use bytes::{Bytes, BytesMut};
use memchr::memchr;

use super::blank_line::blank_line;
use super::boundary::{LONGEST_MARK, Position, Step};
use super::line::without_line_end;

/// Splits the byte stream of one connection into [`Frame`]s.
#[derive(Debug)]
pub struct Framer {
    limit: usize,
    /// Position of the first byte of the buffer in the stream.
    offset: u64,
    /// Start of the unfinished line in the buffer.
    line: usize,
    /// The buffer contains no line feed between `line` and here, so that a slow peer costs linear
    /// time.
    scanned: usize,
    /// Number of complete lines of the unfinished packet.
    lines: usize,
    position: Position,
    oversized: Option<Oversized>,
}

impl Framer {
    /// Creates a framer that returns packets of up to `limit` bytes and [`MAX_LINES`] lines, and skips
    /// longer ones.
    ///
    /// The limit is at least 256 bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(LONGEST_MARK),
            offset: 0,
            line: 0,
            scanned: 0,
            lines: 0,
            position: Position::default(),
            oversized: None,
        }
    }

    /// Removes the next frame from the front of `buffer`; returns `None` if it is not complete yet.
    ///
    /// Between calls, only append to `buffer`. It never grows much beyond the limit plus what was
    /// appended last.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Option<Frame> {
        let mut is_searched = false;
        loop {
            // Once for each call, so that a packet that is not complete costs linear time.
            if self.position == Position::Ordinary
                && !std::mem::replace(&mut is_searched, true)
                && let Some((length, end)) = self.ordinary_end(buffer)
            {
                self.position = Position::Outside;
                return Some(self.complete(buffer, length, end));
            }
            let unseen = buffer.get(self.scanned..).unwrap_or_default();
            let Some(feed) = memchr(b'\n', unseen) else {
                // The line may still turn out to be the last one, unless it is too long for that.
                self.discard_lines(buffer, buffer.len().saturating_sub(LONGEST_MARK));
                self.discard_line(buffer);
                self.scanned = buffer.len();
                return None;
            };
            let end = self.scanned.saturating_add(feed).saturating_add(1);
            let line = buffer.get(self.line..end).unwrap_or_default();
            let is_partial = self.oversized.as_ref().is_some_and(|it| it.line_is_partial);
            let step = if is_partial {
                Step::Continue
            } else {
                self.position.step(without_line_end(line))
            };
            match step {
                Step::BlankLine => {
                    self.consume(buffer, end);
                }
                Step::Continue => {
                    self.line = end;
                    self.scanned = end;
                    self.lines = self.lines.saturating_add(1);
                    if let Some(oversized) = &mut self.oversized {
                        oversized.line_is_partial = false;
                    }
                    self.discard_lines(buffer, end);
                }
                Step::Banner => {
                    let offset = self.offset;
                    let line = self.consume(buffer, end);
                    let line = line.slice_ref(without_line_end(&line));
                    return Some(Frame::Banner { offset, line });
                }
                Step::Ends => return Some(self.complete(buffer, end, end)),
                Step::EndsBefore => return Some(self.complete(buffer, self.line, end)),
            }
        }
    }

    /// Returns the position in the stream of the front of the buffer, if a packet may start there, and not
    /// within one.
    pub(crate) fn packet_start(&self) -> Option<u64> {
        let is_between = self.position == Position::Outside && self.oversized.is_none();
        is_between.then_some(self.offset)
    }

    /// Removes a packet of this length with its blank line, which starts at the front of the buffer.
    pub(crate) fn skip(&mut self, buffer: &mut BytesMut, length: usize) {
        self.consume(buffer, length);
    }

    /// Returns the packet that the end of the stream left unfinished, if any.
    ///
    /// The framer is reset afterwards, except for the position in the stream.
    pub fn finish(&mut self, buffer: &mut BytesMut) -> Option<Frame> {
        let offset = self.offset;
        self.lines = 0;
        self.position = Position::default();
        let oversized = self.oversized.take();
        let rest = self.consume(buffer, buffer.len());
        match oversized {
            Some(oversized) => Some(oversized.into_frame(rest.len())),
            None if rest.is_empty() => None,
            None => Some(Frame::Unfinished { offset, rest }),
        }
    }

    /// Returns the length of the ordinary packet at the front of the buffer, without and with the blank line
    /// that ends it; `None` if it is not complete, or its lines must be looked at one by one.
    fn ordinary_end(&self, buffer: &[u8]) -> Option<(usize, usize)> {
        if self.oversized.is_some() {
            return None;
        }
        // The line feed that ends the last line, unless the unfinished one is known not to be blank.
        let is_fresh = self.scanned <= self.line.saturating_add(1);
        let start = if is_fresh {
            self.line.checked_sub(1)?
        } else {
            self.scanned
        };
        let (length, end) = blank_line(buffer.get(start..)?)?;
        let (length, end) = (start.saturating_add(length), start.saturating_add(end));
        // So it has not too many lines either.
        (length <= self.limit.min(MAX_LINES)).then_some((length, end))
    }

    /// Removes `end` bytes from the buffer, of which the first `length` are the packet.
    fn complete(&mut self, buffer: &mut BytesMut, length: usize, end: usize) -> Frame {
        let offset = self.offset;
        self.lines = 0;
        let mut block = self.consume(buffer, end);
        block.truncate(length);
        match self.oversized.take() {
            Some(oversized) => oversized.into_frame(length),
            None if self.limit < length => Oversized::new(offset, &block).into_frame(length),
            None => Frame::Packet { offset, block },
        }
    }

    /// Discards the complete lines of an oversized packet, of which `length` bytes are known to
    /// belong to it.
    fn discard_lines(&mut self, buffer: &mut BytesMut, length: usize) {
        if self.oversized.is_none() && length <= self.limit && self.lines <= MAX_LINES {
            return;
        }
        let mut oversized = self
            .oversized
            .take()
            .unwrap_or_else(|| Oversized::new(self.offset, buffer));
        let discarded = self.consume(buffer, self.line);
        oversized.length = oversized.length.saturating_add(discarded.len() as u64);
        self.oversized = Some(oversized);
    }

    /// Discards the incomplete line of an oversized packet, once it is too long to be the last one.
    fn discard_line(&mut self, buffer: &mut BytesMut) {
        let Some(mut oversized) = self.oversized.take() else {
            return;
        };
        if !oversized.line_is_partial && LONGEST_MARK < buffer.len() {
            self.position.step(buffer);
            oversized.line_is_partial = true;
        }
        if oversized.line_is_partial {
            let discarded = self.consume(buffer, buffer.len());
            oversized.length = oversized.length.saturating_add(discarded.len() as u64);
        }
        self.oversized = Some(oversized);
    }

    fn consume(&mut self, buffer: &mut BytesMut, length: usize) -> Bytes {
        self.offset = self.offset.saturating_add(length as u64);
        self.line = 0;
        self.scanned = 0;
        buffer.split_to(length).freeze()
    }
}

/// A part of the stream, as [`Framer`] returns it.
///
/// Each `offset` is the position of the first byte in the stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Frame {
    /// The line with which the server greets.
    Banner {
        /// Position in the stream, in bytes.
        offset: u64,
        /// The line without its end.
        line: Bytes,
    },
    /// One packet, for [`Packet::parse`](super::Packet::parse).
    Packet {
        /// Position in the stream, in bytes.
        offset: u64,
        /// Its lines, without the blank line that ends it.
        block: Bytes,
    },
    /// A packet over a limit, which was discarded.
    TooLong {
        /// Position in the stream, in bytes.
        offset: u64,
        /// Its first bytes, up to 200, for the log.
        head: Bytes,
        /// Its length in bytes.
        length: u64,
    },
    /// A packet that the end of the stream left incomplete.
    Unfinished {
        /// Position in the stream, in bytes.
        offset: u64,
        /// The bytes received so far.
        rest: Bytes,
    },
}

/// A packet over the limit that has not ended yet.
#[derive(Debug)]
struct Oversized {
    offset: u64,
    head: Bytes,
    length: u64,
    /// The beginning of the current line has been discarded already.
    line_is_partial: bool,
}

impl Oversized {
    fn new(offset: u64, block: &[u8]) -> Self {
        let head = block.get(..HEAD).unwrap_or(block);
        Self {
            offset,
            head: Bytes::copy_from_slice(head),
            length: 0,
            line_is_partial: false,
        }
    }

    fn into_frame(self, rest: usize) -> Frame {
        let length = self.length.saturating_add(rest as u64);
        Frame::TooLong {
            offset: self.offset,
            head: self.head,
            length,
        }
    }
}

/// The most lines of a packet. The longest that Asterisk sends are the output of commands; parsing
/// takes several times the memory of a short line.
pub const MAX_LINES: usize = 100_000;

/// Bytes of an oversized packet that are kept for the log.
const HEAD: usize = 200;

#[cfg(test)]
mod tests;
