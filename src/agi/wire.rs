//! Framing: where the environment ends, and where a reply ends.
//!
//! It enforces the size limits and otherwise ignores the meaning of lines; [`grammar`] parses the
//! frames and never sees the stream. Deviations of Asterisk are in [`quirk`].
//!
//! [`grammar`]: super::grammar
//! [`quirk`]: super::quirk

use bytes::BytesMut;
use memchr::memchr;
use tokio_util::codec::Decoder;

use super::error::Error;
use super::grammar::CODE;
use super::quirk;

/// Splits the environment off the stream: everything up to and including the first blank line.
#[derive(Debug, Default)]
pub(super) struct EnvironmentCodec {
    /// Start of the current line.
    line: usize,
    /// There is no LF between `line` and here, so that a slow writer costs linear time.
    scanned: usize,
    lines: usize,
}

impl Decoder for EnvironmentCodec {
    type Item = BytesMut;
    type Error = Error;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<BytesMut>, Error> {
        while let Some(end) = line_end(src, self.scanned) {
            let blank = is_blank(src.get(self.line..end).unwrap_or_default());
            check_environment(end, end.saturating_sub(self.line), self.lines)?;
            if blank {
                *self = Self::default();
                return Ok(Some(src.split_to(end)));
            }
            self.lines = self.lines.saturating_add(1);
            (self.line, self.scanned) = (end, end);
        }
        self.scanned = src.len();
        check_environment(src.len(), src.len().saturating_sub(self.line), self.lines)?;
        Ok(None)
    }
}

/// Checks a complete block against the limits.
pub(super) fn check_block(block: &[u8]) -> Result<(), Error> {
    let mut lines = 0_usize;
    for line in block.split_inclusive(|&byte| byte == b'\n') {
        lines = lines.saturating_add(1);
        check_environment(block.len(), line.len(), lines)?;
    }
    Ok(())
}

/// Checks the size of an environment, the length of its last line, and its number of lines.
fn check_environment(bytes: usize, line: usize, lines: usize) -> Result<(), Error> {
    if MAX_LINE < line {
        return Err(Error::LineTooLong { limit: MAX_LINE });
    }
    if MAX_ENVIRONMENT < bytes {
        return Err(Error::EnvironmentTooLong {
            limit: MAX_ENVIRONMENT,
        });
    }
    if MAX_LINES < lines {
        return Err(Error::TooManyLines { limit: MAX_LINES });
    }
    Ok(())
}

/// A message that follows the environment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Message {
    /// The call has ended; the conversation continues.
    Hangup,
    /// One reply, including its last LF. It may have several lines.
    Reply(BytesMut),
}

/// Splits hang-ups and replies off the stream, skipping other lines.
#[derive(Debug, Default)]
pub(super) struct MessageCodec {
    line: usize,
    scanned: usize,
    open: Option<Open>,
    /// The current line began before a command was sent, so it is not a reply.
    stale: bool,
}

/// Why a reply continues after its first line.
#[derive(Clone, Copy, Debug)]
enum Open {
    /// Its value has no closing `)` yet.
    Value,
    /// It is a usage text; the line with the same code and a space is its last.
    Usage([u8; CODE]),
}

impl Decoder for MessageCodec {
    type Item = Message;
    type Error = Error;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Message>, Error> {
        while let Some(end) = line_end(src, self.scanned) {
            check_reply(end)?;
            let line = src.get(self.line..end).unwrap_or_default();
            (self.line, self.scanned) = (end, end);
            match self.open {
                Some(Open::Value) if !quirk::closes_value(line) => (),
                Some(Open::Usage(code)) if !quirk::ends_usage(line, code) => (),
                Some(_) => return Ok(Some(Message::Reply(self.take(src, end)))),
                None => {
                    if quirk::is_hangup(line) {
                        self.take(src, end);
                        return Ok(Some(Message::Hangup));
                    }
                    if quirk::is_glued_hangup(line) {
                        (self.line, self.scanned, self.stale) = (0, 0, false);
                        drop(src.split_to(quirk::HANGUP.len()));
                        return Ok(Some(Message::Hangup));
                    }
                    self.open = first_line(line);
                    if self.stale || !is_reply(line) {
                        self.take(src, end);
                    } else if self.open.is_none() {
                        return Ok(Some(Message::Reply(self.take(src, end))));
                    }
                }
            }
        }
        self.scanned = src.len();
        check_reply(src.len())?;
        Ok(None)
    }
}

impl MessageCodec {
    /// Returns whether a reply has begun and not ended yet.
    pub(super) fn is_mid_reply(&self) -> bool {
        self.open.is_some()
    }

    /// Drops everything that arrived before a command was sent. Returns whether that included a
    /// hang-up.
    ///
    /// The rest of an incomplete line is dropped when it arrives.
    pub(super) fn discard(&mut self, src: &mut BytesMut) -> bool {
        let mut hangup = false;
        let mut start = 0;
        while let Some(end) = line_end(src, start) {
            hangup |= quirk::is_hangup(src.get(start..end).unwrap_or_default());
            start = end;
        }
        if 0 < start {
            *self = Self::default();
            drop(src.split_to(start));
        }
        if **src == *quirk::HANGUP {
            src.clear();
            hangup = true;
        }
        if src.len() > MAX_LINE {
            src.clear();
            self.stale = true;
        }
        self.open = None;
        (self.line, self.scanned) = (0, 0);
        self.stale |= !quirk::HANGUP.starts_with(src);
        hangup
    }

    /// Splits off `end` bytes and resets the state.
    fn take(&mut self, src: &mut BytesMut, end: usize) -> BytesMut {
        *self = Self::default();
        src.split_to(end)
    }
}

/// `first-line = code ( SP text / "-" text ) LF`; returns why the reply continues, if it does.
fn first_line(line: &[u8]) -> Option<Open> {
    let (code, rest) = line.split_first_chunk::<CODE>()?;
    if rest.first() == Some(&b'-') {
        return (!quirk::ends_usage(line, *code)).then_some(Open::Usage(*code));
    }
    quirk::opens_value(line).then_some(Open::Value)
}

/// Returns whether a line starts with a status code.
fn is_reply(line: &[u8]) -> bool {
    let Some(([hundreds, tens, ones], rest)) = line.split_first_chunk::<CODE>() else {
        return false;
    };
    matches!(hundreds, b'1'..=b'5')
        && tens.is_ascii_digit()
        && ones.is_ascii_digit()
        && rest
            .first()
            .is_none_or(|next| matches!(next, b' ' | b'-' | b'\r' | b'\n'))
}

fn check_reply(bytes: usize) -> Result<(), Error> {
    if MAX_REPLY < bytes {
        return Err(Error::ReplyTooLong { limit: MAX_REPLY });
    }
    Ok(())
}

/// Returns the end of the line (after its LF), which has no LF before `from`.
fn line_end(src: &[u8], from: usize) -> Option<usize> {
    let at = memchr(b'\n', src.get(from..)?)?;
    from.checked_add(at)?.checked_add(1)
}

fn is_blank(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

/// Maximum length of a line of the environment, in bytes. Most have less than a hundred, but the
/// request is as long as the dialplan makes it: a screenful of text, percent-encoded.
pub(super) const MAX_LINE: usize = 32 * 1024;

/// Maximum number of lines of the environment: 22 variables, 127 arguments, and a margin.
pub(super) const MAX_LINES: usize = 256;

/// Maximum size of the environment, in bytes. It contains the request twice.
pub(super) const MAX_ENVIRONMENT: usize = 128 * 1024;

/// Maximum size of a reply, in bytes.
pub(super) const MAX_REPLY: usize = 64 * 1024;

#[cfg(test)]
mod tests;
