//! The grammar of one packet.
//!
//! Parsing never fails: a line that is not a header is a raw line.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till};
use nom::combinator::eof;
use nom::multi::many0;
use nom::sequence::terminated;
use nom::{IResult, Parser};

use super::boundary::Head;
use super::line::{header, is_end_of_output, is_follows, without_line_end};

/// One line of a packet, borrowed from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Line<'a> {
    /// A name and its value.
    Header(&'a [u8], &'a [u8]),
    /// A line of command output without a header name.
    Output(&'a [u8]),
    /// A line that is not a header: usually part of a value that contained a line break.
    Raw(&'a [u8]),
}

/// Splits a block, as [`Framer`](super::Framer) returns it, into lines. Command output before
/// Asterisk 14 becomes [`Line::Output`].
pub(crate) fn lines(block: &[u8]) -> Vec<Line<'_>> {
    let (_, lines) = packet(block).unwrap_or_default();
    match lines.as_slice() {
        [first, output @ .., last] if is_follows(first) && is_end_of_output(last) => {
            let mut head = Head::default();
            let in_head = output.iter().take_while(|line| head.accepts(line)).count();
            let (head, output) = output.split_at_checked(in_head).unwrap_or_default();
            std::iter::once(line(first))
                .chain(head.iter().map(|text| line(text)))
                .chain(output.iter().map(|text| Line::Output(text)))
                .collect()
        }
        lines => lines.iter().map(|text| line(text)).collect(),
    }
}

/// `packet = *(text end)`
fn packet(input: &[u8]) -> IResult<&[u8], Vec<&[u8]>> {
    many0(text).parse(input)
}

/// `text = *octet ([CR] LF / end of block)`; a carriage return elsewhere belongs to the text.
fn text(input: &[u8]) -> IResult<&[u8], &[u8]> {
    if input.is_empty() {
        return Err(nom::Err::Error(nom::error::Error::new(
            input,
            nom::error::ErrorKind::Eof,
        )));
    }
    terminated(take_till(|byte| byte == b'\n'), alt((tag(&b"\n"[..]), eof)))
        .map(without_line_end)
        .parse(input)
}

/// `line = header / raw`
fn line(text: &[u8]) -> Line<'_> {
    header(text).map_or(Line::Raw(text), |(name, value)| Line::Header(name, value))
}
