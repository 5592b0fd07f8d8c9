//! URIs of SIP.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::text::is_token_byte;

/// A URI, written exactly as it was read. Its scheme may be another one than `sip` and `sips`; then it
/// has neither host nor user.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Uri(Box<str>);

/// Not a URI.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0:?} is not a SIP URI; write for example sip:1001@192.0.2.10:5060")]
pub struct InvalidUri(String);

/// The parts of a SIP URI.
#[derive(Clone, Copy, Debug)]
struct Parts<'a> {
    user: Option<&'a str>,
    host: &'a str,
    port: Option<u16>,
    /// Parameters with `;` between them.
    params: &'a str,
}

impl Uri {
    /// Creates `sip:user@host:port`; `user` is escaped where necessary.
    pub fn sip(user: Option<&str>, host: &str, port: Option<u16>) -> Result<Self, InvalidUri> {
        let mut text = "sip:".to_owned();
        if let Some(user) = user {
            push_escaped(&mut text, user);
            text.push('@');
        }
        let is_bare_ipv6 = matches!(host.parse(), Ok(IpAddr::V6(_)));
        if is_bare_ipv6 {
            text.extend(["[", host, "]"]);
        } else {
            text.push_str(host);
        }
        if let Some(port) = port {
            text.push(':');
            text.push_str(&port.to_string());
        }
        text.parse()
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the scheme is `sip` or `sips`.
    pub fn is_sip(&self) -> bool {
        self.parts().is_some()
    }

    /// Returns the user part as written, without a password, if there is one.
    pub fn user(&self) -> Option<&str> {
        let user = self.parts()?.user?;
        Some(user.split_once(':').map_or(user, |(user, _)| user))
    }

    /// Returns the host; an IPv6 address is in brackets.
    pub fn host(&self) -> Option<&str> {
        self.parts().map(|parts| parts.host)
    }

    /// Returns the port, if one is written.
    pub fn port(&self) -> Option<u16> {
        self.parts()?.port
    }

    /// Returns the value of a parameter, which is empty if only its name is written.
    pub fn param(&self, name: &str) -> Option<&str> {
        let params = self.parts()?.params;
        let mut params = params
            .split(';')
            .map(|param| param.split_once('=').unwrap_or((param, "")));
        params.find_map(|(other, value)| other.eq_ignore_ascii_case(name).then_some(value))
    }

    fn parts(&self) -> Option<Parts<'_>> {
        split(&self.0)
    }
}

impl FromStr for Uri {
    type Err = InvalidUri;

    fn from_str(text: &str) -> Result<Self, InvalidUri> {
        let error = || InvalidUri(text.to_owned());
        let (scheme, rest) = text.split_once(':').ok_or_else(error)?;
        let is_scheme = scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let is_valid = is_scheme
            && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && !rest.is_empty()
            && rest.bytes().all(is_uri_byte);
        let is_other = !scheme.eq_ignore_ascii_case("sip") && !scheme.eq_ignore_ascii_case("sips");
        if is_valid && (is_other || split(text).is_some()) {
            Ok(Self(text.into()))
        } else {
            Err(error())
        }
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What may stand in a URI between angle brackets.
fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&byte)
}

fn split(text: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = text.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("sip") && !scheme.eq_ignore_ascii_case("sips") {
        return None;
    }
    // A user part may contain `;` and `?`, so the `@` decides.
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, rest),
    };
    let (rest, _headers) = rest.split_once('?').unwrap_or((rest, ""));
    let (host_port, params) = rest.split_once(';').unwrap_or((rest, ""));
    let (host, port) = split_port(host_port)?;
    (user != Some("")).then_some(Parts {
        user,
        host,
        port,
        params,
    })
}

/// Splits `host[:port]`; an IPv6 address must be in brackets.
pub(crate) fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = if let Some(inside) = text.strip_prefix('[') {
        let (address, port) = inside.split_once(']')?;
        address.parse::<std::net::Ipv6Addr>().ok()?;
        (text.get(..address.len().checked_add(2)?)?, port)
    } else {
        let end = text.find(':').unwrap_or(text.len());
        let (host, port) = text.split_at(end);
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        (!host.is_empty() && host.bytes().all(is_host)).then_some(())?;
        (host, port)
    };
    let port = match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok()?)
        }
        None if port.is_empty() => None,
        Some(_) | None => return None,
    };
    Some((host, port))
}

fn push_escaped(text: &mut String, user: &str) {
    for byte in user.bytes() {
        // `%` and `` ` `` are token characters, but not unreserved ones (section 25.1).
        if (is_token_byte(byte) && !b"%`".contains(&byte)) || b"&=$,;?/()".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push_str(&hex::encode_upper([byte]));
        }
    }
}
