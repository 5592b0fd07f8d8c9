//! The address of a server.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// The address of a server: `host`, `host:port`, or `[IPv6]:port`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Address {
    /// Without brackets.
    host: String,
    port: Option<u16>,
}

impl Address {
    /// Returns the host, an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port; the default is 5038, or 5039 with TLS.
    pub fn port(&self, tls: bool) -> u16 {
        self.port.unwrap_or(if tls { 5039 } else { 5038 })
    }
}

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let invalid = || InvalidAddress(text.to_owned());
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']').ok_or_else(invalid)?;
                host.parse::<Ipv6Addr>().map_err(|_| invalid())?;
                let port = match rest {
                    "" => None,
                    rest => Some(rest.strip_prefix(':').ok_or_else(invalid)?),
                };
                (host, port)
            }
            None if text.parse::<Ipv6Addr>().is_ok() => (text, None),
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let port = port.map(str::parse).transpose().map_err(|_| invalid())?;
        let is_forbidden = |c: char| c.is_whitespace() || c.is_control() || c == '/';
        if host.is_empty() || host.contains(is_forbidden) || port == Some(0) {
            return Err(invalid());
        }
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.host.contains(':'), self.port) {
            (true, Some(port)) => write!(f, "[{}]:{port}", self.host),
            (true, None) => write!(f, "[{}]", self.host),
            (false, Some(port)) => write!(f, "{}:{port}", self.host),
            (false, None) => f.write_str(&self.host),
        }
    }
}

/// A text that is not an address.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("invalid address {0:?}; expected host, host:port or [IPv6]:port")]
pub struct InvalidAddress(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_host_and_port_in_any_form() {
        for (text, host, port) in [
            ("127.0.0.1:5038", "127.0.0.1", 5038),
            ("pbx.example.com", "pbx.example.com", 5038),
            ("[2001:db8::1]:1", "2001:db8::1", 1),
            ("[2001:db8::1]", "2001:db8::1", 5038),
            ("2001:db8::1", "2001:db8::1", 5038),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(
                (address.host(), address.port(false)),
                (host, port),
                "{text}"
            );
            assert_eq!(address.to_string().parse(), Ok(address));
        }
        assert_eq!("pbx".parse::<Address>().unwrap().port(true), 5039);
        for text in [
            "", ":5038", "a:b", "a:0", "a:65536", "a b", "http://a", "[::1", "[::1]5", "[x]:1",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
