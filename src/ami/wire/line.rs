//! Single lines: their ending, and the few whose meaning decides where a packet ends.

use nom::bytes::complete::{tag, take_till1};
use nom::combinator::{opt, rest};
use nom::sequence::separated_pair;
use nom::{IResult, Parser};

/// Returns `line` without its line feed and one carriage return before that.
pub(super) fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// `header = name ":" [SP] value`; at most one space is syntax, and the name is anything but a colon.
pub(super) fn header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let separator = (tag(&b":"[..]), opt(tag(&b" "[..])));
    let parsed: IResult<_, _> =
        separated_pair(take_till1(|byte| byte == b':'), separator, rest).parse(line);
    parsed.ok().map(|(_, header)| header)
}

/// `follows = "Response" ":" [SP] "Follows"`
pub(super) fn is_follows(line: &[u8]) -> bool {
    header(line).is_some_and(|(name, value)| {
        name.eq_ignore_ascii_case(b"Response") && value.eq_ignore_ascii_case(b"Follows")
    })
}

/// `end = "--END COMMAND--"`, the whole line.
pub(super) fn is_end_of_output(line: &[u8]) -> bool {
    line == END_OF_OUTPUT
}

/// Ends the output of a command before Asterisk 14.
pub(super) const END_OF_OUTPUT: &[u8] = b"--END COMMAND--";
