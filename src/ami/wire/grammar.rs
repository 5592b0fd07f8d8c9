//! The grammar of one packet.
//!
//! Parsing never fails: a line that is not a header is a raw line. Lines are found as they are asked for,
//! since most events are discarded after a look at their name.

use memchr::{memchr, memrchr};

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
pub(crate) fn lines(block: &[u8]) -> Lines<'_> {
    match without_end_of_output(block) {
        Some(rest) => Lines {
            rest,
            part: Part::First,
        },
        None => Lines {
            rest: block,
            part: Part::Headers,
        },
    }
}

/// The lines of a packet that are left.
#[derive(Clone, Debug)]
pub(crate) struct Lines<'a> {
    rest: &'a [u8],
    part: Part,
}

/// The part of a packet that a line is in.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// Headers, to the end of the packet.
    Headers,
    /// Before `Response: Follows`.
    First,
    /// In the headers after that.
    Head(Head),
    /// In the output, which ends the packet.
    Output,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr(b'\n', self.rest).map_or(self.rest.len(), |feed| feed.saturating_add(1));
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        let text = without_line_end(text);
        let is_output = match &mut self.part {
            Part::Headers => false,
            Part::First => {
                self.part = Part::Head(Head::default());
                false
            }
            Part::Head(head) => !head.accepts(text),
            Part::Output => true,
        };
        if is_output {
            self.part = Part::Output;
            return Some(Line::Output(text));
        }
        Some(line(text))
    }
}

/// Returns the lines of `Response: Follows` before the line that ends its output; `None` for any other
/// block.
fn without_end_of_output(block: &[u8]) -> Option<&[u8]> {
    let first = block.get(..memchr(b'\n', block)?)?;
    if !is_follows(without_line_end(first)) {
        return None;
    }
    let lines = block.strip_suffix(b"\n").unwrap_or(block);
    let (before, last) = lines.split_at_checked(memrchr(b'\n', lines)?.saturating_add(1))?;
    is_end_of_output(without_line_end(last)).then_some(before)
}

/// `line = header / raw`
fn line(text: &[u8]) -> Line<'_> {
    header(text).map_or(Line::Raw(text), |(name, value)| Line::Header(name, value))
}
