//! Access to remote control: the feature switch, the list of addresses, the question at the phone, and
//! only then the password. The request that raises the question is lost.
//!
//! The guides give no status code for a denial; here it is 403, with the guides' text.

use std::net::IpAddr;

use super::Yealink;
use crate::request::{Request, Response};
use crate::state::{Content, Screen, SoftKey};

impl Yealink {
    /// Authorizes a request, or returns the response that denies it.
    pub(super) fn authorize_control(&self, request: &Request) -> Result<(), Response> {
        let peer = request.peer.ip().to_canonical();
        if !self.device.options().remote_control.enabled {
            return Err(Response::empty(403).refusing("features.action_uri.enable = 0"));
        }
        if !is_listed(&self.device.options().remote_control.limit_ip, peer) {
            return Err(
                Response::empty(403).refusing("the address is not in features.action_uri_limit_ip")
            );
        }
        self.require_consent(&peer.to_string()).map_err(|reason| {
            Response::with_body(403, "text/html", "Remote control forbidden").refusing(reason)
        })
    }

    /// Authorizes a NOTIFY, to which the list of addresses does not apply.
    pub(super) fn authorize_notify(&self) -> Result<(), &'static str> {
        if !self.device.options().remote_control.enabled {
            return Err("features.action_uri.enable = 0");
        }
        self.require_consent("NOTIFY")
    }

    /// Asks the user about a new source, if the phone is set to ask.
    fn require_consent(&self, source: &str) -> Result<(), &'static str> {
        let mut consent = self.consent.lock();
        if !self.device.options().remote_control.asks || consent.allowed.contains(source) {
            return Ok(());
        }
        consent.pending = Some(source.to_owned());
        let key = |position, label: &str, target: &str| SoftKey {
            position,
            label: label.to_owned(),
            target: target.to_owned(),
        };
        self.device.show(Screen {
            content: Content::Text("Allow remote control?".to_owned()),
            soft_keys: vec![key(1, "OK", ALLOW), key(4, "Cancel", "SoftKey:Cancel")],
            ..Screen::default()
        });
        Err("the user has not allowed remote control yet")
    }

    /// Allows the source that the question is about.
    pub(super) fn allow_pending(&self) {
        let mut consent = self.consent.lock();
        if let Some(source) = consent.pending.take() {
            consent.allowed.insert(source);
        }
        drop(consent);
        self.device.clear();
    }
}

/// Returns whether an address is in a list such as `10.10.*.*,192.0.2.1`. A blank list is empty.
fn is_listed(list: &str, peer: IpAddr) -> bool {
    let peer = peer.to_string();
    list.split(',').map(str::trim).any(|entry| {
        let parts = || entry.split('.').zip(peer.split('.'));
        entry == "any"
            || entry == peer
            || entry.split('.').count() == peer.split('.').count()
                && parts().all(|(wanted, part)| wanted == "*" || wanted == part)
                && peer.contains('.')
    })
}

/// The target of the soft key that allows remote control.
pub(super) const ALLOW: &str = "RemoteControl:Allow";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_list_allows_no_address() {
        let peer = "10.10.3.4".parse().unwrap();
        for (list, listed) in [
            ("", false),
            ("any", true),
            ("10.10.*.*", true),
            ("10.11.*.*", false),
            ("192.0.2.1, 10.10.3.4", true),
            ("10.10.0.0/16", false),
            ("*", false),
            ("10.10.3", false),
        ] {
            assert_eq!(is_listed(list, peer), listed, "{list}");
        }
    }
}
