//! What Asterisk knows of the phone behind one endpoint.

use std::net::IpAddr;

use super::{Address, Endpoint, Identity};

/// What Asterisk says of one endpoint.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RegistrationInfo {
    /// The endpoint asked about.
    pub endpoint: Option<Endpoint>,
    /// The address that its SIP messages come from.
    pub address: Option<IpAddr>,
    /// What it says it is.
    pub identity: Option<Identity>,
    /// The URI that Asterisk reaches it at, which tells it apart from other phones of the endpoint.
    pub contact: Option<String>,
    /// Its own address, where `address` is that of a NAT before it.
    pub behind_nat: Option<IpAddr>,
    /// The `Call-ID` of its registration.
    pub call_id: Option<String>,
    /// What was asked and what came of it, one phrase each, for the answer when it did not suffice.
    pub tried: Vec<String>,
}

impl RegistrationInfo {
    /// Records the answer to a question for the address; `question` is named if the phone cannot be
    /// resolved.
    pub fn record_address(&mut self, question: &str, answer: &str) {
        let parsed = answer
            .parse::<Address>()
            .ok()
            .and_then(|address| address.ip());
        self.address = parsed.filter(|ip| !ip.is_unspecified());
        match self.address {
            Some(ip) => self.tried.push(format!("{question} {ip}")),
            None => self.tried.push(format!("{question} (no address)")),
        }
    }

    /// Records the answer to a question for the User-Agent.
    pub fn record_user_agent(&mut self, question: &str, answer: &str) {
        self.identity = Identity::of_user_agent(answer.trim());
        self.tried.push(format!("{question} {answer:?}"));
    }

    /// Fills in what is missing from the contact at the same address, or else from the first.
    pub fn fill_from_contacts(&mut self, contacts: Vec<Self>) {
        let same = contacts
            .iter()
            .position(|contact| contact.address == self.address);
        let Some(contact) = contacts.into_iter().nth(same.unwrap_or_default()) else {
            return;
        };
        self.address = self.address.or(contact.address);
        self.identity = self.identity.take().or(contact.identity);
        self.tried.extend(contact.tried);
    }
}
