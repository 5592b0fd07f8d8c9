//! Single lines: their ending, and the few whose meaning decides where a packet ends.

use memchr::memchr;

/// Returns `line` without its line feed and one carriage return before that.
pub(super) fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// `header = name ":" [SP] value`; at most one space is syntax, and the name is anything but a colon.
pub(super) fn header(line: &[u8]) -> Option<(&[u8], &[u8])> {
    header_at(line, memchr(b':', line)?)
}

/// The same, where the first colon of the line is known.
pub(crate) fn header_at(line: &[u8], colon: usize) -> Option<(&[u8], &[u8])> {
    let (name, value) = line.split_at_checked(colon)?;
    let value = value.strip_prefix(b":")?;
    (!name.is_empty()).then(|| (name, value.strip_prefix(b" ").unwrap_or(value)))
}

/// `follows = "Response" ":" [SP] "Follows"`
pub(super) fn is_follows(line: &[u8]) -> bool {
    line.first()
        .is_some_and(|first| first.eq_ignore_ascii_case(&b'R'))
        && header(line).is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case(b"Response") && value.eq_ignore_ascii_case(b"Follows")
        })
}

/// `end = "--END COMMAND--"`, the whole line.
pub(super) fn is_end_of_output(line: &[u8]) -> bool {
    line == END_OF_OUTPUT
}

/// Ends the output of a command before Asterisk 14.
pub(super) const END_OF_OUTPUT: &[u8] = b"--END COMMAND--";
