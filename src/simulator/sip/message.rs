//! SIP messages, as far as this agent reads and writes them.

use std::fmt;

/// A request or a response.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Message {
    /// The request line or status line.
    pub(super) start: String,
    /// Headers in order, compact names spelled out.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Message {
    /// Creates a message without headers.
    pub(super) fn new(start: impl Into<String>) -> Self {
        Self {
            start: start.into(),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// Adds a header.
    pub(super) fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Parses a datagram; `None` if it is not SIP.
    pub(super) fn parse(datagram: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(datagram).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
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
        (headers.len() <= MAX_HEADERS).then(|| Self {
            start: start.to_owned(),
            headers,
            body: body.to_owned(),
        })
    }

    /// Returns the first header with that name, ignoring case.
    pub(super) fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Returns all headers with that name, in order.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = &'a str> {
        let matches = move |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .filter(matches)
            .map(|(_, value)| value.as_str())
    }

    /// Returns the status code, if this is a response.
    pub(super) fn status(&self) -> Option<u16> {
        self.start
            .strip_prefix("SIP/2.0 ")?
            .split(' ')
            .next()?
            .parse()
            .ok()
    }

    /// Returns the method, if this is a request.
    pub(super) fn method(&self) -> Option<&str> {
        let (method, rest) = self.start.split_once(' ')?;
        rest.ends_with(" SIP/2.0").then_some(method)
    }

    /// Returns the branch of the topmost Via, which identifies the transaction.
    pub(super) fn branch(&self) -> Option<&str> {
        let via = self.header("Via")?;
        via.split(';')
            .find_map(|parameter| parameter.trim().strip_prefix("branch="))
    }

    /// Returns the method in `CSeq`.
    pub(super) fn sequence_method(&self) -> Option<&str> {
        self.header("CSeq")?.split_whitespace().nth(1)
    }

    /// Creates the response to a request, with `tag` in `To` unless it has a tag already.
    pub(super) fn response(&self, status: &str, tag: &str) -> Self {
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
pub(super) fn uri(address: &str) -> &str {
    match address
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
    {
        Some((uri, _)) => uri,
        None => address.split(';').next().unwrap_or_default().trim(),
    }
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
