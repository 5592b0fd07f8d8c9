//! What a part of `phone=` names.

use crate::phone::{PhoneEntry, ServerName};

/// The target that a part of `phone=` names.
#[derive(Clone, Debug)]
pub enum Target {
    /// A configured phone.
    Listed(PhoneEntry),
    /// A name of phones of several servers, of which none is meant more than the others.
    Ambiguous {
        /// The name.
        name: String,
        /// The servers.
        servers: Vec<ServerName>,
    },
    /// A group that a value of an event names, which must name one phone.
    Group(String),
    /// A pattern, or `all`, that stands for no phone.
    NoMatch(String),
    /// A name without a technology that is neither configured nor registered; its endpoint is that of
    /// PJSIP, and may turn out to be another.
    Plain(PhoneEntry),
    /// An endpoint that is not configured; Asterisk may know it.
    Unlisted(PhoneEntry),
    /// A MAC or IP address that is not configured, or an invalid name.
    Unknown {
        /// The address or name.
        text: String,
        /// The server whose phone is meant, if it matters.
        server: Option<ServerName>,
    },
    /// A configured phone with an address, which may be that of several servers.
    Unplaced {
        /// Its name.
        name: String,
        /// The servers.
        servers: Vec<ServerName>,
    },
}

impl Target {
    /// Returns its entry, if it is one phone.
    pub fn entry(&self) -> Option<&PhoneEntry> {
        match self {
            Self::Listed(entry) | Self::Plain(entry) | Self::Unlisted(entry) => Some(entry),
            _ => None,
        }
    }

    /// Returns its name, without that of its server.
    pub fn name(&self) -> &str {
        match self {
            Self::Listed(entry) | Self::Plain(entry) | Self::Unlisted(entry) => &entry.name,
            Self::Ambiguous { name, .. }
            | Self::Group(name)
            | Self::NoMatch(name)
            | Self::Unplaced { name, .. }
            | Self::Unknown { text: name, .. } => name,
        }
    }

    /// Returns a unique key. The name of an unlisted phone is not: endpoints of several technologies may
    /// share it.
    pub(super) fn identity(&self) -> String {
        let (server, name) = match self {
            Self::Listed(entry) => (&entry.server, entry.name.clone()),
            Self::Plain(entry) | Self::Unlisted(entry) => match &entry.endpoint {
                Some(endpoint) => (&entry.server, endpoint.to_string()),
                None => (&entry.server, entry.name.clone()),
            },
            Self::Unknown { text, server } => (server, text.clone()),
            other => (&None, other.name().to_owned()),
        };
        match server {
            Some(server) => server.qualify(name),
            None => name,
        }
    }
}
