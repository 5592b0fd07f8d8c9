//! Replies to commands.
//!
//! They are parsed and not judged: which result means success differs between commands.

use super::error::{Error, near};
use super::grammar::{self, ReplyParts};

/// A reply: a status code with either a result or a text.
///
/// ```
/// # use handset_agi::Reply;
/// let reply = Reply::parse(b"200 result=1 (say \"(hi)\")\n")?;
/// assert_eq!((reply.code(), reply.result()), (200, Some("1")));
/// assert_eq!(reply.value(), Some("say \"(hi)\""));
/// # Ok::<(), handset_agi::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    parts: ReplyParts,
}

impl Reply {
    /// Parses a complete reply of one or more lines; the last line break is optional.
    ///
    /// A line that is not UTF-8 is read as [`text::decode`](handset_net::text::decode) does.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let text = handset_net::text::decode_lines(bytes);
        let lines = text.strip_suffix('\n').unwrap_or(&text);
        let lines = lines.strip_suffix('\r').unwrap_or(lines);
        let parts =
            grammar::reply(lines).ok_or_else(|| Error::MalformedReply { near: near(bytes) })?;
        Ok(Self { parts })
    }

    /// Returns the status code: 200 for a command that was executed, 5xx for one that was not.
    pub fn code(&self) -> u16 {
        self.parts.code
    }

    /// Returns whether another reply to the same command follows (`100 … Trying...`).
    pub fn is_provisional(&self) -> bool {
        self.code() < 200
    }

    /// Returns the text after `result=`: a number, typed digits, or empty.
    pub fn result(&self) -> Option<&str> {
        self.parts.result.as_deref()
    }

    /// Returns the text in parentheses, unchanged. It may have several lines.
    pub fn value(&self) -> Option<&str> {
        self.parts.value.as_deref()
    }

    /// Returns a field such as `endpos`.
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.parts.fields.iter();
        fields
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the text of the reply, which is empty if it has none. A usage text has several lines.
    pub fn text(&self) -> &str {
        &self.parts.text
    }
}

#[cfg(test)]
mod tests;
