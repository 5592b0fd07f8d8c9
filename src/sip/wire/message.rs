//! Requests and responses.

use bytes::Bytes;

use super::body::Body;
use super::header::{Headers, Name};
use super::method::Method;
use super::status::Status;
use super::text::Value;
use super::uri::Uri;

/// A request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// The Request-URI.
    pub uri: Uri,
    /// Header fields without `Content-Length`, which is written according to the body.
    pub headers: Headers,
    /// The body; empty if there is none.
    pub body: Bytes,
}

/// A response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Response {
    /// The status code.
    pub status: Status,
    /// The reason phrase.
    pub reason: Value,
    /// Header fields without `Content-Length`, which is written according to the body.
    pub headers: Headers,
    /// The body; empty if there is none.
    pub body: Bytes,
}

/// A message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

impl Message {
    /// Returns the header fields.
    pub fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    pub(super) fn with_bytes(mut self, bytes: Bytes) -> Self {
        match &mut self {
            Self::Request(request) => request.body = bytes,
            Self::Response(response) => response.body = bytes,
        }
        self
    }
}

impl Request {
    /// Creates a request without header fields or body.
    pub fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            headers: Headers::default(),
            body: Bytes::new(),
        }
    }

    /// Adds a header field.
    #[must_use]
    pub fn with(mut self, name: Name, value: Value) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Sets the body and the fields that describe it.
    #[must_use]
    pub fn with_body(mut self, body: Body) -> Self {
        self.body = set_body(&mut self.headers, body);
        self
    }

    /// Returns whether the body is of this media type, such as `application/csta+xml`; parameters do not
    /// matter.
    pub fn has_type(&self, media_type: &str) -> bool {
        has_type(&self.headers, media_type)
    }
}

impl Response {
    /// Creates a response with the reason phrase of the standard and without header fields or body.
    pub fn new(status: Status) -> Self {
        Self {
            status,
            reason: Value::lossy(status.reason()),
            headers: Headers::default(),
            body: Bytes::new(),
        }
    }

    /// Adds a header field.
    #[must_use]
    pub fn with(mut self, name: Name, value: Value) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Sets the body and the fields that describe it.
    #[must_use]
    pub fn with_body(mut self, body: Body) -> Self {
        self.body = set_body(&mut self.headers, body);
        self
    }

    /// Returns whether the body is of this media type, such as `application/csta+xml`; parameters do not
    /// matter.
    pub fn has_type(&self, media_type: &str) -> bool {
        has_type(&self.headers, media_type)
    }
}

fn set_body(headers: &mut Headers, body: Body) -> Bytes {
    headers.set(Name::CONTENT_TYPE, body.content_type);
    headers.remove(&Name::CONTENT_DISPOSITION);
    if let Some(disposition) = body.disposition {
        headers.push(Name::CONTENT_DISPOSITION, disposition);
    }
    body.bytes
}

fn has_type(headers: &Headers, media_type: &str) -> bool {
    let value = headers.get(&Name::CONTENT_TYPE).unwrap_or_default();
    let (found, _) = value.split_once(';').unwrap_or((value, ""));
    found.trim().eq_ignore_ascii_case(media_type)
}
