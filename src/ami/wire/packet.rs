//! One packet: its lines in order, by name.
//!
//! It does not say what an event or a response means, only which of them it is.

use std::fmt;
use std::ops::Range;

use bytes::{BufMut, BytesMut};
use nom::Offset;

use super::grammar::{self, END_OF_OUTPUT, Line};

/// One message of AMI: its headers in the order sent, repeated ones repeated.
///
/// Bytes that are not UTF-8 (caller names in Latin-1, mostly) read as U+FFFD. The text is copied
/// out of the read buffer once, so that a packet somebody keeps does not keep the buffer.
#[derive(Clone)]
pub struct Packet {
    text: String,
    lines: Vec<Span>,
}

impl Packet {
    /// Reads one block as [`Framer`](super::Framer) cuts it. Every block can be read.
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
        // The name that raw output gets stands behind the block, for all of its lines to point at.
        text.push_str(OUTPUT);
        Self { text, lines }
    }

    /// Says whether it is an event, a response, or neither.
    pub fn kind(&self) -> Kind {
        grammar::kind(self.headers().map(|(name, _)| name.as_bytes()))
    }

    /// Returns the first value of `name`, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// Returns all values of `name`, whatever its case, in order.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.headers()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Returns names and values as they were sent.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().filter_map(|line| match line {
            Span::Header(name, value) => Some((self.part(name), self.part(value))),
            Span::Raw(_) => None,
        })
    }

    /// Returns the lines that are no headers.
    pub fn raw_lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| match line {
            Span::Header(..) => None,
            Span::Raw(raw) => Some(self.part(raw)),
        })
    }

    /// Returns how many bytes of text it holds.
    pub fn len(&self) -> usize {
        self.text.len().saturating_sub(OUTPUT.len())
    }

    /// Returns whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Appends the packet as it goes over the wire, its ending included; it reads back equal.
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

    /// A blank line alone does not end that one.
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

/// Values whose name speaks of a password are not shown: Asterisk tells those of its endpoints.
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

/// What a packet is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Something happened, or an item of a list.
    Event,
    /// Neither; a few actions answer so, and torn values leave such pieces.
    Other,
    /// The answer to an action.
    Response,
}

/// Returns whether the value of a header so named must not be shown.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "secret", "md5cred"]
        .iter()
        .any(|word| name.contains(word))
        || name == "key"
}

/// Where a line's parts stand in the text.
#[derive(Clone, Debug)]
enum Span {
    Header(Range<usize>, Range<usize>),
    Raw(Range<usize>),
}

/// The name that a line of raw output gets.
const OUTPUT: &str = "Output";

#[cfg(test)]
mod tests;
