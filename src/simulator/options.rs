//! What kind of phone to simulate, and how it is set up.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use url::Url;

use crate::Vendor;

/// What kind of phone to simulate, and how it is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The maker.
    pub vendor: Vendor,
    /// Where the phone's web server listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The model: `7970G`, `D785`, `SIP-T46G`.
    pub model: String,
    /// The firmware's version.
    pub firmware: String,
    /// The hardware address, with or without separators.
    pub mac: String,
    /// The name and password that the web server asks for (Snom, Yealink); none asks nothing.
    pub credentials: Option<(String, String)>,
    /// How the web server asks for them (Snom, Yealink).
    pub scheme: Scheme,
    /// Whether the web server forgets a digest nonce once it was used, and says that it is stale.
    pub nonces_expire: bool,
    /// Whom the phone asks about a push (Cisco); none accepts every request.
    pub authentication_url: Option<Url>,
    /// How the phone asks (Cisco).
    pub authentication_method: AuthenticationMethod,
    /// How long `Play:` of a ring tone file lasts (Cisco); its answer waits for that.
    pub playback: Duration,
    /// Who may push (Yealink's `push_xml.server`); none is anybody.
    pub allow: Option<Vec<IpAddr>>,
    /// Whether and how it lets itself be controlled from outside (Yealink's action URIs).
    pub remote_control: RemoteControl,
    /// What is wrong with the phone.
    pub faults: Faults,
}

impl Options {
    /// Describes a typical, healthy phone of `vendor` on a free port of the loopback address.
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
            nonces_expire: false,
            authentication_url: None,
            authentication_method: AuthenticationMethod::Get,
            playback: Duration::from_millis(200),
            allow: None,
            remote_control: RemoteControl::default(),
            faults: Faults::default(),
        }
    }

    /// Returns the `User-Agent` of the phone's SIP messages, in the vendor's form.
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

    /// Returns the twelve digits of the hardware address in upper case.
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

/// Whether and how a phone lets itself be controlled from outside (Yealink's action URIs).
///
/// The default is what `etc/provisioning/yealink.cfg` makes of a phone. A phone out of its box has a
/// blank list, and asks.
#[derive(Clone, Debug)]
pub struct RemoteControl {
    /// Whether it does at all: `features.action_uri.enable`.
    pub enabled: bool,
    /// By whom: `features.action_uri_limit_ip`, addresses with commas between them and perhaps `*`
    /// for a part, or `any`. Blank is nobody.
    pub limit_ip: String,
    /// Whether somebody must agree at the phone first: `features.show_action_uri_option`.
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

/// How a web server asks for a name and a password.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Scheme {
    /// Once, in the clear.
    Basic,
    /// By challenge, MD5 with `qop=auth`.
    Digest,
    /// Not at all.
    #[default]
    None,
}

/// How a Cisco phone asks its authentication URL.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AuthenticationMethod {
    /// With a query, as the 7970 and later do.
    #[default]
    Get,
    /// With a form, as older ones do.
    Post,
}

/// What is wrong with a phone; nothing unless set.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// It closes a connection as soon as a request arrives.
    pub close: bool,
    /// It waits before it answers.
    pub delay: Duration,
    /// It answers with bytes that are no HTTP.
    pub garbage: bool,
    /// It accepts connections and never answers.
    pub hang: bool,
    /// It answers every request with this status and does nothing.
    pub status: Option<u16>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agents_have_the_vendors_forms() {
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
    fn a_hardware_address_is_twelve_digits_however_written() {
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
