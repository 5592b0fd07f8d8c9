//! The announcements of a daemon: its phones, its groups, and its Asterisk servers.

use serde::{Deserialize, Serialize};

/// A phone that a daemon reaches, or may reach once the phone registers.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct AnnouncedPhone {
    /// Its name without its server.
    pub(crate) name: String,
    /// Its endpoint in Asterisk: `PJSIP/1001`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    /// The Asterisk server of its endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<String>,
    /// Its hardware address: `00:00:5E:00:53:01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mac: Option<String>,
    /// The IP address of its web server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ip: Option<String>,
    /// Its vendor; empty if unknown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) vendor: String,
    /// Whether a `[[phone]]` section names it.
    #[serde(default)]
    pub(crate) is_listed: bool,
    /// Whether the daemon can send to it now.
    #[serde(default)]
    pub(crate) is_reached: bool,
}

impl AnnouncedPhone {
    /// Returns whether `other` is the same phone, as another daemon announces it.
    pub(crate) fn is_same_phone(&self, other: &Self) -> bool {
        let own = self.identities();
        let mut others = other.identities().into_iter();
        others.any(|identity| own.contains(&identity))
    }

    /// Returns keys; two announcements are of the same phone if they share one. The keys are its contact at
    /// the endpoint of a server, where servers of the same name are the same; its hardware address at its IP
    /// address; or, without a server, its name at its IP address. A private IP address alone may belong to a
    /// phone at every site, and anyone can claim a hardware address.
    pub(crate) fn identities(&self) -> Vec<String> {
        let mut found = Vec::new();
        if let (Some(server), Some(endpoint)) = (&self.server, &self.endpoint) {
            let contacts = [&self.mac, &self.ip].into_iter().flatten();
            found.extend(contacts.map(|contact| format!("{server}/{endpoint}#{contact}")));
            if found.is_empty() {
                found.push(format!("{server}/{endpoint}"));
            }
        }
        if let (Some(mac), Some(ip)) = (&self.mac, &self.ip) {
            found.push(format!("{mac}@{ip}"));
        }
        if let (None, Some(ip)) = (&self.server, &self.ip) {
            found.push(format!("{}@{ip}", self.name));
        }
        found
    }

    /// Returns the endpoint with its server: `berlin/PJSIP/1001`.
    pub(crate) fn account(&self) -> Option<String> {
        let (server, endpoint) = (self.server.as_ref()?, self.endpoint.as_ref()?);
        Some(format!("{server}/{endpoint}"))
    }

    /// Returns its name, qualified with its server if it has one.
    pub(crate) fn qualified_name(&self) -> String {
        match &self.server {
            Some(server) => format!("{server}/{}", self.name),
            None => self.name.clone(),
        }
    }
}

/// An Asterisk server that a daemon is configured for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct AnnouncedServer {
    /// Whether the daemon leads it.
    #[serde(default)]
    pub(crate) is_led: bool,
}

/// A group in the configuration of a daemon.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct AnnouncedGroup {
    /// Its members, as written in the configuration.
    pub(crate) members: Vec<String>,
}
