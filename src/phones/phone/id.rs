//! Validated names and addresses of phones.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use crate::invalid_value::quoted;

/// A MAC address; formatted as `00:00:5E:00:53:01`, parsed in every usual spelling.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MacAddress([u8; 6]);

impl MacAddress {
    /// Returns the twelve digits without separators, upper case, as in Cisco's `SEP…` names.
    pub fn digits(self) -> String {
        hex::encode_upper(self.0)
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self.0.map(|byte| format!("{byte:02X}"));
        f.write_str(&pairs.join(":"))
    }
}

impl FromStr for MacAddress {
    type Err = Malformed;

    /// Parses twelve hexadecimal digits, separated by `:`, `-`, `.` or nothing, or the device name of
    /// a Cisco phone (`SEP` and the digits).
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed {
            what: "MAC address",
            text: quoted(text),
        };
        let bare = match text.get(..3) {
            Some(prefix) if prefix.eq_ignore_ascii_case("SEP") => text.get(3..).unwrap_or_default(),
            _ => text,
        };
        let digits: String = bare
            .chars()
            .filter(|c| !matches!(c, ':' | '-' | '.'))
            .collect();
        let mut bytes = [0; 6];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| malformed())?;
        Ok(Self(bytes))
    }
}

/// The address of a phone's web server: a host, and a port if it is not the default one.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Address {
    /// An IP address, without brackets, or a host name.
    pub host: String,
    /// The port, if given.
    pub port: Option<u16>,
}

impl Address {
    /// Returns the address as an IP address, unless it is a name.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Returns the authority part of a URL, with IPv6 addresses in brackets.
    pub fn authority(&self) -> String {
        // No other host has a colon.
        let ip = self
            .host
            .contains(':')
            .then(|| self.host.parse::<Ipv6Addr>());
        let mut authority = String::with_capacity(self.host.len() + "[]:65535".len());
        match ip {
            Some(Ok(ip)) => authority.extend(["[", &ip.to_string(), "]"]),
            _ => authority.push_str(&self.host),
        }
        if let Some(port) = self.port {
            authority.extend([":", &port.to_string()]);
        }
        authority
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        Self {
            host: ip.to_canonical().to_string(),
            port: None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.authority())
    }
}

impl FromStr for Address {
    type Err = Malformed;

    /// Parses `HOST`, `HOST:PORT`, `[IPv6]:PORT` or an IPv6 address without brackets.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed {
            what: "address",
            text: quoted(text),
        };
        let port = |port: &str| {
            port.parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(malformed)
        };
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self::from(ip));
        }
        if let Some((host, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
            let ip: Ipv6Addr = host.parse().map_err(|_| malformed())?;
            let port = match rest.strip_prefix(':') {
                Some(digits) => Some(port(digits)?),
                None if rest.is_empty() => None,
                None => return Err(malformed()),
            };
            return Ok(Self {
                host: ip.to_string(),
                port,
            });
        }
        let (host, port) = match text.split_once(':') {
            Some((host, digits)) => (host, Some(port(digits)?)),
            None => (text, None),
        };
        let label = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if host.is_empty() || !host.chars().all(label) {
            return Err(malformed());
        }
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

/// Returns the host of a SIP URI: `sip:1001@192.0.2.21:5060;transport=udp`, `sip:[2001:db8::1]`.
pub fn sip_host(uri: &str) -> &str {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    match rest.strip_prefix('[') {
        Some(inside) => inside.split(']').next().unwrap_or_default(),
        None => rest.split([':', ';', '?', '>']).next().unwrap_or_default(),
    }
}

/// Returns host and port of a SIP URI: `192.0.2.21:5060`, also where the URI has no port.
pub fn sip_socket(uri: &str) -> String {
    let host = sip_host(uri);
    let rest = uri.rsplit_once('@').map_or(uri, |(_, rest)| rest);
    let after = rest.split_once(host).map_or("", |(_, after)| after);
    let port = after.trim_start_matches(']').strip_prefix(':');
    let digits = port.map(|port| port.split(|c: char| !c.is_ascii_digit()).next());
    let port = digits.flatten().filter(|digits| !digits.is_empty());
    format!("{host}:{}", port.unwrap_or(DEFAULT_SIP_PORT))
}

/// The port of a SIP URI without one, unless it speaks TLS.
const DEFAULT_SIP_PORT: &str = "5060";

/// The channel technology that a phone uses to talk to Asterisk.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Technology {
    /// `chan_pjsip`.
    Pjsip,
    /// The third-party `chan_sccp`.
    Sccp,
    /// `chan_sip`, removed in Asterisk 21.
    Sip,
}

impl Technology {
    /// Returns the name that channel names start with.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pjsip => "PJSIP",
            Self::Sccp => "SCCP",
            Self::Sip => "SIP",
        }
    }
}

/// An endpoint (`PJSIP/1001`), a peer (`SIP/1001`) or a line (`SCCP/1001`) in Asterisk.
///
/// The name is safe as the argument of a dialplan function: it has no parentheses, commas, double
/// quotes, backslashes, braces or control characters. Asterisk takes blanks, `'`, `/` and `&`, too.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Endpoint {
    /// Its technology.
    pub technology: Technology,
    name: String,
}

impl Endpoint {
    /// Creates an endpoint.
    ///
    /// # Errors
    ///
    /// Returns an error if the name is empty, longer than 80 bytes or unsafe in the dialplan.
    pub fn new(technology: Technology, name: &str) -> Result<Self, Malformed> {
        let is_safe = |c: char| c.is_alphanumeric() || "-_.+@#*~!: '/&".contains(c);
        if name.trim() != name
            || name.is_empty()
            || name.len() > Self::MAX_NAME
            || !name.chars().all(is_safe)
        {
            return Err(Malformed {
                what: "endpoint",
                text: name.to_owned(),
            });
        }
        Ok(Self {
            technology,
            name: name.to_owned(),
        })
    }

    /// Returns the endpoint that a channel belongs to: `PJSIP/1001-0000002a` is `PJSIP/1001`.
    ///
    /// Returns `None` for other technologies (`Local/…`, `DAHDI/…`).
    pub fn of_channel(channel: &str) -> Option<Self> {
        let (technology, rest) = channel.split_once('/')?;
        let technology = technology.parse().ok()?;
        // The name may contain dashes; the suffix that Asterisk adds contains none.
        let (name, _) = rest.rsplit_once('-')?;
        Self::new(technology, name).ok()
    }

    /// Returns the name without the technology.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The longest name, in bytes; Asterisk limits the names of channels to 80.
    const MAX_NAME: usize = 80;
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.technology.name())?;
        f.write_str("/")?;
        f.write_str(&self.name)
    }
}

impl FromStr for Endpoint {
    type Err = Malformed;

    /// Parses `TECHNOLOGY/NAME`; a name alone is a PJSIP endpoint.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text.split_once('/') {
            Some((technology, name)) => Self::new(technology.parse()?, name),
            None => Self::new(Technology::Pjsip, text),
        }
    }
}

impl FromStr for Technology {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        [Self::Pjsip, Self::Sccp, Self::Sip]
            .into_iter()
            .find(|technology| technology.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| Malformed {
                what: "channel technology",
                text: quoted(text),
            })
    }
}

/// Text that is not a valid name or address.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("invalid {what} {text:?}")]
pub struct Malformed {
    what: &'static str,
    /// The text, or the start of a long one.
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mac_addresses_are_parsed_in_every_usual_spelling() {
        for text in [
            "00:00:5E:00:53:01",
            "00-00-5e-00-53-01",
            "0000.5e00.5301",
            "00005E005301",
            "SEP00005E005301",
        ] {
            let mac: MacAddress = text.parse().unwrap();
            assert_eq!(mac.to_string(), "00:00:5E:00:53:01", "{text}");
            assert_eq!(mac.digits(), "00005E005301");
        }
    }

    #[test]
    fn invalid_mac_addresses_are_refused() {
        for text in [
            "",
            "00:00:5E:00:53",
            "00:00:5E:00:53:0g",
            "1001",
            "SEP",
            "ü0005E005301",
        ] {
            assert!(text.parse::<MacAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_are_parsed_with_and_without_port() {
        let check = |text: &str, authority: &str, port: Option<u16>| {
            let address: Address = text.parse().unwrap();
            assert_eq!(
                (address.authority().as_str(), address.port),
                (authority, port),
                "{text}"
            );
        };
        check("192.0.2.21", "192.0.2.21", None);
        check("192.0.2.21:8080", "192.0.2.21:8080", Some(8080));
        check("phone-21.example.com", "phone-21.example.com", None);
        check("2001:db8::1", "[2001:db8::1]", None);
        check("[2001:db8::1]:8080", "[2001:db8::1]:8080", Some(8080));
        check("::ffff:192.0.2.21", "192.0.2.21", None);
    }

    #[test]
    fn invalid_addresses_are_refused() {
        for text in [
            "",
            ":80",
            "a b",
            "192.0.2.1:",
            "192.0.2.1:0",
            "192.0.2.1:99999",
            "h/../x",
            "u@h",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    #[test]
    fn socket_of_a_contact_is_extracted() {
        for (uri, socket) in [
            ("sip:1001@192.0.2.21:5062;transport=udp", "192.0.2.21:5062"),
            ("sip:1001@192.0.2.21", "192.0.2.21:5060"),
            ("sip:192.0.2.21;line=7:8", "192.0.2.21:5060"),
            ("sip:a:b@192.0.2.21:1", "192.0.2.21:1"),
            ("sips:1001@[2001:db8::1]:5061", "2001:db8::1:5061"),
            ("sip:1001@[2001:db8::1]", "2001:db8::1:5060"),
            ("", ":5060"),
        ] {
            assert_eq!(sip_socket(uri), socket, "{uri}");
        }
    }

    #[test]
    fn channels_belong_to_endpoints() {
        let check = |channel: &str, endpoint: Option<&str>| {
            let found = Endpoint::of_channel(channel).map(|endpoint| endpoint.to_string());
            assert_eq!(found.as_deref(), endpoint, "{channel}");
        };
        check("PJSIP/1001-0000002a", Some("PJSIP/1001"));
        check("PJSIP/desk-4-0000002a", Some("PJSIP/desk-4"));
        check("SIP/2001-00000001", Some("SIP/2001"));
        check("SCCP/1003-00000007", Some("SCCP/1003"));
        check("Local/700@phones-00000001;1", None);
        check("PJSIP/my phone-00000001", Some("PJSIP/my phone"));
        check("PJSIP/x'y-00000001", Some("PJSIP/x'y"));
        check("PJSIP/a/b-00000001", Some("PJSIP/a/b"));
        check("PJSIP/a&b-00000001", Some("PJSIP/a&b"));
        check("PJSIP/1001", None);
        check("PJSIP/a)b-1", None);
        check("", None);
    }

    #[test]
    fn unsafe_endpoint_names_are_refused() {
        for name in [
            "", "1001)", "a,b", "${X}", "a\nb", "a\"b", "a\\b", " a", "a ",
        ] {
            assert!(Endpoint::new(Technology::Pjsip, name).is_err(), "{name:?}");
        }
        assert_eq!(
            "1001".parse::<Endpoint>().unwrap().to_string(),
            "PJSIP/1001"
        );
        assert_eq!(
            "sip/2001".parse::<Endpoint>().unwrap().to_string(),
            "SIP/2001"
        );
    }
}
