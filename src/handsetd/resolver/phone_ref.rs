//! A reference to a phone that outlasts restarts.

use std::net::IpAddr;

use handset_phones::phone::{Endpoint, Firmware, Identity, Phone, PhoneNames};
use serde::{Deserialize, Serialize};

/// Identifies a phone across restarts. Contains no secret, and nothing that configuration or roster
/// provide again.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct PhoneRef {
    /// The value of `phone=` that finds it.
    text: String,
    endpoint: Option<String>,
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
    pub(super) fn of_absent(text: &str, endpoint: Option<&Endpoint>) -> Self {
        Self {
            text: endpoint.map_or_else(|| text.to_owned(), ToString::to_string),
            endpoint: endpoint.map(ToString::to_string),
            mac: None,
            ip: None,
            seen: None,
        }
    }

    /// Sets the value of `phone=` that finds it.
    pub(super) fn with_text(self, text: String) -> Self {
        Self { text, ..self }
    }

    /// Returns the endpoint; without one, the text that finds the phone.
    pub(crate) fn key(&self) -> &str {
        self.endpoint.as_deref().unwrap_or(&self.text)
    }

    /// Returns the value of `phone=` that finds the phone.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text as the name of one phone, even if a group was called so meanwhile.
    pub(super) fn names(&self) -> PhoneNames {
        PhoneNames::inserted(&self.text)
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
