//! One packet: its headers in order, looked up by name.
//!
//! It distinguishes events and responses, and ignores any further meaning.

use std::fmt;
use std::ops::Range;

use bytes::{BufMut, BytesMut};
use handset_net::text;
use memchr::memchr_iter;
use nom::Offset;

use super::grammar::{self, Line, Lines};
use super::kind::Kind;
use super::line::{END_OF_OUTPUT, is_follows, without_line_end};
use super::secret::is_secret;

/// One AMI message: its headers in the order sent, including repeated ones.
///
/// A line that is not UTF-8 (usually a caller's name in Latin-1) is read as [`text::decode`] does. The
/// text is copied out of the read buffer once, so that keeping a packet does not keep the buffer alive;
/// headers are found in it as they are asked for.
///
/// Asterisk escapes nothing: a value with a line break has a bare LF in it, where CRLF ends a header.
/// So in a packet whose first line ends with CRLF, what follows a bare LF belongs to the value before
/// it. If that is an empty line, the framer ends the packet there, and the value ends with LF.
#[derive(Clone)]
pub struct Packet {
    text: Box<str>,
    /// A value continues behind a bare LF.
    has_long_values: bool,
}

impl Packet {
    /// Parses one block as [`Framer`](super::Framer) returns it. Any block is a packet.
    pub fn parse(block: &[u8]) -> Self {
        let text = text::decode_lines(block).into_owned().into_boxed_str();
        let has_long_values = has_long_values(text.as_bytes());
        Self {
            text,
            has_long_values,
        }
    }

    /// Returns whether it is an event, a response, or neither.
    pub fn kind(&self) -> Kind {
        Kind::of(self.headers().map(|(name, _)| name.as_bytes()))
    }

    /// Returns the first value of the header `name`, ignoring case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// Returns all values of the header `name` in order, ignoring case.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.lines().filter_map(move |line| match line {
            Line::Header(known, value) if known.eq_ignore_ascii_case(name.as_bytes()) => {
                Some(self.part(value))
            }
            Line::Output(value) if OUTPUT.eq_ignore_ascii_case(name) => Some(self.part(value)),
            _ => None,
        })
    }

    /// Returns all headers as name and value, in the order sent.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines().filter_map(|line| match line {
            Line::Header(name, value) => Some((self.part(name), self.part(value))),
            Line::Output(value) => Some((OUTPUT, self.part(value))),
            Line::Raw(_) => None,
        })
    }

    /// Returns the lines that are not headers.
    pub fn raw_lines(&self) -> impl Iterator<Item = &str> {
        self.lines().filter_map(|line| match line {
            Line::Header(..) | Line::Output(_) => None,
            Line::Raw(raw) => Some(self.part(raw)),
        })
    }

    /// Returns the length of its text in bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Returns how much memory it takes, in bytes.
    pub fn memory(&self) -> usize {
        self.len().saturating_add(size_of::<Self>())
    }

    /// Returns whether it has no lines.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Appends the packet in wire format, including the blank line that ends it. Parsing the result
    /// gives an equal packet.
    pub fn write(&self, to: &mut BytesMut) {
        for line in self.lines() {
            match line {
                Line::Header(name, value) => {
                    to.put_slice(name);
                    to.put_slice(b": ");
                    to.put_slice(value);
                }
                Line::Output(value) => {
                    to.put_slice(OUTPUT.as_bytes());
                    to.put_slice(b": ");
                    to.put_slice(value);
                }
                Line::Raw(raw) => to.put_slice(raw),
            }
            to.put_slice(b"\r\n");
        }
        if self.is_follows_without_output() {
            to.put_slice(END_OF_OUTPUT);
            to.put_slice(b"\r\n");
        }
        to.put_slice(b"\r\n");
    }

    /// Returns whether a blank line alone would not end the packet.
    fn is_follows_without_output(&self) -> bool {
        let is_follows = match self.lines().next() {
            Some(Line::Header(name, value)) => {
                name.eq_ignore_ascii_case(b"Response") && value.eq_ignore_ascii_case(b"Follows")
            }
            _ => false,
        };
        is_follows && self.header(OUTPUT).is_none()
    }

    /// Returns the lines, of which a value with line breaks is one.
    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let block = self.text.as_bytes();
        let mut lines = grammar::lines(block);
        std::iter::from_fn(move || {
            let line = lines.next()?;
            match line {
                Line::Header(name, value) if self.has_long_values => {
                    Some(Line::Header(name, long_value(value, &mut lines, block)))
                }
                _ => Some(line),
            }
        })
    }

    /// Returns a part of the text, which begins and ends between characters.
    fn part(&self, part: &[u8]) -> &str {
        let start = self.text.as_bytes().offset(part);
        self.text(&(start..start.saturating_add(part.len())))
    }

    /// Returns where the value of its header `Event` is in its text, if it is an [event](Kind::Event).
    pub(crate) fn event_name(&self) -> Option<Range<usize>> {
        let of_kind = |(name, value): (&str, _)| Some((Kind::of_name(name.as_bytes())?, value));
        let (kind, value) = self.headers().find_map(of_kind)?;
        let start = self.text.as_bytes().offset(value.as_bytes());
        (kind == Kind::Event).then(|| start..start.saturating_add(value.len()))
    }

    /// Returns what is at such a place.
    pub(crate) fn text(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }
}

impl Eq for Packet {}

impl PartialEq for Packet {
    fn eq(&self, other: &Self) -> bool {
        self.headers().eq(other.headers()) && self.raw_lines().eq(other.raw_lines())
    }
}

/// Redacts passwords, which Asterisk includes in the details of its endpoints.
impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self
            .headers()
            .map(|(name, value)| (name, if is_secret(name) { "[redacted]" } else { value }));
        f.debug_list()
            .entries(shown)
            .entries(self.raw_lines())
            .finish()
    }
}

/// Returns whether a bare LF, after a first line that ends with CRLF, belongs to a value.
fn has_long_values(block: &[u8]) -> bool {
    if !has_bare_feed(block) {
        return false;
    }
    let mut feeds = memchr_iter(b'\n', block);
    let is_bare = |feed: usize| {
        let before = feed.checked_sub(1).and_then(|at| block.get(at));
        before != Some(&b'\r')
    };
    let Some(first) = feeds.next() else {
        return false;
    };
    let is_candidate = !is_bare(first) && feeds.any(is_bare);
    is_candidate && !is_follows(without_line_end(block.get(..=first).unwrap_or_default()))
}

/// Returns whether any LF has no CR before it. Looks at all bytes, which is faster than to stop at each line.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches, the loop becomes vector instructions"
)]
fn has_bare_feed(block: &[u8]) -> bool {
    let pairs = block.iter().zip(block.get(1..).unwrap_or_default());
    let found = |found, (&before, &byte): (&u8, &u8)| found | ((byte == b'\n') & (before != b'\r'));
    pairs.fold(block.first() == Some(&b'\n'), found)
}

/// Extends a value by the lines behind a bare LF, which it takes from `lines`.
fn long_value<'a>(value: &'a [u8], lines: &mut Lines<'a>, block: &'a [u8]) -> &'a [u8] {
    let start = block.offset(value);
    let mut end = start.saturating_add(value.len());
    while block.get(end) == Some(&b'\n') {
        end = match lines.next() {
            Some(Line::Header(_, part) | Line::Output(part) | Line::Raw(part)) => {
                block.offset(part).saturating_add(part.len())
            }
            None => block.len(),
        };
    }
    block.get(start..end).unwrap_or(value)
}

/// The header name given to a line of raw output.
const OUTPUT: &str = "Output";

#[cfg(test)]
mod tests;
