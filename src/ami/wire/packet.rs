//! One packet: its headers in order, looked up by name.
//!
//! It distinguishes events and responses, and ignores any further meaning.

use std::fmt;
use std::ops::Range;

use bytes::{BufMut, BytesMut};
use nom::Offset;

use super::grammar::{self, Line};
use super::kind::Kind;
use super::line::END_OF_OUTPUT;
use super::secret::is_secret;

/// One AMI message: its headers in the order sent, including repeated ones.
///
/// Bytes that are not UTF-8 (usually caller names in Latin-1) become U+FFFD. The text is copied out
/// of the read buffer once, so that keeping a packet does not keep the buffer alive.
#[derive(Clone)]
pub struct Packet {
    text: String,
    lines: Vec<Span>,
}

impl Packet {
    /// Parses one block as [`Framer`](super::Framer) returns it. Any block is a packet.
    pub fn parse(block: &[u8]) -> Self {
        let mut text = String::from_utf8_lossy(block).into_owned();
        let span = |part: &[u8]| {
            let from = text.as_bytes().offset(part);
            from..from.saturating_add(part.len())
        };
        let output = text.len()..text.len().saturating_add(OUTPUT.len());
        let lines: Vec<Span> = grammar::lines(text.as_bytes())
            .into_iter()
            .map(|line| match line {
                Line::Header(name, value) => Span::Header(span(name), span(value)),
                Line::Output(value) => Span::Header(output.clone(), span(value)),
                Line::Raw(raw) => Span::Raw(span(raw)),
            })
            .collect();
        // All lines of raw output refer to this header name, which is appended to the block.
        text.push_str(OUTPUT);
        Self { text, lines }
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
        self.headers()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Returns all headers as name and value, in the order sent.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().filter_map(|line| match line {
            Span::Header(name, value) => Some((self.part(name), self.part(value))),
            Span::Raw(_) => None,
        })
    }

    /// Returns the lines that are not headers.
    pub fn raw_lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| match line {
            Span::Header(..) => None,
            Span::Raw(raw) => Some(self.part(raw)),
        })
    }

    /// Returns the length of its text in bytes.
    pub fn len(&self) -> usize {
        self.text.len().saturating_sub(OUTPUT.len())
    }

    /// Returns whether it has no lines.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Appends the packet in wire format, including the blank line that ends it. Parsing the result
    /// gives an equal packet.
    pub fn write(&self, to: &mut BytesMut) {
        for line in &self.lines {
            match line {
                Span::Header(name, value) => {
                    to.put_slice(self.part(name).as_bytes());
                    to.put_slice(b": ");
                    to.put_slice(self.part(value).as_bytes());
                }
                Span::Raw(raw) => to.put_slice(self.part(raw).as_bytes()),
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
        let follows = self.lines.first().is_some_and(|line| match line {
            Span::Header(name, value) => {
                self.part(name).eq_ignore_ascii_case("Response")
                    && self.part(value).eq_ignore_ascii_case("Follows")
            }
            Span::Raw(_) => false,
        });
        follows && self.header(OUTPUT).is_none()
    }

    fn part(&self, span: &Range<usize>) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
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

/// The position of a line's parts in the text.
#[derive(Clone, Debug)]
enum Span {
    Header(Range<usize>, Range<usize>),
    Raw(Range<usize>),
}

/// The header name given to a line of raw output.
const OUTPUT: &str = "Output";

#[cfg(test)]
mod tests;
