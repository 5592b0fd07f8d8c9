//! Header fields: their names, and lists of them in order.

use std::fmt;

use super::text::{InvalidText, Token, Value};

/// The name of a header field. Names are compared without regard to case; compact forms (`v` for
/// `Via`) are read as what they stand for, and never written.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Name(Kind);

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Kind {
    Known(&'static str),
    /// In lower case.
    Other(Token),
}

macro_rules! names {
    ($($constant:ident $name:literal $compact:literal)*) => {
        #[expect(missing_docs, reason = "the names are those of the RFCs")]
        impl Name {
            $(pub const $constant: Self = Self(Kind::Known($name));)*
        }

        /// Known names with their compact forms (RFC 3261, section 20; RFC 4028), if any.
        const KNOWN: &[(&str, &str)] = &[$(($name, $compact)),*];
    };
}

names! {
    ACCEPT "Accept" ""
    ALLOW "Allow" ""
    AUTHORIZATION "Authorization" ""
    CALL_ID "Call-ID" "i"
    CONTACT "Contact" "m"
    CONTENT_DISPOSITION "Content-Disposition" ""
    CONTENT_ENCODING "Content-Encoding" "e"
    CONTENT_LENGTH "Content-Length" "l"
    CONTENT_TYPE "Content-Type" "c"
    CSEQ "CSeq" ""
    DATE "Date" ""
    EXPIRES "Expires" ""
    FROM "From" "f"
    MAX_FORWARDS "Max-Forwards" ""
    MIN_EXPIRES "Min-Expires" ""
    MIN_SE "Min-SE" ""
    PROXY_AUTHENTICATE "Proxy-Authenticate" ""
    PROXY_AUTHORIZATION "Proxy-Authorization" ""
    REASON "Reason" ""
    RECORD_ROUTE "Record-Route" ""
    REQUIRE "Require" ""
    RETRY_AFTER "Retry-After" ""
    ROUTE "Route" ""
    SERVER "Server" ""
    SESSION_EXPIRES "Session-Expires" "x"
    SUBJECT "Subject" "s"
    SUPPORTED "Supported" "k"
    TO "To" "t"
    UNSUPPORTED "Unsupported" ""
    USER_AGENT "User-Agent" ""
    VIA "Via" "v"
    WARNING "Warning" ""
    WWW_AUTHENTICATE "WWW-Authenticate" ""
}

impl Name {
    /// Returns the name that `text` stands for, in any case, full or compact.
    pub fn new(text: &str) -> Result<Self, InvalidText> {
        let known = KNOWN.iter().find(|(name, compact)| {
            name.eq_ignore_ascii_case(text)
                || (!compact.is_empty() && compact.eq_ignore_ascii_case(text))
        });
        match known {
            Some((name, _)) => Ok(Self(Kind::Known(name))),
            None => Token::new(&text.to_ascii_lowercase()).map(|name| Self(Kind::Other(name))),
        }
    }

    /// Returns the name in full.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kind::Known(name) => name,
            Kind::Other(name) => name,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Header fields in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Headers(Vec<(Name, Value)>);

impl Headers {
    /// Adds a field after the others.
    pub fn push(&mut self, name: Name, value: Value) {
        self.0.push((name, value));
    }

    /// Replaces all fields of this name by one, after the others.
    pub fn set(&mut self, name: Name, value: Value) {
        self.remove(&name);
        self.push(name, value);
    }

    /// Removes all fields of this name.
    pub fn remove(&mut self, name: &Name) {
        self.0.retain(|(other, _)| other != name);
    }

    /// Replaces the value of the first field of this name.
    pub(super) fn replace_first(&mut self, name: &Name, replace: impl FnOnce(&str) -> Value) {
        if let Some((_, value)) = self.0.iter_mut().find(|(other, _)| other == name) {
            *value = replace(value);
        }
    }

    /// Returns the value of the first field of this name.
    pub fn get(&self, name: &Name) -> Option<&str> {
        let mut fields = self.0.iter();
        fields.find_map(|(other, value)| (other == name).then_some(&**value))
    }

    /// Returns the values of all fields of this name, in order.
    pub fn all(&self, name: Name) -> impl Iterator<Item = &str> {
        let fields = self.0.iter().filter(move |(other, _)| *other == name);
        fields.map(|(_, value)| &**value)
    }

    /// Iterates over the fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// Returns the number of fields.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
