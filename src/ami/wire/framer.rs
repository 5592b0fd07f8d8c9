//! Cuts a byte stream into packets, in linear time however the bytes arrive.
//!
//! It does not parse: where a packet ends is asked of [`Shape`], line by line.

use bytes::{Bytes, BytesMut};
use memchr::memchr;

use super::shape::{LONGEST_MARK, Shape, Step, without_line_end};

/// Cuts a stream into [`Frame`]s; one for each connection.
#[derive(Debug)]
pub struct Framer {
    limit: usize,
    /// The position in the stream of the buffer's first byte.
    offset: u64,
    /// Where the unfinished line starts in the buffer.
    line: usize,
    /// Up to where the buffer is known to hold no line feed, so that a slow peer costs linear time.
    scanned: usize,
    shape: Shape,
    skipping: Option<Skipping>,
}

impl Framer {
    /// Creates a framer that holds packets of up to `limit` bytes and skips longer ones.
    ///
    /// Limits below 256 bytes are raised to that.
    pub fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(LONGEST_MARK),
            offset: 0,
            line: 0,
            scanned: 0,
            shape: Shape::default(),
            skipping: None,
        }
    }

    /// Takes the next frame off the front of `buffer`, or returns `None` until more bytes come.
    ///
    /// Between calls only append to `buffer`. It never holds much more than the limit and what was
    /// appended last.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Option<Frame> {
        loop {
            let unseen = buffer.get(self.scanned..).unwrap_or_default();
            let Some(feed) = memchr(b'\n', unseen) else {
                // The line may still turn out to be the last, unless it is too long for that.
                self.discard_lines(buffer, buffer.len().saturating_sub(LONGEST_MARK));
                self.discard_line(buffer);
                self.scanned = buffer.len();
                return None;
            };
            let end = self.scanned.saturating_add(feed).saturating_add(1);
            let line = buffer.get(self.line..end).unwrap_or_default();
            let torn = self.skipping.as_ref().is_some_and(|skipping| skipping.torn);
            let step = if torn {
                Step::GoesOn
            } else {
                self.shape.step(without_line_end(line))
            };
            match step {
                Step::Surplus => {
                    self.take(buffer, end);
                }
                Step::GoesOn => {
                    self.line = end;
                    self.scanned = end;
                    if let Some(skipping) = &mut self.skipping {
                        skipping.torn = false;
                    }
                    self.discard_lines(buffer, end);
                }
                Step::Banner => {
                    let offset = self.offset;
                    let line = self.take(buffer, end);
                    return Some(Frame::Banner {
                        offset,
                        line: trimmed(&line),
                    });
                }
                Step::Ends => return Some(self.cut(buffer, end, end)),
                Step::EndsBefore => return Some(self.cut(buffer, self.line, end)),
            }
        }
    }

    /// Returns what is left when the stream is over: a packet that was never finished.
    ///
    /// The framer is then as new, except for the position.
    pub fn finish(&mut self, buffer: &mut BytesMut) -> Option<Frame> {
        let offset = self.offset;
        self.shape = Shape::default();
        let skipping = self.skipping.take();
        let rest = self.take(buffer, buffer.len());
        match skipping {
            Some(skipping) => Some(skipping.frame(rest.len())),
            None if rest.is_empty() => None,
            None => Some(Frame::Unfinished { offset, rest }),
        }
    }

    /// Takes `end` bytes off the buffer of which the first `length` are the packet.
    fn cut(&mut self, buffer: &mut BytesMut, length: usize, end: usize) -> Frame {
        let offset = self.offset;
        let mut block = self.take(buffer, end);
        block.truncate(length);
        match self.skipping.take() {
            Some(skipping) => skipping.frame(length),
            None if self.limit < length => Skipping::new(offset, &block).frame(length),
            None => Frame::Packet { offset, block },
        }
    }

    /// Forgets the whole lines of a packet that is over the limit, of which `sure` bytes are known
    /// to belong to it.
    fn discard_lines(&mut self, buffer: &mut BytesMut, sure: usize) {
        if self.skipping.is_none() && sure <= self.limit {
            return;
        }
        let mut skipping = self
            .skipping
            .take()
            .unwrap_or_else(|| Skipping::new(self.offset, buffer));
        let gone = self.take(buffer, self.line);
        skipping.length = skipping.length.saturating_add(gone.len() as u64);
        self.skipping = Some(skipping);
    }

    /// Forgets of such a packet the line that is still arriving, once it cannot be the last.
    fn discard_line(&mut self, buffer: &mut BytesMut) {
        let Some(mut skipping) = self.skipping.take() else {
            return;
        };
        if !skipping.torn && LONGEST_MARK < buffer.len() {
            self.shape.step(buffer);
            skipping.torn = true;
        }
        if skipping.torn {
            let gone = self.take(buffer, buffer.len());
            skipping.length = skipping.length.saturating_add(gone.len() as u64);
        }
        self.skipping = Some(skipping);
    }

    fn take(&mut self, buffer: &mut BytesMut, length: usize) -> Bytes {
        self.offset = self.offset.saturating_add(length as u64);
        self.line = 0;
        self.scanned = 0;
        buffer.split_to(length).freeze()
    }
}

/// What [`Framer`] cuts out; `offset` is the position of its first byte in the stream.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Frame {
    /// The line with which the server greets.
    Banner {
        /// Where it starts.
        offset: u64,
        /// The line without its end.
        line: Bytes,
    },
    /// One packet, for [`Packet::parse`](super::Packet::parse).
    Packet {
        /// Where it starts.
        offset: u64,
        /// Its lines, without the blank line that ends it.
        block: Bytes,
    },
    /// A packet over the limit; it was not held.
    TooLong {
        /// Where it started.
        offset: u64,
        /// Its first bytes, to show.
        head: Bytes,
        /// How many bytes it had.
        length: u64,
    },
    /// The stream ended within this packet.
    Unfinished {
        /// Where it starts.
        offset: u64,
        /// What there is of it.
        rest: Bytes,
    },
}

/// A packet over the limit that has not ended yet.
#[derive(Debug)]
struct Skipping {
    offset: u64,
    head: Bytes,
    length: u64,
    /// The start of the line we are in is gone already.
    torn: bool,
}

impl Skipping {
    fn new(offset: u64, block: &[u8]) -> Self {
        let shown = block.get(..SHOWN).unwrap_or(block);
        Self {
            offset,
            head: Bytes::copy_from_slice(shown),
            length: 0,
            torn: false,
        }
    }

    fn frame(self, rest: usize) -> Frame {
        let length = self.length.saturating_add(rest as u64);
        Frame::TooLong {
            offset: self.offset,
            head: self.head,
            length,
        }
    }
}

fn trimmed(line: &Bytes) -> Bytes {
    line.slice_ref(without_line_end(line))
}

/// How much of a packet over the limit is kept to be shown, in bytes.
const SHOWN: usize = 200;

#[cfg(test)]
mod tests;
