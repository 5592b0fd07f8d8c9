//! Registrations as Asterisk reports them.

use std::net::IpAddr;

use super::{Address, Endpoint, Identity, ServerName, sip_socket};

/// What Asterisk reports about one phone of an endpoint.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RegistrationInfo {
    /// The endpoint.
    pub endpoint: Option<Endpoint>,
    /// The server that it is registered with, if that is known.
    pub server: Option<ServerName>,
    /// The source address of its SIP messages.
    pub address: Option<IpAddr>,
    /// Vendor, model and firmware, from its User-Agent.
    pub identity: Option<Identity>,
    /// Its User-Agent, also where it is not that of a desk phone; empty if unknown.
    pub user_agent: String,
    /// The URI of its contact, which distinguishes it from other phones of the endpoint.
    pub contact: Option<String>,
    /// Its SCCP device, of which the endpoint is a line; lines of one phone share it.
    pub device: Option<String>,
    /// Its private address, if `address` is that of a NAT device.
    pub behind_nat: Option<IpAddr>,
    /// The `Call-ID` of its registration.
    pub call_id: Option<String>,
    /// Whether Asterisk knows the endpoint, although it may have no contact.
    pub is_known: bool,
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
        result.trim().clone_into(&mut self.user_agent);
        self.sources.push(format!("{query} {result:?}"));
    }

    /// Records the result of a query for the model of an SCCP device.
    pub fn record_skinny_type(&mut self, query: &str, result: &str) {
        self.identity = Identity::of_skinny_type(result);
        self.sources.push(format!("{query} {result:?}"));
    }

    /// Returns whether two registrations are those of one phone: lines at one contact, lines of one SCCP
    /// device, or one line at several servers. Different hardware addresses distinguish phones in networks with equal addresses
    /// apart.
    pub fn is_same_phone(&self, other: &Self) -> bool {
        let mac = |info: &Self| info.identity.as_ref().and_then(|identity| identity.mac);
        if let (Some(one), Some(other)) = (mac(self), mac(other))
            && one != other
        {
            return false;
        }
        if self.device.is_some() && self.device == other.device {
            return self.address == other.address;
        }
        let socket = |info: &Self| info.contact.as_deref().map(sip_socket);
        match (socket(self), socket(other)) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(&other),
            _ => self.endpoint == other.endpoint && self.address == other.address,
        }
    }

    /// Joins what a call says about its phone with the contacts of its endpoint: the phone of the call
    /// where a contact at its address is a desk phone, else each contact if one is a desk phone, else
    /// the phone of the call. A call from a softphone thus means the desk phone beside it, and a
    /// call that Asterisk has not placed yet each phone of the endpoint.
    pub fn or_contacts(mut self, mut contacts: Vec<Self>) -> Vec<Self> {
        let is_phone = |contact: &Self| contact.identity.is_some();
        let is_here = |contact: &Self| self.address.is_some() && contact.address == self.address;
        let own = contacts
            .iter()
            .position(|contact| is_here(contact) && is_phone(contact));
        if own.is_none() && contacts.iter().any(is_phone) {
            let is_listed = contacts
                .iter()
                .any(|contact| contact.user_agent == self.user_agent);
            if !self.user_agent.is_empty() && !is_listed {
                contacts.push(self);
            }
            return contacts;
        }
        let own = own.or_else(|| contacts.iter().position(is_here));
        if let Some(contact) = contacts.into_iter().nth(own.unwrap_or_default()) {
            self.address = self.address.or(contact.address);
            self.identity = self.identity.or(contact.identity);
            self.contact = self.contact.or(contact.contact);
            self.server = self.server.or(contact.server);
            if self.user_agent.is_empty() {
                self.user_agent = contact.user_agent;
            }
            self.sources.extend(contact.sources);
        }
        vec![self]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(ip: &str, user_agent: &str) -> RegistrationInfo {
        let mut info = RegistrationInfo {
            address: ip.parse().ok(),
            ..RegistrationInfo::default()
        };
        info.record_user_agent("User-Agent", user_agent);
        info
    }

    #[test]
    fn call_means_the_desk_phones_of_its_endpoint() {
        let snom = || info("192.0.2.1", "snom320/8.7.5.35");
        let yealink = || info("192.0.2.2", "Yealink SIP-T46G 28.83.0.50");
        let soft = || info("192.0.2.3", "Linphone-Desktop/5.2.6");
        let contacts = || vec![soft(), snom(), yealink()];
        let of = |call: RegistrationInfo, contacts: Vec<_>| -> Vec<String> {
            let infos = call.or_contacts(contacts).into_iter();
            let text =
                |info: RegistrationInfo| format!("{} {}", info.address.unwrap(), info.user_agent);
            infos.map(text).collect()
        };
        // A phone that sends no User-Agent with a call.
        assert_eq!(
            of(info("192.0.2.2", ""), contacts()),
            ["192.0.2.2 Yealink SIP-T46G 28.83.0.50"]
        );
        // Not called yet.
        let all = of(info("", ""), contacts());
        assert_eq!(all.len(), 3);
        // A call from the softphone, registered or not.
        assert_eq!(of(soft(), contacts()), all);
        assert_eq!(of(info("192.0.2.9", "Zoiper"), contacts()).len(), 4);
        // No desk phone at all.
        assert_eq!(
            of(soft(), vec![soft()]),
            ["192.0.2.3 Linphone-Desktop/5.2.6"]
        );
        assert_eq!(of(info("", ""), vec![soft()]).len(), 1);
        assert_eq!(of(soft(), Vec::new()).len(), 1);
    }
}
