//! The contacts of one server, changed by answers and events. No I/O.

use std::collections::HashMap;

use super::contact::Contact;
use super::query_queue::Query;
use handset_ami::{Event, Response};
use handset_phones::phone::{Endpoint, Technology};

/// Who is registered with one server.
#[derive(Debug, Default)]
pub(super) struct Table {
    endpoints: HashMap<Endpoint, Vec<Contact>>,
    /// How often each was told to come, by events.
    seen: HashMap<Endpoint, u64>,
    current: bool,
}

impl Table {
    /// Returns the contacts of an endpoint.
    pub(super) fn contacts(&self, endpoint: &Endpoint) -> &[Contact] {
        self.endpoints.get(endpoint).map_or(&[], Vec::as_slice)
    }

    /// Returns how often an event told that a phone of the endpoint came.
    pub(super) fn registration_count(&self, endpoint: &Endpoint) -> u64 {
        self.seen.get(endpoint).copied().unwrap_or_default()
    }

    /// Returns all contacts, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Contact> {
        self.endpoints.values().flatten()
    }

    /// Returns whether all was read, and the connection stands since.
    pub(super) fn is_current(&self) -> bool {
        self.current
    }

    /// Says whether [`is_current`](Self::is_current).
    pub(super) fn note_current(&mut self, current: bool) {
        self.current = current;
    }

    /// Takes an event in, and returns what it makes worth asking.
    pub(super) fn note(&mut self, event: &Event) -> Option<Query> {
        let header = |name| event.header(name).unwrap_or_default();
        match event.name() {
            "ContactStatus" => {
                let endpoint = Endpoint::new(Technology::Pjsip, header("EndpointName")).ok()?;
                let status = header("ContactStatus");
                if status.eq_ignore_ascii_case("Removed") {
                    self.drop_contact(&endpoint, header("URI"));
                } else if ["Created", "NonQualified", "Reachable"]
                    .iter()
                    .any(|word| status.eq_ignore_ascii_case(word))
                {
                    self.see(&endpoint);
                }
                // Asked even then: a list that is on its way may have been made before.
                Some(Query::Endpoint(endpoint))
            }
            "PeerStatus" => {
                let endpoint = endpoint(header("Peer"))?;
                let status = header("PeerStatus");
                if ["Reachable", "Registered"]
                    .iter()
                    .any(|word| status.eq_ignore_ascii_case(word))
                {
                    self.see(&endpoint);
                }
                let is_gone = status.eq_ignore_ascii_case("Unregistered");
                if is_gone && endpoint.technology == Technology::Sip {
                    self.endpoints.remove(&endpoint);
                }
                askable(endpoint)
            }
            // Of chan-sccp: an event of that name says of a device that it came or went.
            "DeviceStatus" if header("ChannelType").eq_ignore_ascii_case("SCCP") => {
                let device = Endpoint::new(Technology::Sccp, header("SCCPDevice")).ok()?;
                if header("DeviceStatus").eq_ignore_ascii_case("UNREGISTERED") {
                    self.endpoints.remove(&device);
                    return None;
                }
                self.see(&device);
                Some(Query::SccpDevices)
            }
            // It adds nothing but the hint that another event was missed.
            "DeviceStateChange" => {
                let endpoint = endpoint(header("Device"))?;
                let is_there = match header("State") {
                    "UNAVAILABLE" => false,
                    "INVALID" | "UNKNOWN" => return None,
                    _ => true,
                };
                let is_known = !self.contacts(&endpoint).is_empty();
                (is_there != is_known).then(|| askable(endpoint)).flatten()
            }
            _ => None,
        }
    }

    /// Takes an answer in, and returns what else it makes worth asking.
    pub(super) fn answer(&mut self, question: &Query, answer: &Response) -> Vec<Query> {
        match question {
            Query::Commands => {
                let has = |name: &str| {
                    let mut headers = answer.headers();
                    headers.any(|(header, _)| header.eq_ignore_ascii_case(name))
                };
                let lists = [
                    ("PJSIPShowContacts", Query::Contacts),
                    ("SIPpeers", Query::Peers),
                    ("SCCPListDevices", Query::SccpDevices),
                ];
                let lists = lists.into_iter().filter(|(name, _)| has(name));
                lists.map(|(_, question)| question).collect()
            }
            // None at all is an error to Asterisk.
            Query::Contacts => {
                let contacts = answer.items().iter().filter_map(Contact::of_pjsip);
                self.replace(Technology::Pjsip, contacts);
                Vec::new()
            }
            Query::Peers => self.listed(Technology::Sip, answer, Contact::of_peer),
            Query::SccpDevices => self.listed(Technology::Sccp, answer, Contact::of_sccp_device),
            Query::Endpoint(endpoint) if endpoint.technology == Technology::Sccp => {
                let model = answer.header("Value").unwrap_or_default();
                for contact in self.endpoints.get_mut(endpoint).into_iter().flatten() {
                    contact.note_skinny_type(model);
                }
                Vec::new()
            }
            Query::Endpoint(endpoint) => {
                let contacts: Vec<_> = match endpoint.technology {
                    Technology::Sip => Contact::of_peer_details(endpoint, answer)
                        .into_iter()
                        .collect(),
                    Technology::Pjsip | Technology::Sccp => answer
                        .items()
                        .iter()
                        .filter(|item| item.is("ContactStatusDetail"))
                        .filter_map(Contact::of_pjsip)
                        .map(|contact| Contact {
                            // An address of record may be that of several endpoints.
                            endpoint: endpoint.clone(),
                            ..contact
                        })
                        .collect(),
                };
                self.endpoints.remove(endpoint);
                for contact in contacts {
                    self.add(contact);
                }
                Vec::new()
            }
        }
    }

    /// Takes a list in that does not tell all; returns what is to be asked about each of its items.
    fn listed(
        &mut self,
        technology: Technology,
        answer: &Response,
        read: fn(&Event) -> Option<Contact>,
    ) -> Vec<Query> {
        let mut contacts: Vec<_> = answer.items().iter().filter_map(read).collect();
        for contact in &mut contacts {
            if let [known] = self.contacts(&contact.endpoint) {
                contact.user_agent.clone_from(&known.user_agent);
                contact.own = known.own;
            }
        }
        let ask = |contact: &Contact| Query::Endpoint(contact.endpoint.clone());
        let questions = contacts.iter().map(ask).collect();
        self.replace(technology, contacts.into_iter());
        questions
    }

    fn see(&mut self, endpoint: &Endpoint) {
        if let Some(count) = self.seen.get_mut(endpoint) {
            *count = count.wrapping_add(1);
        } else if self.seen.len() < MAX_ENDPOINTS {
            self.seen.insert(endpoint.clone(), 1);
        }
    }

    fn replace(&mut self, technology: Technology, contacts: impl Iterator<Item = Contact>) {
        self.endpoints
            .retain(|endpoint, _| endpoint.technology != technology);
        contacts.for_each(|contact| self.add(contact));
    }

    fn add(&mut self, contact: Contact) {
        if self.endpoints.len() >= MAX_ENDPOINTS && !self.endpoints.contains_key(&contact.endpoint)
        {
            return;
        }
        let contacts = self.endpoints.entry(contact.endpoint.clone()).or_default();
        let is_known = |known: &Contact| known.uri == contact.uri;
        if contacts.len() < MAX_CONTACTS && !contacts.iter().any(is_known) {
            contacts.push(contact);
        }
    }

    fn drop_contact(&mut self, endpoint: &Endpoint, uri: &str) {
        if let Some(contacts) = self.endpoints.get_mut(endpoint) {
            contacts.retain(|contact| contact.uri != uri);
            if contacts.is_empty() {
                self.endpoints.remove(endpoint);
            }
        }
    }
}

/// Reads `PJSIP/1001`; other devices, such as `Custom:lamp`, are no endpoints.
fn endpoint(device: &str) -> Option<Endpoint> {
    device.contains('/').then(|| device.parse().ok()).flatten()
}

fn askable(endpoint: Endpoint) -> Option<Query> {
    match endpoint.technology {
        Technology::Pjsip | Technology::Sip => Some(Query::Endpoint(endpoint)),
        Technology::Sccp => None,
    }
}

/// The most endpoints of one server that are remembered.
const MAX_ENDPOINTS: usize = 50_000;

/// The most contacts of one endpoint that are remembered.
const MAX_CONTACTS: usize = 32;

#[cfg(test)]
mod tests;
