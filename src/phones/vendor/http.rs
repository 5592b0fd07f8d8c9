//! Requests to a phone's own web server, and its replies.

use std::borrow::Cow;

use bytes::Bytes;

/// An HTTP request to the phone's own web server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The port, if not the one that the phone is configured with.
    pub port: Option<u16>,
    /// Path and query, exactly as sent.
    pub target: String,
    /// Headers in addition to those of every request.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for GET.
    pub body: Bytes,
    /// How the request authenticates.
    pub auth: Auth,
    /// The transport that the request is reported as: `http` or `csta`.
    pub transport: &'static str,
}

impl Request {
    /// Creates a GET request that authenticates when challenged.
    pub fn get(target: impl Into<String>) -> Self {
        Self {
            method: Method::Get,
            port: None,
            target: target.into(),
            headers: Vec::new(),
            body: Bytes::new(),
            auth: Auth::OnChallenge,
            transport: "http",
        }
    }

    /// Creates a POST request that authenticates when challenged.
    pub fn post(target: impl Into<String>, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            method: Method::Post,
            headers: vec![("Content-Type", content_type.to_owned())],
            body: body.into(),
            ..Self::get(target)
        }
    }
}

/// The methods that phones accept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
}

/// How a request authenticates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Auth {
    /// Never.
    None,
    /// With Basic or Digest, whichever the phone asks for in its first reply; never a second time.
    OnChallenge,
    /// With Basic credentials in the first request. For phones that never send a challenge and
    /// check the credentials at handsetd instead.
    PreemptiveBasic,
}

/// A phone's reply to a request.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type` header, empty if absent.
    pub content_type: String,
    /// The `Location` header.
    pub location: Option<String>,
    /// The body, truncated at the client's limit.
    pub body: Bytes,
}

impl Reply {
    /// Returns the body as text, with invalid UTF-8 replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}
