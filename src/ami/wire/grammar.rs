//! The grammar of one packet.
//!
//! Every block has a reading, so nothing here fails: a line that is no header is a raw line.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_till1};
use nom::combinator::{eof, opt, rest};
use nom::multi::many0;
use nom::sequence::{separated_pair, terminated};
use nom::{IResult, Parser};

use super::packet::Kind;
use super::shape::{Head, without_line_end};

/// One line of a packet, borrowed from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Line<'a> {
    /// A name and its value.
    Header(&'a [u8], &'a [u8]),
    /// A line of a command's output that had no name of its own.
    Output(&'a [u8]),
    /// A line that is no header: a piece of a value that held a line break, mostly.
    Raw(&'a [u8]),
}

/// Reads the lines of a block as the framer cuts it; output before Asterisk 14 becomes
/// [`Line::Output`].
pub(crate) fn lines(block: &[u8]) -> Vec<Line<'_>> {
    let (_, lines) = packet(block).unwrap_or_default();
    match lines.as_slice() {
        [first, output @ .., last] if is_follows(first) && is_end_of_output(last) => {
            let mut head = Head::default();
            let in_head = output.iter().take_while(|line| head.takes(line)).count();
            let (head, output) = output.split_at_checked(in_head).unwrap_or_default();
            std::iter::once(line(first))
                .chain(head.iter().map(|text| line(text)))
                .chain(output.iter().map(|text| Line::Output(text)))
                .collect()
        }
        lines => lines.iter().map(|text| line(text)).collect(),
    }
}

/// Says what a packet is: the first `Event` or `Response` among its headers decides, for an event
/// may have a header `Response` of its own.
pub(crate) fn kind<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Kind {
    names
        .into_iter()
        .find_map(|name| {
            if name.eq_ignore_ascii_case(b"Event") {
                Some(Kind::Event)
            } else if name.eq_ignore_ascii_case(b"Response") {
                Some(Kind::Response)
            } else {
                None
            }
        })
        .unwrap_or(Kind::Other)
}

/// `header = name ":" [SP] value`; just one blank is syntax, and the name is anything but a colon.
pub(crate) fn header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let separator = (tag(&b":"[..]), opt(tag(&b" "[..])));
    let parsed: IResult<_, _> =
        separated_pair(take_till1(|byte| byte == b':'), separator, rest).parse(line);
    parsed.ok().map(|(_, header)| header)
}

/// `follows = "Response" ":" [SP] "Follows"`
pub(crate) fn is_follows(line: &[u8]) -> bool {
    header(line).is_some_and(|(name, value)| {
        name.eq_ignore_ascii_case(b"Response") && value.eq_ignore_ascii_case(b"Follows")
    })
}

/// `end = "--END COMMAND--"`, the whole line.
pub(crate) fn is_end_of_output(line: &[u8]) -> bool {
    line == END_OF_OUTPUT
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

/// Ends the output of a command before Asterisk 14.
pub(crate) const END_OF_OUTPUT: &[u8] = b"--END COMMAND--";
