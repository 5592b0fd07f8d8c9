//! Framing: where a block of the environment ends, and where a reply does.
//!
//! It enforces the limits and never looks at what a line means beyond that; [`grammar`] reads what
//! was cut here and never sees the stream. Asterisk's deviations are in [`quirk`].
//!
//! [`grammar`]: super::grammar
//! [`quirk`]: super::quirk
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

use bytes::BytesMut;
use tokio_util::codec::Decoder;

use super::error::Error;
use super::quirk;

/// Cuts the environment off the stream: everything up to and with the first blank line.
#[derive(Debug, Default)]
pub(super) struct EnvironmentCodec {
    /// Where the line begins that is being read.
    line: usize,
    /// How far there is no LF, so that a slow writer costs linear time.
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

/// Holds a whole block to the limits.
pub(super) fn check_block(block: &[u8]) -> Result<(), Error> {
    let mut lines = 0_usize;
    for line in block.split_inclusive(|&byte| byte == b'\n') {
        lines = lines.saturating_add(1);
        check_environment(block.len(), line.len(), lines)?;
    }
    Ok(())
}

/// Holds an environment to its limits: its bytes, those of its last line, its lines.
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

/// What Asterisk says once the environment is over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Message {
    /// The call is over; the conversation is not.
    Hangup,
    /// One reply, its last LF included. It may have many lines.
    Reply(BytesMut),
}

/// Cuts hang-ups and replies off the stream. Lines that are neither are skipped.
#[derive(Debug, Default)]
pub(super) struct MessageCodec {
    line: usize,
    scanned: usize,
    open: Option<Open>,
    /// The line being read began before anything was asked, so it is no reply.
    stale: bool,
}

/// Why a reply goes on after its first line.
#[derive(Clone, Copy, Debug)]
enum Open {
    /// Its value has a `(` and no `)` yet.
    Value,
    /// It is a usage text; the line with the same number and a blank is its last.
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
    /// Returns whether the first line of a reply has come, and not yet its last.
    pub(super) fn is_amid_reply(&self) -> bool {
        self.open.is_some()
    }

    /// Drops what came before anything was asked. Returns whether a hang-up was among it.
    ///
    /// Of a line that has not ended yet the rest is dropped when it comes.
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

    /// Cuts `end` bytes off and begins anew.
    fn take(&mut self, src: &mut BytesMut, end: usize) -> BytesMut {
        *self = Self::default();
        src.split_to(end)
    }
}

/// `first-line = code ( SP text / "-" text ) LF`, with what it leaves open.
fn first_line(line: &[u8]) -> Option<Open> {
    let (code, rest) = line.split_first_chunk::<CODE>()?;
    if rest.first() == Some(&b'-') {
        return (!quirk::ends_usage(line, *code)).then_some(Open::Usage(*code));
    }
    quirk::opens_value(line).then_some(Open::Value)
}

/// Returns whether a line begins with the number of a reply.
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

/// Returns where the line ends (behind its LF) that is known to have none before `from`.
fn line_end(src: &[u8], from: usize) -> Option<usize> {
    let at = src.get(from..)?.iter().position(|&byte| byte == b'\n')?;
    from.checked_add(at)?.checked_add(1)
}

fn is_blank(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n")
}

/// The digits of a reply's number.
pub(super) const CODE: usize = 3;

/// The longest line of an environment. Asterisk's own are at most some hundred bytes, but the
/// request is as long as the dialplan makes it: a screenful of text, percent-encoded.
pub(super) const MAX_LINE: usize = 32 * 1024;

/// The most lines of an environment: 22 names, 127 arguments, and room.
pub(super) const MAX_LINES: usize = 256;

/// The most bytes of an environment, in which the request stands twice.
pub(super) const MAX_ENVIRONMENT: usize = 128 * 1024;

/// The most bytes of one reply.
pub(super) const MAX_REPLY: usize = 64 * 1024;

#[cfg(test)]
mod tests;
