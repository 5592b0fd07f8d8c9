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
    /// Returns the body as text.
    pub fn text(&self) -> Cow<'_, str> {
        decode(&self.body)
    }

    /// Returns the cure if the phone redirects to https, as it does when it accepts nothing else.
    pub(super) fn https_advice(&self) -> Option<&'static str> {
        let is_redirect = matches!(self.status, 301 | 302 | 303 | 307 | 308);
        let scheme = self.location.as_deref()?.get(..6)?;
        (is_redirect && scheme.eq_ignore_ascii_case("https:")).then_some(
            "it redirects to https, so it accepts nothing else; add tls = { pin = \"sha256:…\" } to its \
             [[phone]], or allow http on the phone",
        )
    }

    /// Describes what came instead of the expected reply, for messages.
    pub(super) fn description(&self) -> String {
        let Self { status, body, .. } = self;
        let kind: String = self.content_type.chars().take(MAX_KIND).collect();
        match (body.is_empty(), kind.as_str()) {
            (true, _) => format!("HTTP {status} without content"),
            (false, "") => format!("HTTP {status} with something else"),
            (false, kind) => format!("HTTP {status} with {kind}"),
        }
    }
}

/// Decodes text that a phone sends: UTF-16 by its byte-order mark or the zeros of its markup, else UTF-8,
/// else ISO 8859-1. What documents declare is often wrong.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).filter_map(|pair| pair.first_chunk());
        let units = units.map(|pair| unit(*pair));
        let chars = char::decode_utf16(units);
        chars
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect::<String>()
            .into()
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [b'<', 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, b'<', ..] => utf16(bytes, u16::from_be_bytes),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => text.trim_start_matches('\u{feff}').into(),
            Err(_) => bytes.iter().copied().map(char::from).collect(),
        },
    }
}

/// Maximum length of a content type in messages, in characters.
const MAX_KIND: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_whatever_its_encoding() {
        let text = "<a>été</a>";
        let units: Vec<u16> = text.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_eq!(decode(&little), text);
        assert_eq!(decode(&big), text);
        assert_eq!(decode(&[&[0xFF, 0xFE], &little[..]].concat()), text);
        assert_eq!(decode(&[&[0xFE, 0xFF], &big[..]].concat()), text);
        assert_eq!(decode(text.as_bytes()), text);
        assert_eq!(decode("\u{feff}<a>été</a>".as_bytes()), text);
        assert_eq!(decode(b"<a>\xe9t\xe9</a>"), text);
        assert_eq!(decode(b"<\0a\0>"), "<a", "half a unit is left out");
        assert_eq!(decode(b""), "");
    }
}
