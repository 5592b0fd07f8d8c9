//! Writing messages.

use std::fmt::Write;

use bytes::Bytes;

use super::header::{Headers, Name};
use super::message::{Message, Request, Response};

impl Request {
    /// Returns the message as it is sent.
    pub fn to_bytes(&self) -> Bytes {
        let first = format!("{} {} SIP/2.0\r\n", self.method, self.uri);
        write(first, &self.headers, &self.body)
    }
}

impl Response {
    /// Returns the message as it is sent.
    pub fn to_bytes(&self) -> Bytes {
        let first = format!("SIP/2.0 {} {}\r\n", self.status, self.reason);
        write(first, &self.headers, &self.body)
    }
}

impl Message {
    /// Returns the message as it is sent.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }
}

/// The length is always written, and is that of the body: a field of this name among `headers` is left out.
fn write(mut text: String, headers: &Headers, body: &Bytes) -> Bytes {
    for (name, value) in headers.iter() {
        if *name != Name::CONTENT_LENGTH {
            let _ = write!(text, "{name}: {value}\r\n");
        }
    }
    let _ = write!(text, "Content-Length: {}\r\n\r\n", body.len());
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes.into()
}
