//! SIP messages, as far as this agent reads and writes them.

use std::fmt;
use std::net::SocketAddr;

/// A request or a response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Message {
    /// The request line or status line.
    pub(crate) start: String,
    /// Headers in order, compact names spelled out.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Message {
    /// Creates a message without headers.
    pub(crate) fn new(start: impl Into<String>) -> Self {
        Self {
            start: start.into(),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Parses a datagram; `None` if it is not SIP.
    pub(crate) fn parse(datagram: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let start = lines.next().filter(|start| start.contains("SIP/2.0"))?;
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            if let (Some(folded), Some((_, value))) =
                (line.strip_prefix([' ', '\t']), headers.last_mut())
            {
                value.push(' ');
                value.push_str(folded.trim());
                continue;
            }
            let (name, value) = line.split_once(':')?;
            headers.push((full_name(name.trim()).to_owned(), value.trim().to_owned()));
        }
        if headers.len() > MAX_HEADERS {
            return None;
        }
        let mut message = Self {
            start: start.to_owned(),
            headers,
            body: String::new(),
        };
        // Without a length, the rest of a datagram is the body.
        let body = match message.header("Content-Length") {
            Some(length) => rest.get(..length.parse().ok()?)?,
            None => rest,
        };
        body.clone_into(&mut message.body);
        Some(message)
    }

    /// Returns the first header with that name, ignoring case.
    pub(crate) fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Returns all headers with that name, in order.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a str> {
        let matches = move |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .filter(matches)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the status code, if this is a response.
    pub(crate) fn status(&self) -> Option<u16> {
        self.start
            .strip_prefix("SIP/2.0 ")?
            .split(' ')
            .next()?
            .parse()
            .ok()
    }

    /// Returns the method, if this is a request.
    pub(crate) fn method(&self) -> Option<&str> {
        let (method, rest) = self.start.split_once(' ')?;
        rest.ends_with(" SIP/2.0").then_some(method)
    }

    /// Returns the branch of the topmost Via, which identifies the transaction.
    pub(crate) fn branch(&self) -> Option<&str> {
        let via = self.header("Via")?;
        via.split(';')
            .find_map(|parameter| parameter.trim().strip_prefix("branch="))
    }

    /// Returns the method in `CSeq`.
    pub(crate) fn sequence_method(&self) -> Option<&str> {
        self.header("CSeq")?.split_whitespace().nth(1)
    }

    /// Returns the number in `CSeq`.
    pub(crate) fn sequence_number(&self) -> Option<u32> {
        self.header("CSeq")?.split_whitespace().next()?.parse().ok()
    }

    /// Returns the URI of a request.
    pub(crate) fn request_uri(&self) -> Option<&str> {
        self.method()?;
        self.start.split(' ').nth(1)
    }

    /// Returns the media type of the body, in lower case and without parameters.
    pub(crate) fn media_type(&self) -> String {
        let value = self.header("Content-Type").unwrap_or_default();
        let value = value.split(';').next().unwrap_or_default();
        value.trim().to_ascii_lowercase()
    }

    /// Fills in `rport` and adds `received` in the topmost `Via` of a response, if the client asks for that
    /// (RFC 3581).
    pub(crate) fn tell_source(mut self, peer: SocketAddr) -> Self {
        let via = self.headers.iter_mut().find(|(name, _)| name == "Via");
        if let Some((_, via)) = via {
            let parts = via.split(';').map(|part| match part.trim() {
                "rport" => format!("rport={};received={}", peer.port(), peer.ip()),
                part => part.to_owned(),
            });
            *via = parts.collect::<Vec<_>>().join(";");
        }
        self
    }

    /// Creates the response to a request, with `tag` in `To` unless it has a tag already.
    pub(crate) fn response(&self, status: &str, tag: &str) -> Self {
        let mut response = Self::new(format!("SIP/2.0 {status}"));
        for (name, value) in &self.headers {
            let name = name.as_str();
            match name.to_ascii_lowercase().as_str() {
                "via" | "from" | "call-id" | "cseq" => response = response.with(name, value),
                "to" if value.contains(";tag=") => response = response.with(name, value),
                "to" => response = response.with(name, format!("{value};tag={tag}")),
                _ => (),
            }
        }
        response
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\r\n", self.start)?;
        for (name, value) in &self.headers {
            write!(f, "{name}: {value}\r\n")?;
        }
        write!(
            f,
            "Content-Length: {}\r\n\r\n{}",
            self.body.len(),
            self.body
        )
    }
}

/// Returns the URI between angle brackets, or everything before the parameters.
pub(crate) fn uri(address: &str) -> &str {
    match address
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
    {
        Some((uri, _)) => uri,
        None => address.split(';').next().unwrap_or_default().trim(),
    }
}

/// Returns the tag of an address in `From` or `To`.
pub(crate) fn tag(address: &str) -> Option<&str> {
    let parameters = address.rsplit_once('>').map_or(address, |(_, rest)| rest);
    parameters
        .split(';')
        .find_map(|parameter| parameter.trim().strip_prefix("tag="))
}

fn full_name(name: &str) -> &str {
    match name {
        "v" => "Via",
        "f" => "From",
        "t" => "To",
        "i" => "Call-ID",
        "m" => "Contact",
        "l" => "Content-Length",
        "c" => "Content-Type",
        "k" => "Supported",
        "o" => "Event",
        "x" => "Session-Expires",
        _ => name,
    }
}

/// Maximum number of headers of a message.
const MAX_HEADERS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_parsed_and_answered() {
        let text = "NOTIFY sip:1001@127.0.0.1 SIP/2.0\r\nv: SIP/2.0/UDP a;branch=z9hG4bK1\r\n\
                    Via: SIP/2.0/UDP b\r\nFrom: <sip:a>;tag=1\r\nt: <sip:b>\r\ni: x\r\n\
                    CSeq: 7 NOTIFY\r\nSubject: folded\r\n line\r\nl: 4\r\n\r\nbody";
        let message = Message::parse(text.as_bytes()).unwrap();
        assert_eq!(message.method(), Some("NOTIFY"));
        assert_eq!(message.branch(), Some("z9hG4bK1"));
        assert_eq!(message.sequence_method(), Some("NOTIFY"));
        assert_eq!(message.header("subject"), Some("folded line"));
        assert_eq!(message.body, "body");
        let response = message.response("200 OK", "2");
        assert_eq!(response.all("Via").count(), 2);
        assert_eq!(response.header("To"), Some("<sip:b>;tag=2"));
        assert_eq!(
            Message::parse(response.to_string().as_bytes())
                .unwrap()
                .status(),
            Some(200)
        );
    }

    #[test]
    fn bodies_are_as_long_as_their_length_in_bytes_says() {
        let parsed = |length: &str| {
            let text = format!("INFO sip:a@b SIP/2.0\r\nContent-Length: {length}\r\n\r\nü+more");
            Message::parse(text.as_bytes()).map(|message| message.body)
        };
        assert_eq!(parsed("3").as_deref(), Some("ü+"));
        assert_eq!(parsed("1"), None, "ends within a character");
        assert_eq!(parsed("8"), None, "is longer than the datagram");
    }

    #[test]
    fn other_protocols_are_rejected() {
        for text in [
            "",
            "\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "INVITE a SIP/2.0\r\nno colon\r\n\r\n",
        ] {
            assert_eq!(Message::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(Message::parse(b"\xff\xfe"), None);
    }

    #[test]
    fn uris_are_extracted_from_addresses() {
        assert_eq!(uri("\"A\" <sip:a@b;line=1>;tag=2"), "sip:a@b;line=1");
        assert_eq!(uri("sip:a@b;tag=2"), "sip:a@b");
    }
}
