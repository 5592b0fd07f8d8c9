//! One packet: its headers in order, looked up by name.
//!
//! It distinguishes events and responses, and ignores any further meaning.

use std::fmt;

use bytes::{BufMut, BytesMut};
use handset_net::text;
use nom::Offset;

use super::grammar::{self, Line};
use super::kind::Kind;
use super::line::{END_OF_OUTPUT, is_follows};
use super::secret::is_secret;

/// One AMI message: its headers in the order sent, including repeated ones.
///
/// A line that is not UTF-8 (usually a caller's name in Latin-1) is read as [`text::decode`] does. The
/// text is copied out of the read buffer once, so that keeping a packet does not keep the buffer alive.
///
/// Asterisk escapes nothing: a value with a line break has a bare LF in it, where CRLF ends a header.
/// So in a packet whose first line ends with CRLF, what follows a bare LF belongs to the value before
/// it. If that is an empty line, the framer ends the packet there, and the value ends with LF.
#[derive(Clone)]
pub struct Packet {
    text: String,
    lines: Vec<TextLine>,
}

impl Packet {
    /// Parses one block as [`Framer`](super::Framer) returns it. Any block is a packet.
    pub fn parse(block: &[u8]) -> Self {
        let mut text = text::decode_lines(block).into_owned();
        let span = |part: &[u8]| {
            let from = text.as_bytes().offset(part);
            Span::new(from, from.saturating_add(part.len()))
        };
        let output = Span::new(text.len(), text.len().saturating_add(OUTPUT.len()));
        let lines: Vec<TextLine> = grammar::lines(text.as_bytes())
            .map(|line| match line {
                Line::Header(name, value) => TextLine::Header(span(name), span(value)),
                Line::Output(value) => TextLine::Header(output, span(value)),
                Line::Raw(raw) => TextLine::Raw(span(raw)),
            })
            .collect();
        let lines = join_values(lines, &text);
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
            TextLine::Header(name, value) => Some((self.part(*name), self.part(*value))),
            TextLine::Raw(_) => None,
        })
    }

    /// Returns the lines that are not headers.
    pub fn raw_lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| match line {
            TextLine::Header(..) => None,
            TextLine::Raw(raw) => Some(self.part(*raw)),
        })
    }

    /// Returns the length of its text in bytes.
    pub fn len(&self) -> usize {
        self.text.len().saturating_sub(OUTPUT.len())
    }

    /// Returns how much memory it takes, in bytes: more than [`len`](Self::len), by a factor of up to ten
    /// if its lines are short.
    pub fn memory(&self) -> usize {
        let lines = self.lines.len().saturating_mul(size_of::<TextLine>());
        self.text.len().saturating_add(lines)
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
                TextLine::Header(name, value) => {
                    to.put_slice(self.part(*name).as_bytes());
                    to.put_slice(b": ");
                    to.put_slice(self.part(*value).as_bytes());
                }
                TextLine::Raw(raw) => to.put_slice(self.part(*raw).as_bytes()),
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
            TextLine::Header(name, value) => {
                self.part(*name).eq_ignore_ascii_case("Response")
                    && self.part(*value).eq_ignore_ascii_case("Follows")
            }
            TextLine::Raw(_) => false,
        });
        follows && self.header(OUTPUT).is_none()
    }

    fn part(&self, span: Span) -> &str {
        self.text.get(span.start()..span.end()).unwrap_or_default()
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

/// A line, as the positions of its parts in the text.
#[derive(Clone, Debug)]
enum TextLine {
    Header(Span, Span),
    Raw(Span),
}

/// A position in the text, in half the memory of a range: short lines are smaller than their positions.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: u32,
    to: u32,
}

impl Span {
    /// Creates a span; one beyond 4 GiB, which no limit allows, is empty.
    fn new(from: usize, to: usize) -> Self {
        let small = u32::try_from(from).ok().zip(u32::try_from(to).ok());
        let (from, to) = small.unwrap_or_default();
        Self { from, to }
    }

    fn start(self) -> usize {
        self.from as usize
    }

    fn end(self) -> usize {
        self.to as usize
    }
}

impl TextLine {
    fn start(&self) -> usize {
        match self {
            Self::Header(part, _) | Self::Raw(part) => part.start(),
        }
    }

    fn end(&self) -> usize {
        match self {
            Self::Header(_, part) | Self::Raw(part) => part.end(),
        }
    }
}

/// Joins the lines of values that contain line breaks.
fn join_values(lines: Vec<TextLine>, text: &str) -> Vec<TextLine> {
    let between = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let is_crlf = lines.first().is_some_and(|first| {
        let rest = between(first.end(), text.len());
        rest.starts_with("\r\n") && !is_follows(between(first.start(), first.end()).as_bytes())
    });
    if !is_crlf {
        return lines;
    }
    let mut joined: Vec<TextLine> = Vec::with_capacity(lines.len());
    for line in lines {
        match joined.last_mut() {
            Some(TextLine::Header(_, value)) if between(value.end(), line.start()) == "\n" => {
                *value = Span::new(value.start(), line.end());
            }
            _ => joined.push(line),
        }
    }
    if let Some(TextLine::Header(_, value)) = joined.last_mut()
        && between(value.end(), text.len()) == "\n"
    {
        *value = Span::new(value.start(), text.len());
    }
    joined
}

/// The header name given to a line of raw output.
const OUTPUT: &str = "Output";

#[cfg(test)]
mod tests;
