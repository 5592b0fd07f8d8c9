//! What the vendors differ in.

use super::plain;
use crate::document::Element;
use crate::naming::Naming;
use crate::phone::SimulatedPhone;
use crate::vendor_phone::VendorPhone;

/// The side of a phone that CSTA sees.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub(super) phone: SimulatedPhone,
    /// User names of the identities by which the phone may be called.
    pub(super) user: String,
}

/// How a phone asks for credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Challenge {
    Never,
    FirstInvite,
    EveryRequest,
}

impl Profile {
    /// Returns whether the phone takes part in sessions at all.
    pub(super) fn is_enabled(&self) -> bool {
        match self.phone.vendor_phone() {
            VendorPhone::Cisco(_) => false,
            VendorPhone::Snom(phone) => {
                phone.has_csta_over_sip() && phone.setting("csta_control").as_deref() == Some("on")
            }
            VendorPhone::Yealink(_) => self.setting("features.csta_control.enable", "1") == "1",
        }
    }

    /// Returns whether requests from others than the registrar are dropped.
    pub(super) fn drops_strangers(&self) -> bool {
        match self.phone.vendor_phone() {
            VendorPhone::Snom(phone) => phone.setting("filter_registrar").as_deref() != Some("off"),
            VendorPhone::Cisco(_) | VendorPhone::Yealink(_) => false,
        }
    }

    /// Returns whether a session may be set up at a URI that is not the registered contact.
    pub(super) fn admits_dial_in(&self) -> bool {
        match self.phone.vendor_phone() {
            VendorPhone::Snom(phone) => {
                let types = phone.setting("sip_ip_dialin_content_types");
                let types = types.unwrap_or_default();
                types
                    .split_whitespace()
                    .any(|one| one == super::body::MEDIA_TYPE)
            }
            VendorPhone::Cisco(_) | VendorPhone::Yealink(_) => true,
        }
    }

    /// Returns when the phone asks for credentials.
    pub(super) fn challenge(&self) -> Challenge {
        let VendorPhone::Snom(phone) = self.phone.vendor_phone() else {
            return Challenge::Never;
        };
        match phone.setting("csta_challenge").as_deref() {
            Some("1") => Challenge::FirstInvite,
            Some("2") => Challenge::EveryRequest,
            _ => Challenge::Never,
        }
    }

    /// Returns the editions that the phone understands.
    pub(super) fn editions(&self) -> &'static [u8] {
        match self.phone.vendor_phone() {
            VendorPhone::Snom(_) => &[3, 4, 5],
            VendorPhone::Cisco(_) | VendorPhone::Yealink(_) => &[3],
        }
    }

    /// Returns the edition in which the phone responds.
    pub(super) fn own_edition(&self) -> u8 {
        self.editions().last().copied().unwrap_or(3)
    }

    /// Returns whether a phone responds to `MonitorStart` that it monitors calls which exist already.
    pub(super) fn monitors_existing_calls(&self) -> bool {
        matches!(self.phone.vendor_phone(), VendorPhone::Snom(_))
    }

    /// Returns how the phone names itself and others.
    pub(super) fn naming(&self) -> Naming {
        match self.phone.vendor_phone() {
            VendorPhone::Snom(phone) => phone.naming(),
            VendorPhone::Cisco(_) | VendorPhone::Yealink(_) => Naming {
                own: self.setting("account.1.user_name", &self.user),
                host: None,
            },
        }
    }

    /// Performs a request other than those about the session itself; returns the content of the response, or
    /// the error code.
    pub(super) fn perform(&self, body: &Element) -> Result<String, &'static str> {
        match self.phone.vendor_phone() {
            VendorPhone::Snom(phone) => phone.perform_csta(body),
            VendorPhone::Cisco(_) | VendorPhone::Yealink(_) => {
                plain::perform(self.phone.device(), body, &self.naming(), &self.user)
            }
        }
    }

    /// Returns the category of an error code: Snom phones know one only.
    pub(super) fn category(&self, error: &str) -> &'static str {
        match (self.phone.vendor_phone(), error) {
            (VendorPhone::Snom(_), _) => "operation",
            (_, "invalidConnectionState" | "noCallToAnswer") => "stateIncompatibility",
            _ => "operation",
        }
    }

    fn setting(&self, name: &str, default: &str) -> String {
        let changed = self.phone.state().settings.get(name).cloned();
        let provisioned = || self.phone.options().settings.get(name).cloned();
        changed
            .or_else(provisioned)
            .unwrap_or_else(|| default.to_owned())
    }
}
