//! Names of Asterisk servers.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// The name of an Asterisk server in the configuration; distinguishes phones of the same name.
///
/// It can stand before a slash in the name of a phone, as in `berlin/1001`.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ServerName(Arc<str>);

impl ServerName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns what follows this name and a slash.
    pub fn strip<'a>(&self, name: &'a str) -> Option<&'a str> {
        name.strip_prefix(self.as_str())?.strip_prefix('/')
    }

    /// Puts the name before that of a phone.
    pub fn qualify(&self, phone: impl fmt::Display) -> String {
        format!("{self}/{phone}")
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ServerName {
    type Err = InvalidServerName;

    fn from_str(text: &str) -> Result<Self, InvalidServerName> {
        let is_separator = |c: char| matches!(c, '/' | '&' | '*') || c.is_control();
        if text.is_empty() || text.trim() != text || text.contains(is_separator) {
            return Err(InvalidServerName::Malformed);
        }
        if TECHNOLOGIES
            .iter()
            .any(|technology| technology.eq_ignore_ascii_case(text))
        {
            return Err(InvalidServerName::Technology(text.to_owned()));
        }
        Ok(Self(text.into()))
    }
}

impl Serialize for ServerName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// A text that cannot be the name of a server.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidServerName {
    /// It would not be recognized in `phone=`.
    #[error("must be a name without /, & and *, such as berlin, since berlin/1001 names a phone")]
    Malformed,
    /// `PJSIP/1001` is an endpoint of any server.
    #[error("{0:?} is a channel technology; use another name, since {0}/1001 is an endpoint")]
    Technology(String),
}

/// Words that name a channel technology before a slash.
const TECHNOLOGIES: [&str; 8] = [
    "DAHDI",
    "IAX2",
    "Local",
    "Message",
    "PJSIP",
    "SCCP",
    "SIP",
    "Surrogate",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_qualifies_phones() {
        let berlin: ServerName = "berlin".parse().unwrap();
        assert_eq!(berlin.qualify("1001"), "berlin/1001");
        assert_eq!(berlin.strip("berlin/PJSIP/1001"), Some("PJSIP/1001"));
        for other in ["berlin", "berlin2/1001", "Berlin/1001", "1001"] {
            assert_eq!(berlin.strip(other), None, "{other}");
        }
    }

    #[test]
    fn names_that_phone_cannot_contain_are_refused() {
        for text in [
            "", " berlin", "a/b", "a&b", "ber*", "a\nb", "PJSIP", "sip", "Sccp", "LOCAL",
        ] {
            assert!(text.parse::<ServerName>().is_err(), "{text}");
        }
        for text in ["berlin", "Head office", "pbx-2", "sip2"] {
            assert!(text.parse::<ServerName>().is_ok(), "{text}");
        }
    }
}
