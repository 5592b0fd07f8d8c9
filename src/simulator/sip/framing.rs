//! Messages of a stream, which end where `Content-Length` says.

use super::message::Message;

/// The bytes of a stream that are not a message yet.
#[derive(Debug, Default)]
pub(super) struct Framing {
    buffer: Vec<u8>,
}

/// The stream cannot be read any further.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Broken;

impl Framing {
    /// Appends bytes that have arrived.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the next complete message.
    pub(super) fn next(&mut self) -> Result<Option<Message>, Broken> {
        // Line breaks between messages keep a connection open (RFC 5626, section 3.5.1).
        let blank = self.buffer.iter().take_while(|byte| b"\r\n".contains(byte));
        let blank = blank.count();
        self.buffer.drain(..blank);
        let Some(end) = self.buffer.windows(4).position(|at| at == b"\r\n\r\n") else {
            return if self.buffer.len() > MAX_MESSAGE {
                Err(Broken)
            } else {
                Ok(None)
            };
        };
        let head = std::str::from_utf8(self.buffer.get(..end).unwrap_or_default());
        let length = head.ok().and_then(content_length).ok_or(Broken)?;
        let total = end + 4 + length;
        if length > MAX_MESSAGE || total > MAX_MESSAGE {
            return Err(Broken);
        }
        if self.buffer.len() < total {
            return Ok(None);
        }
        let bytes: Vec<u8> = self.buffer.drain(..total).collect();
        Message::parse(&bytes).map(Some).ok_or(Broken)
    }
}

/// Returns the length that the head of a message declares; a stream requires one.
fn content_length(head: &str) -> Option<usize> {
    let mut headers = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let is_length = |name: &str| {
        let name = name.trim();
        name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("l")
    };
    let (_, length) = headers.find(|(name, _)| is_length(name))?;
    length.trim().parse().ok()
}

/// Maximum size of a message in bytes, as of a datagram.
const MAX_MESSAGE: usize = 65_535;

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "INFO sip:a@b SIP/2.0\r\nl: 3\r\n\r\nxyz";

    #[test]
    fn messages_arrive_in_any_pieces() {
        let bytes = format!("\r\n\r\n{MESSAGE}{MESSAGE}");
        for size in [1, 7, bytes.len()] {
            let mut framing = Framing::default();
            let mut bodies = Vec::new();
            for piece in bytes.as_bytes().chunks(size) {
                framing.push(piece);
                while let Some(message) = framing.next().unwrap() {
                    bodies.push(message.body);
                }
            }
            assert_eq!(bodies, ["xyz", "xyz"], "{size}");
        }
    }

    #[test]
    fn streams_without_usable_lengths_are_broken() {
        for text in [
            "INFO sip:a@b SIP/2.0\r\n\r\n",
            "INFO sip:a@b SIP/2.0\r\nl: -1\r\n\r\n",
            "INFO sip:a@b SIP/2.0\r\nl: 70000\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
            &"x".repeat(MAX_MESSAGE + 1),
        ] {
            let mut framing = Framing::default();
            framing.push(text.as_bytes());
            assert_eq!(framing.next(), Err(Broken), "{text:.40}");
        }
    }
}
