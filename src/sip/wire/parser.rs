//! Reading messages.

use bytes::{Bytes, BytesMut};
use memchr::memmem;
use nom::multi::many0;

use super::grammar::{StartLine, complete, header, start_line};
use super::header::{Headers, Name};
use super::message::{Message, Request, Response};
use super::method::Method;
use super::status::Status;
use super::text::{Token, Value};

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Malformed {
    /// No empty line ends the header fields, or the body is shorter than `Content-Length`.
    #[error("it is incomplete")]
    Incomplete,
    /// Longer than [`MAX_MESSAGE`], or its head than [`MAX_HEAD`].
    #[error("it is too long")]
    TooLong,
    /// The first line is neither a request line nor a status line of SIP/2.0.
    #[error("its first line is not of SIP")]
    StartLine,
    /// A line is not a header field, or has control characters.
    #[error("it has an invalid header field")]
    Field,
    /// More than [`MAX_LINES`] lines.
    #[error("it has too many header fields")]
    TooManyLines,
    /// `Content-Length` is not a number, has several values, or is missing on a connection.
    #[error("its Content-Length is missing or invalid")]
    ContentLength,
    /// A field that all messages have is missing, has several values or an invalid one.
    #[error("it lacks a valid {0}")]
    Lacks(&'static str),
}

/// A head without its body.
#[derive(Debug)]
struct Head {
    message: Message,
    /// `Content-Length`, in bytes.
    length: Option<usize>,
}

impl Message {
    /// Reads a datagram.
    ///
    /// Without `Content-Length`, the body is the rest of it; bytes after the body are ignored (section 18.3).
    pub fn read_datagram(datagram: &[u8]) -> Result<Self, Malformed> {
        let end = head_end(datagram, 0).ok_or(Malformed::Incomplete)?;
        let (head, rest) = datagram
            .split_at_checked(end)
            .ok_or(Malformed::Incomplete)?;
        let head = read_head(head)?;
        let body = match head.length {
            Some(length) => rest.get(..length).ok_or(Malformed::Incomplete)?,
            None => rest,
        };
        Ok(head.message.with_bytes(Bytes::copy_from_slice(body)))
    }
}

/// Splits a byte stream into messages.
#[derive(Debug, Default)]
pub struct Framer {
    /// How much of the buffer was searched for the end of a head.
    searched: usize,
    /// A head whose body has not arrived completely.
    head: Option<(Message, usize)>,
}

/// What a stream carries.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Frame {
    /// A message.
    Message(Message),
    /// Two line breaks: keeps the connection alive, and wants one in return (RFC 5626, section 4.4.1).
    Ping,
}

impl Framer {
    /// Takes the next frame from the front of `buffer`; `None` if there is no complete one yet.
    ///
    /// # Errors
    ///
    /// After an error, nothing that follows can be understood: close the connection.
    pub fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Frame>, Malformed> {
        loop {
            if let Some((message, length)) = self.head.take() {
                if buffer.len() < length {
                    self.head = Some((message, length));
                    return Ok(None);
                }
                let body = buffer.split_to(length).freeze();
                // A copy, so that a small body does not keep a large buffer.
                let message = message.with_bytes(Bytes::copy_from_slice(&body));
                return Ok(Some(Frame::Message(message)));
            }
            if buffer.starts_with(PING) {
                let _ = buffer.split_to(PING.len());
                return Ok(Some(Frame::Ping));
            }
            if LINE_BREAK.starts_with(buffer) || PING.starts_with(buffer) {
                return Ok(None);
            }
            // Line breaks before the first line are ignored (section 7.5).
            if buffer.starts_with(LINE_BREAK) {
                let _ = buffer.split_to(LINE_BREAK.len());
                continue;
            }
            let Some(end) = head_end(buffer, self.searched) else {
                self.searched = buffer.len().saturating_sub(PING.len());
                let is_too_long = buffer.len() > MAX_HEAD;
                return if is_too_long {
                    Err(Malformed::TooLong)
                } else {
                    Ok(None)
                };
            };
            self.searched = 0;
            let head = read_head(&buffer.split_to(end))?;
            let length = head.length.ok_or(Malformed::ContentLength)?;
            self.head = Some((head.message, length));
        }
    }

    /// Returns whether a message has begun and is not complete. `buffer` is that of [`next`](Self::next).
    pub fn is_within_message(&self, buffer: &BytesMut) -> bool {
        self.head.is_some() || !PING.starts_with(buffer)
    }
}

/// Returns the length of the head including the empty line that ends it.
fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let at = memmem::find(bytes.get(from..)?, PING)?;
    from.checked_add(at)?.checked_add(PING.len())
}

/// Reads a head, which ends with an empty line.
fn read_head(bytes: &[u8]) -> Result<Head, Malformed> {
    if bytes.len() > MAX_HEAD {
        return Err(Malformed::TooLong);
    }
    if memmem::find_iter(bytes, LINE_BREAK).count() > MAX_LINES {
        return Err(Malformed::TooManyLines);
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_suffix("\r\n").ok_or(Malformed::Incomplete)?;
    let (first, fields) = text.split_once("\r\n").ok_or(Malformed::StartLine)?;
    let headers = read_headers(fields)?;
    let length = content_length(&headers)?;
    let headers = without_length(headers);
    let message = match complete(start_line, first).ok_or(Malformed::StartLine)? {
        StartLine::Request { method, uri } => Message::Request(Request {
            method: Method::from_token(&Token::new(method).map_err(|_| Malformed::StartLine)?),
            uri: uri.parse().map_err(|_| Malformed::StartLine)?,
            headers,
            body: Bytes::new(),
        }),
        StartLine::Status { code, reason } => Message::Response(Response {
            status: Status::from_code(code).ok_or(Malformed::StartLine)?,
            reason: Value::new(reason).map_err(|_| Malformed::StartLine)?,
            headers,
            body: Bytes::new(),
        }),
    };
    Ok(Head { message, length })
}

fn read_headers(text: &str) -> Result<Headers, Malformed> {
    let fields = complete(many0(header), text).ok_or(Malformed::Field)?;
    let mut headers = Headers::default();
    for (name, value) in fields {
        let name = Name::new(name).map_err(|_| Malformed::Field)?;
        headers.push(name, Value::new(&value).map_err(|_| Malformed::Field)?);
    }
    Ok(headers)
}

fn content_length(headers: &Headers) -> Result<Option<usize>, Malformed> {
    let mut values = headers.all(Name::CONTENT_LENGTH);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Malformed::ContentLength);
    }
    match value.parse() {
        Ok(length) if length <= MAX_BODY => Ok(Some(length)),
        Ok(_) => Err(Malformed::TooLong),
        Err(_) => Err(Malformed::ContentLength),
    }
}

fn without_length(mut headers: Headers) -> Headers {
    headers.remove(&Name::CONTENT_LENGTH);
    headers
}

const LINE_BREAK: &[u8] = b"\r\n";
const PING: &[u8] = b"\r\n\r\n";

/// Maximum length of the first line and the header fields, in bytes. Those of phones are below 2 KiB.
pub const MAX_HEAD: usize = 16 * 1024;

/// Maximum length of a body, in bytes: so a message has at most 64 KiB.
pub const MAX_BODY: usize = 48 * 1024;

/// Maximum length of a message, in bytes. UDP cannot carry more, either.
pub const MAX_MESSAGE: usize = MAX_HEAD + MAX_BODY;

/// Maximum number of lines of a head, including the first and the empty one.
pub const MAX_LINES: usize = 100;
