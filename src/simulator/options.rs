//! The model and configuration of a simulated phone.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use url::Url;

use crate::Vendor;

/// The model and configuration of a simulated phone.
#[derive(Clone, Debug)]
pub struct Options {
    /// The vendor.
    pub vendor: Vendor,
    /// Address of the phone's web server; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Model, such as `7970G`, `D785` or `SIP-T46G`.
    pub model: String,
    /// Firmware version, which decides what the phone supports.
    pub firmware: String,
    /// MAC address, with or without separators.
    pub mac: String,
    /// Name and password that the web server asks for; `None` asks for nothing. Cisco phones with
    /// enterprise firmware use `authentication_url` instead.
    pub credentials: Option<(String, String)>,
    /// How the web server asks for `credentials`.
    pub scheme: Scheme,
    /// Whether a digest nonce is stale after one request.
    pub one_time_nonces: bool,
    /// URL that the phone asks whether a push is allowed (Cisco); `None` accepts every push.
    pub authentication_url: Option<Url>,
    /// How the phone asks the authentication URL (Cisco).
    pub authentication_method: AuthenticationMethod,
    /// How long `Play:` of a ring tone file lasts (Cisco). Its response is sent afterwards.
    pub playback: Duration,
    /// Addresses that may push (Yealink's `push_xml.server`); `None` allows all.
    pub push_servers: Option<Vec<IpAddr>>,
    /// Access to remote control (Yealink's action URIs).
    pub remote_control: RemoteControl,
    /// Settings from provisioning that differ from those of a typical phone (Snom, Yealink).
    pub settings: BTreeMap<String, String>,
    /// Faults; none by default.
    pub faults: Faults,
}

impl Options {
    /// Describes a typical phone without faults, on a free port of 127.0.0.1.
    pub fn new(vendor: Vendor) -> Self {
        let (model, firmware, mac) = match vendor {
            Vendor::Cisco => ("7970G", "8.5.4", "00:00:5E:00:53:01"),
            Vendor::Snom => ("D785", "10.1.198.12", "00:00:5E:00:53:02"),
            Vendor::Yealink => ("SIP-T46G", "28.83.0.130", "00:00:5E:00:53:03"),
        };
        Self {
            vendor,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            model: model.to_owned(),
            firmware: firmware.to_owned(),
            mac: mac.to_owned(),
            credentials: None,
            scheme: Scheme::None,
            one_time_nonces: false,
            authentication_url: None,
            authentication_method: AuthenticationMethod::Get,
            playback: Duration::from_millis(200),
            push_servers: None,
            remote_control: RemoteControl::default(),
            settings: BTreeMap::new(),
            faults: Faults::default(),
        }
    }

    /// Returns the `User-Agent` of the phone's SIP messages, in the vendor's format.
    pub fn user_agent(&self) -> String {
        let Self {
            model, firmware, ..
        } = self;
        match self.vendor {
            Vendor::Cisco => format!("Cisco-CP{model}/{firmware}"),
            Vendor::Snom => format!("snom{model}/{firmware}"),
            Vendor::Yealink => format!("Yealink {model} {firmware}"),
        }
    }

    /// Returns the MAC address as twelve digits in upper case; `None` if it is invalid.
    pub(crate) fn mac_digits(&self) -> Option<String> {
        let digits: String = self
            .mac
            .chars()
            .filter(|c| !matches!(c, ':' | '-' | '.'))
            .collect();
        let valid = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        valid.then(|| digits.to_ascii_uppercase())
    }
}

/// Access to the remote control of a Yealink phone (action URIs).
///
/// The default is what `etc/provisioning/yealink.cfg` configures. On a factory-fresh phone the list
/// is blank and the phone asks its user.
#[derive(Clone, Debug)]
pub struct RemoteControl {
    /// `features.action_uri.enable`.
    pub enabled: bool,
    /// `features.action_uri_limit_ip`: comma-separated addresses, in which `*` stands for any part,
    /// or `any`. A blank list allows no address.
    pub limit_ip: String,
    /// `features.show_action_uri_option`: whether the user must first allow it at the phone.
    pub asks: bool,
}

impl Default for RemoteControl {
    fn default() -> Self {
        Self {
            enabled: true,
            limit_ip: "any".to_owned(),
            asks: false,
        }
    }
}

/// HTTP authentication scheme of a web server.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Scheme {
    /// Basic.
    Basic,
    /// Digest, MD5 with `qop=auth`.
    Digest,
    /// No authentication.
    #[default]
    None,
}

/// How a Cisco phone asks its authentication URL.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AuthenticationMethod {
    /// A query, as on the 7970 and later models.
    #[default]
    Get,
    /// A form, as on older models.
    Post,
}

/// Faults of a phone; the default has none.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Closes each connection as soon as a request arrives.
    pub close: bool,
    /// Delay before each response.
    pub delay: Duration,
    /// Responds with bytes that are not HTTP.
    pub garbage: bool,
    /// Accepts connections and never responds.
    pub hang: bool,
    /// Responds to every request with this status, and does nothing.
    pub status: Option<u16>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agents_have_the_format_of_the_vendor() {
        let agents = Vendor::ALL.map(|vendor| Options::new(vendor).user_agent());
        assert_eq!(
            agents,
            [
                "Cisco-CP7970G/8.5.4",
                "snomD785/10.1.198.12",
                "Yealink SIP-T46G 28.83.0.130"
            ]
        );
    }

    #[test]
    fn mac_addresses_may_have_any_separators() {
        let mut options = Options::new(Vendor::Cisco);
        for mac in [
            "00:00:5e:00:53:01",
            "00005E005301",
            "0000.5e00.5301",
            "00-00-5E-00-53-01",
        ] {
            options.mac = mac.to_owned();
            assert_eq!(
                options.mac_digits().as_deref(),
                Some("00005E005301"),
                "{mac}"
            );
        }
        for mac in ["", "00:00:5E:00:53", "00:00:5E:00:53:0G", "äöü"] {
            options.mac = mac.to_owned();
            assert_eq!(options.mac_digits(), None, "{mac}");
        }
    }
}
