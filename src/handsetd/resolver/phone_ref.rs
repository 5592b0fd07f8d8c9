//! A reference to a phone that outlasts restarts.

use std::net::IpAddr;

use handset_phones::phone::{
    Endpoint, Firmware, Identity, Phone, PhoneNames, ServerName, Technology,
};
use serde::{Deserialize, Serialize};

use crate::fleet::AnnouncedPhone;

/// Identifies a phone across restarts. Contains no secret, and nothing that configuration or roster
/// provide again.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct PhoneRef {
    /// The value of `phone=` that finds it.
    text: String,
    endpoint: Option<String>,
    /// The server of the endpoint; `None` also in outboxes of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    server: Option<String>,
    /// Distinguishes it from other phones of the endpoint.
    mac: Option<String>,
    /// Likewise, if the MAC address is unknown.
    ip: Option<IpAddr>,
    /// Its kind when it was last resolved.
    seen: Option<Seen>,
}

/// The kind of a phone, as learned from a call.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Seen {
    vendor: String,
    model: String,
    firmware: String,
}

impl PhoneRef {
    /// Creates a reference that finds `phone` by `text`.
    pub(super) fn new(text: String, phone: &Phone) -> Self {
        Self {
            text,
            endpoint: phone.endpoint.as_ref().map(ToString::to_string),
            server: phone.server.as_ref().map(ToString::to_string),
            mac: phone.mac.map(|mac| mac.to_string()),
            ip: phone.address.ip(),
            seen: Some(Seen {
                vendor: phone.vendor.to_string(),
                model: phone.model.clone(),
                firmware: phone.firmware.to_string(),
            }),
        }
    }

    /// Creates a reference to a phone that is not registered yet.
    pub(super) fn of_absent(
        text: &str,
        endpoint: Option<&Endpoint>,
        server: Option<&ServerName>,
    ) -> Self {
        Self {
            text: endpoint.map_or_else(|| text.to_owned(), ToString::to_string),
            endpoint: endpoint.map(ToString::to_string),
            server: server.map(ToString::to_string),
            mac: None,
            ip: None,
            seen: None,
        }
    }

    /// Creates a reference to a phone that another daemon announces.
    pub(crate) fn announced(phone: &AnnouncedPhone) -> Self {
        let endpoint = phone.endpoint.as_ref().filter(|_| !phone.is_listed);
        Self {
            text: endpoint.unwrap_or(&phone.name).clone(),
            endpoint: phone.endpoint.clone(),
            server: phone.server.clone(),
            mac: phone.mac.clone(),
            ip: phone.ip.as_ref().and_then(|ip| ip.parse().ok()),
            seen: None,
        }
    }

    /// Creates a reference to the phone `name` of the server of another daemon, which no daemon announces; it may
    /// be an endpoint that is not registered.
    pub(crate) fn of_server(name: &str, server: Option<&str>) -> Self {
        let endpoint = name.parse::<Endpoint>();
        let endpoint = endpoint.or_else(|_| Endpoint::new(Technology::Pjsip, name));
        let endpoint = endpoint.ok().map(|endpoint| endpoint.to_string());
        Self {
            text: name.to_owned(),
            server: server.filter(|_| endpoint.is_some()).map(ToOwned::to_owned),
            endpoint,
            mac: None,
            ip: None,
            seen: None,
        }
    }

    /// Returns the phone as a daemon would announce it that does not reach it.
    pub(crate) fn to_announced(&self) -> AnnouncedPhone {
        let name = self
            .text
            .split_once('/')
            .map_or(&*self.text, |(_, name)| name);
        let seen = self.seen.as_ref();
        AnnouncedPhone {
            name: name.to_owned(),
            endpoint: self.endpoint.clone(),
            server: self.server.clone(),
            mac: self.mac.clone(),
            ip: self.ip.map(|ip| ip.to_string()),
            vendor: seen.map_or_else(String::new, |seen| seen.vendor.clone()),
            is_listed: false,
            is_reached: false,
        }
    }

    /// Sets the value of `phone=` that finds it, which may have its server.
    pub(super) fn with_text(self, text: &str) -> Self {
        let server = self.server.as_deref();
        let name = server.and_then(|server| text.strip_prefix(server)?.strip_prefix('/'));
        let text = name.unwrap_or(text).to_owned();
        Self { text, ..self }
    }

    /// Sets the server of the endpoint, unless it is known.
    pub(super) fn at(self, server: &ServerName) -> Self {
        let only = self.endpoint.is_some().then(|| server.to_string());
        Self {
            server: self.server.or(only),
            ..self
        }
    }

    /// Returns a key that phones of several servers do not share: the endpoint with its server; without
    /// an endpoint, the text that finds the phone.
    pub(crate) fn key(&self) -> String {
        match (&self.server, &self.endpoint) {
            (Some(server), Some(endpoint)) => format!("{server}/{endpoint}"),
            (_, endpoint) => endpoint.as_ref().unwrap_or(&self.text).clone(),
        }
    }

    /// Returns whether it may be a phone of this endpoint.
    pub(crate) fn may_be_of(key: &str, endpoint: &Endpoint) -> bool {
        // One that was not registered is stored under its name in PJSIP.
        let plain = format!("PJSIP/{}", endpoint.name());
        [endpoint.to_string(), plain].iter().any(|endpoint| {
            let server = key.strip_suffix(endpoint.as_str());
            server.is_some_and(|server| server.is_empty() || server.ends_with('/'))
        })
    }

    /// Returns whether it may be a phone of any server.
    pub(super) fn is_of_unknown_server(&self) -> bool {
        self.server.is_none() && self.endpoint.is_some()
    }

    /// Returns the server of the endpoint, if known.
    pub(crate) fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// Returns the value of `phone=` that finds the phone of its server.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the name of the phone of the server, even if a group was called so meanwhile.
    pub(super) fn names(&self, server: Option<&ServerName>) -> PhoneNames {
        match server {
            Some(server) => PhoneNames::inserted(&server.qualify(&self.text)),
            None => PhoneNames::inserted(&self.text),
        }
    }

    /// Returns whether it distinguishes the phones of an endpoint.
    pub(super) fn is_identifying(&self) -> bool {
        self.mac.is_some() || self.ip.is_some()
    }

    /// Returns whether `phone` has its MAC address or, if either is unknown, its IP address.
    pub(super) fn identifies(&self, phone: &Phone) -> bool {
        let mac = phone.mac.map(|mac| mac.to_string());
        match (&self.mac, mac) {
            (Some(own), Some(other)) => *own == other,
            _ => self.ip.is_some() && self.ip == phone.address.ip(),
        }
    }

    /// Returns the IP address and identity that the phone had when it was last resolved.
    pub(super) fn last_seen(&self) -> Option<(Option<IpAddr>, Identity)> {
        let seen = self.seen.as_ref()?;
        let identity = Identity {
            vendor: seen.vendor.parse().ok()?,
            model: seen.model.clone(),
            firmware: Firmware::new(&seen.firmware),
            mac: self.mac.as_ref().and_then(|mac| mac.parse().ok()),
        };
        Some((self.ip, identity))
    }
}
