//! The contacts of one server, updated by responses and events. No I/O.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use handset_ami::{Event, Response};
use handset_phones::phone::{Endpoint, Technology};

use super::contact::Contact;
use super::query_queue::Query;
use super::question::Existence;
use super::sccp_lines::SccpLines;

/// The registrations of one server.
#[derive(Debug, Default)]
pub(super) struct Table {
    endpoints: HashMap<Endpoint, Vec<Contact>>,
    /// The lines of chan-sccp. Their contacts, copies of those of the devices, are in `endpoints`.
    sccp_lines: SccpLines,
    /// Number of registrations announced by events.
    registrations: HashMap<Endpoint, u64>,
    /// What the server said of endpoints that were asked for.
    existence: HashMap<Endpoint, Existence>,
    /// The endpoints that the server had over an earlier connection, until everything is loaded again.
    known_before: HashSet<Endpoint>,
    current: bool,
    /// Why nothing can be loaded over the current connection.
    obstacle: Option<String>,
    /// A phone registered without an event.
    hides_events: bool,
}

impl Table {
    /// Returns the contacts of an endpoint.
    pub(super) fn contacts(&self, endpoint: &Endpoint) -> &[Contact] {
        self.endpoints.get(endpoint).map_or(&[], Vec::as_slice)
    }

    /// Returns whether the server has the endpoint, as far as it has reported, also over an earlier
    /// connection.
    pub(super) fn has(&self, endpoint: &Endpoint) -> bool {
        let is_known = match self.existence(endpoint) {
            Some(existence) => *existence == Existence::Known,
            None => self.known_before.contains(endpoint),
        };
        is_known || !self.contacts(endpoint).is_empty()
    }

    /// Returns whether a contact has the IP address, as far as the server has reported, also over an earlier
    /// connection.
    pub(super) fn has_address(&self, ip: IpAddr) -> bool {
        self.all()
            .any(|contact| [contact.address, contact.own].contains(&Some(ip)))
    }

    /// Returns whether everything is being loaded over the current connection, if there is one.
    pub(super) fn is_loading(&self) -> bool {
        !self.current && self.obstacle.is_none()
    }

    /// Returns how many registrations of the endpoint were announced by events.
    pub(super) fn registration_count(&self, endpoint: &Endpoint) -> u64 {
        self.registrations
            .get(endpoint)
            .copied()
            .unwrap_or_default()
    }

    /// Returns all contacts, in no order. An SCCP device is listed by its lines if it has any.
    pub(super) fn all(&self) -> impl Iterator<Item = &Contact> {
        let contacts = self.endpoints.values().flatten();
        contacts.filter(|contact| !self.sccp_lines.has_lines(&contact.endpoint))
    }

    /// Returns whether everything was loaded over the current connection.
    pub(super) fn is_current(&self) -> bool {
        self.current
    }

    /// Sets [`is_current`](Self::is_current).
    pub(super) fn set_current(&mut self, current: bool) {
        self.current = current;
        if current {
            self.known_before.clear();
        }
    }

    /// Returns what the server said of an endpoint, if it was asked.
    pub(super) fn existence(&self, endpoint: &Endpoint) -> Option<&Existence> {
        self.existence.get(endpoint)
    }

    /// Returns why nothing can be loaded over the current connection.
    pub(super) fn obstacle(&self) -> Option<&str> {
        self.obstacle.as_deref()
    }

    /// Sets [`obstacle`](Self::obstacle).
    pub(super) fn set_obstacle(&mut self, obstacle: Option<String>) {
        self.obstacle = obstacle;
    }

    /// Returns whether phones register without an event.
    pub(super) fn hides_events(&self) -> bool {
        self.hides_events
    }

    /// Sets [`hides_events`](Self::hides_events).
    pub(super) fn set_hides_events(&mut self, hides_events: bool) {
        self.hides_events = hides_events;
    }

    /// Forgets what the server said over an earlier connection, except which endpoints it has.
    pub(super) fn reset(&mut self) {
        self.current = false;
        self.obstacle = None;
        self.hides_events = false;
        let known = self.existence.drain();
        let known = known.filter(|(_, existence)| *existence == Existence::Known);
        let room = MAX_ENDPOINTS.saturating_sub(self.known_before.len());
        self.known_before
            .extend(known.map(|(endpoint, _)| endpoint).take(room));
    }

    /// Applies an event, and returns the query that it calls for.
    pub(super) fn apply_event(&mut self, event: &Event) -> Option<Query> {
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
                    self.count_registration(&endpoint);
                }
                // Needed in any case: a list being loaded may be older.
                Some(Query::Endpoint(endpoint))
            }
            // From chan-sccp: a device got or lost a line.
            "PeerStatus" if header("ChannelType").eq_ignore_ascii_case("SCCP") => {
                let line = Endpoint::new(Technology::Sccp, header("SCCPLine")).ok()?;
                if header("PeerStatus").eq_ignore_ascii_case("ATTACHED") {
                    self.count_registration(&line);
                }
                Some(Query::SccpLines)
            }
            "PeerStatus" => {
                let endpoint = endpoint(header("Peer"))?;
                let status = header("PeerStatus");
                if ["Reachable", "Registered"]
                    .iter()
                    .any(|word| status.eq_ignore_ascii_case(word))
                {
                    self.count_registration(&endpoint);
                }
                let is_gone = status.eq_ignore_ascii_case("Unregistered");
                if is_gone && endpoint.technology == Technology::Sip {
                    self.endpoints.remove(&endpoint);
                }
                query_of(endpoint)
            }
            // From chan-sccp: a device registered or unregistered.
            "DeviceStatus" if header("ChannelType").eq_ignore_ascii_case("SCCP") => {
                let device = Endpoint::new(Technology::Sccp, header("SCCPDevice")).ok()?;
                if header("DeviceStatus").eq_ignore_ascii_case("UNREGISTERED") {
                    self.endpoints.remove(&device);
                    self.relist_sccp_lines();
                    return None;
                }
                self.count_registration(&device);
                Some(Query::SccpDevices)
            }
            // Reveals only that another event was missed.
            "DeviceStateChange" => {
                let endpoint = endpoint(header("Device"))?;
                let is_available = match header("State") {
                    "UNAVAILABLE" => false,
                    "INVALID" | "UNKNOWN" => return None,
                    _ => true,
                };
                let is_known = !self.contacts(&endpoint).is_empty();
                (is_available != is_known)
                    .then(|| query_of(endpoint))
                    .flatten()
            }
            _ => None,
        }
    }

    /// Applies the response to a query, and returns the queries that it calls for.
    pub(super) fn apply_response(&mut self, query: &Query, response: &Response) -> Vec<Query> {
        match query {
            Query::Commands => {
                let has = |name: &str| {
                    let mut headers = response.headers();
                    headers.any(|(header, _)| header.eq_ignore_ascii_case(name))
                };
                let lists = [
                    ("PJSIPShowContacts", Query::Contacts),
                    ("SIPpeers", Query::Peers),
                    ("SCCPListDevices", Query::SccpDevices),
                    ("SCCPShowLines", Query::SccpLines),
                ];
                let lists = lists.into_iter().filter(|(name, _)| has(name));
                lists.map(|(_, query)| query).collect()
            }
            // Asterisk reports an empty list as an error.
            Query::Contacts => {
                let contacts = response.items().iter().filter_map(Contact::of_pjsip);
                self.replace(Technology::Pjsip, contacts);
                Vec::new()
            }
            Query::Peers => self.listed(Technology::Sip, response, Contact::of_peer),
            Query::SccpDevices => {
                let queries = self.listed(Technology::Sccp, response, Contact::of_sccp_device);
                self.relist_sccp_lines();
                self.record_sccp_devices(response);
                queries
            }
            Query::SccpLines => {
                self.sccp_lines = SccpLines::of(response);
                self.relist_sccp_lines();
                Vec::new()
            }
            Query::Endpoint(device) if device.technology == Technology::Sccp => {
                let model = response.header("Value").unwrap_or_default();
                for contact in self.endpoints.get_mut(device).into_iter().flatten() {
                    contact.set_skinny_type(model);
                }
                self.relist_sccp_lines();
                Vec::new()
            }
            Query::Question(line) if line.technology == Technology::Sccp => {
                let existence = Self::read_existence(response);
                if existence == Existence::Known {
                    self.apply_response(&Query::SccpLines, response);
                    if self.sccp_lines.has(line.name()) {
                        self.record_existence(line, existence);
                    }
                } else {
                    self.record_existence(line, existence);
                }
                Vec::new()
            }
            Query::Endpoint(endpoint) | Query::Question(endpoint) => {
                let existence = Self::read_existence(response);
                let is_forbidden = matches!(existence, Existence::Forbidden(_));
                self.record_existence(endpoint, existence);
                if is_forbidden {
                    return Vec::new();
                }
                let contacts: Vec<_> = match endpoint.technology {
                    Technology::Sip => Contact::of_peer_details(endpoint, response)
                        .into_iter()
                        .collect(),
                    Technology::Pjsip | Technology::Sccp => response
                        .items()
                        .iter()
                        .filter(|item| item.is("ContactStatusDetail"))
                        .filter_map(Contact::of_pjsip)
                        .map(|mut contact| {
                            // Several endpoints may share an address of record.
                            contact.endpoint = endpoint.clone();
                            contact
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

    /// Reads the response to a question for one endpoint. A server without the module does not know it.
    fn read_existence(response: &Response) -> Existence {
        let message = response.message();
        if response.is_success() {
            Existence::Known
        } else if message.to_lowercase().contains("permission denied") {
            Existence::Forbidden(format!(
                "it says {message:?}; the account needs write = system,reporting in manager.conf"
            ))
        } else {
            Existence::Unknown
        }
    }

    fn record_existence(&mut self, endpoint: &Endpoint, existence: Existence) {
        if self.existence.len() >= MAX_ENDPOINTS {
            self.existence.clear();
        }
        self.existence.insert(endpoint.clone(), existence);
    }

    /// Applies a list without details; returns a query for each of its items.
    fn listed(
        &mut self,
        technology: Technology,
        response: &Response,
        read: fn(&Event) -> Option<Contact>,
    ) -> Vec<Query> {
        let mut contacts: Vec<_> = response.items().iter().filter_map(read).collect();
        for contact in &mut contacts {
            if let [known] = self.contacts(&contact.endpoint) {
                contact.set_user_agent(known.user_agent());
                contact.own = known.own;
            }
        }
        let query = |contact: &Contact| Query::Endpoint(contact.endpoint.clone());
        let queries = contacts.iter().map(query).collect();
        self.replace(technology, contacts.into_iter());
        queries
    }

    /// Records the SCCP devices that the server has, registered or not.
    fn record_sccp_devices(&mut self, response: &Response) {
        self.existence
            .retain(|endpoint, _| endpoint.technology != Technology::Sccp);
        for item in response.items() {
            let name = item.header("ObjectId").unwrap_or_default();
            if let Ok(device) = Endpoint::new(Technology::Sccp, name) {
                self.record_existence(&device, Existence::Known);
            }
        }
    }

    /// Makes the contacts of the SCCP lines those of their devices.
    fn relist_sccp_lines(&mut self) {
        self.endpoints
            .retain(|_, contacts| contacts.iter().all(|contact| !contact.is_line()));
        for on_device in self.sccp_lines.all() {
            let Some([device]) = self.endpoints.get(&on_device.device).map(Vec::as_slice) else {
                continue;
            };
            let contact = device.at_line(on_device.line.clone(), on_device.is_first);
            let is_known = self.endpoints.contains_key(&on_device.line);
            if self.endpoints.len() >= MAX_ENDPOINTS && !is_known {
                return;
            }
            let contacts = self.endpoints.entry(on_device.line).or_default();
            if contacts.len() < MAX_CONTACTS {
                contacts.push(contact);
            }
        }
    }

    fn count_registration(&mut self, endpoint: &Endpoint) {
        if let Some(count) = self.registrations.get_mut(endpoint) {
            *count = count.wrapping_add(1);
        } else if self.registrations.len() < MAX_ENDPOINTS {
            self.registrations.insert(endpoint.clone(), 1);
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

/// Reads `PJSIP/1001`; other devices, such as `Custom:lamp`, are not endpoints.
fn endpoint(device: &str) -> Option<Endpoint> {
    device.contains('/').then(|| device.parse().ok()).flatten()
}

fn query_of(endpoint: Endpoint) -> Option<Query> {
    match endpoint.technology {
        Technology::Pjsip | Technology::Sip => Some(Query::Endpoint(endpoint)),
        Technology::Sccp => None,
    }
}

/// Maximum number of endpoints per server.
const MAX_ENDPOINTS: usize = 50_000;

/// Maximum number of contacts per endpoint.
const MAX_CONTACTS: usize = 32;

#[cfg(test)]
mod tests;
