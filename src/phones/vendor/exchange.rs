//! A request to a phone's own web server, and how its answer is read.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::Step;

/// One request, and how its answer is read.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What to send.
    pub request: Request,
    /// Says what an answer means.
    pub reader: ReplyParser,
    /// How long the phone may take to answer, where it takes longer than usual.
    pub patience: Option<Duration>,
}

/// An HTTP request to the phone's own web server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The port, where it is another one than the phone's usual.
    pub port: Option<u16>,
    /// Path and query, just as they go on the wire.
    pub target: String,
    /// Headers beside those of every request.
    pub headers: Vec<(&'static str, String)>,
    /// The body; none for GET.
    pub body: Bytes,
    /// How we say who we are.
    pub auth: Auth,
    /// The way that it counts as.
    pub way: &'static str,
}

impl Request {
    /// Creates a request for a page, with the password only if the phone asks for it.
    pub fn get(target: impl Into<String>) -> Self {
        Self {
            method: Method::Get,
            port: None,
            target: target.into(),
            headers: Vec::new(),
            body: Bytes::new(),
            auth: Auth::OnChallenge,
            way: "http",
        }
    }

    /// Creates a request that carries `body`, with the password only if the phone asks for it.
    pub fn post(target: impl Into<String>, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            method: Method::Post,
            headers: vec![("Content-Type", content_type.to_owned())],
            body: body.into(),
            ..Self::get(target)
        }
    }

    /// Reads the answer by `read`.
    pub(crate) fn parse_with(
        self,
        read: impl Fn(&Reply) -> ReplyOutcome + Send + Sync + 'static,
    ) -> Exchange {
        Exchange {
            request: self,
            reader: ReplyParser(Arc::new(read)),
            patience: None,
        }
    }
}

/// The methods that phones take.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
}

/// How we say who we are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Auth {
    /// With user name and password in the first request: the phone passes them on to our door and
    /// never asks for them.
    PreemptiveBasic,
    /// As the phone asks for it in its first answer, Basic or Digest; never a second time.
    OnChallenge,
    /// Not at all.
    None,
}

/// What a phone answered.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type` header; empty if there is none.
    pub content_type: String,
    /// The `Location` header.
    pub location: Option<String>,
    /// The body, up to a limit.
    pub body: Bytes,
}

impl Reply {
    /// Returns the body as text; bytes that are no UTF-8 are replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// Says what an answer means.
#[derive(Clone)]
pub struct ReplyParser(Arc<dyn Fn(&Reply) -> ReplyOutcome + Send + Sync>);

impl ReplyParser {
    /// Says what `reply` means.
    pub fn read(&self, reply: &Reply) -> ReplyOutcome {
        (self.0)(reply)
    }
}

impl fmt::Debug for ReplyParser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplyParser")
    }
}

/// What an answer means.
#[derive(Clone, Debug)]
pub enum ReplyOutcome {
    /// The phone refused us.
    Denied(String),
    /// It is done, or will be.
    Done,
    /// The phone understood and said no.
    Rejected(String),
    /// More is to be done first, before the steps that follow.
    Then(Vec<Step>),
    /// It is done, and the phone told something.
    ReplyData(ReplyData),
}

/// What a phone told.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplyData {
    /// Grey pixels, row by row: 0 is black, 255 is white.
    Grey {
        /// From left to right.
        width: u32,
        /// From top to bottom.
        height: u32,
        /// The pixels.
        pixels: Vec<u8>,
    },
    /// A file with a picture: BMP, PNG or JPEG.
    Picture(Bytes),
    /// Anything else. Members of objects that several steps tell are put together.
    Value(Value),
}
