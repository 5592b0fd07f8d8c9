//! Registrations as Asterisk reports them.

use std::net::IpAddr;

use super::{Address, Endpoint, Identity};

/// What Asterisk reports about one phone of an endpoint.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RegistrationInfo {
    /// The endpoint.
    pub endpoint: Option<Endpoint>,
    /// The source address of its SIP messages.
    pub address: Option<IpAddr>,
    /// Vendor, model and firmware, from its User-Agent.
    pub identity: Option<Identity>,
    /// The URI of its contact, which distinguishes it from other phones of the endpoint.
    pub contact: Option<String>,
    /// Its private address, if `address` is that of a NAT device.
    pub behind_nat: Option<IpAddr>,
    /// The `Call-ID` of its registration.
    pub call_id: Option<String>,
    /// The queries and their results, one phrase each, for [`Unresolved`](super::Unresolved).
    pub sources: Vec<String>,
}

impl RegistrationInfo {
    /// Records the result of a query for the address.
    pub fn record_address(&mut self, query: &str, result: &str) {
        let parsed = result
            .parse::<Address>()
            .ok()
            .and_then(|address| address.ip());
        self.address = parsed.filter(|ip| !ip.is_unspecified());
        match self.address {
            Some(ip) => self.sources.push(format!("{query} {ip}")),
            None => self.sources.push(format!("{query} (no address)")),
        }
    }

    /// Records the result of a query for the User-Agent.
    pub fn record_user_agent(&mut self, query: &str, result: &str) {
        self.identity = Identity::of_user_agent(result.trim());
        self.sources.push(format!("{query} {result:?}"));
    }

    /// Fills in missing values from the contact at the same address, or else from the first one.
    pub fn fill_from_contacts(&mut self, contacts: Vec<Self>) {
        let same = contacts
            .iter()
            .position(|contact| contact.address == self.address);
        let Some(contact) = contacts.into_iter().nth(same.unwrap_or_default()) else {
            return;
        };
        self.address = self.address.or(contact.address);
        self.identity = self.identity.take().or(contact.identity);
        self.sources.extend(contact.sources);
    }
}
