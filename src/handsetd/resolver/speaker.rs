//! Which phone an action URL speaks for.
//!
//! What it says of itself proves nothing: anybody can write another phone's hardware address. It speaks
//! for the phone at the address that it came from; what it says only distinguishes several phones that
//! share an address. Where the address says nothing, behind NAT or a proxy, it needs the key.

use std::net::IpAddr;

use handset_phones::phone::{Endpoint, MacAddress, PhoneEntry, PhoneNames, Target};

use super::{NamedPhone, PhoneResolver};

/// What an action URL says of the phone that requested it. An empty value counts as missing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Claims<'a> {
    /// Its name, endpoint or address.
    pub(crate) phone: Option<&'a str>,
    /// Its hardware address.
    pub(crate) mac: Option<&'a str>,
    /// The SIP address of one of its lines.
    pub(crate) local: Option<&'a str>,
}

/// A phone that may have made a request.
#[derive(Clone, Debug)]
struct Candidate {
    phone: NamedPhone,
    endpoint: Option<Endpoint>,
    mac: Option<MacAddress>,
    /// The host and port at which it is registered.
    socket: Option<String>,
}

impl Candidate {
    /// Returns whether this is its name, with or without its server.
    fn is_called(&self, name: &str) -> bool {
        let server = self.phone.server.as_ref();
        let plain = server.and_then(|server| server.strip(name));
        self.phone.name == name || plain == Some(&*self.phone.name)
    }
}

impl PhoneResolver {
    /// Returns the phone at `peer`, or why it is not known.
    pub(crate) fn speaker(&self, peer: IpAddr, claims: Claims<'_>) -> Result<NamedPhone, String> {
        let candidates = self.candidates(peer);
        if candidates.is_empty() {
            return Err(format!("no phone is known at {peer}"));
        }
        match claims.mac.and_then(|mac| mac.parse::<MacAddress>().ok()) {
            Some(mac) => self.with_mac(peer, candidates, mac, claims),
            None => pick(&candidates, claims).ok_or_else(|| ambiguous(peer)),
        }
    }

    /// Returns the phone that a URL with the key says it is; if it does not say, as
    /// [`speaker`](Self::speaker) does.
    pub(crate) fn speaker_with_key(
        &self,
        peer: IpAddr,
        claims: Claims<'_>,
    ) -> Result<NamedPhone, String> {
        if let Some(phone) = claims.phone {
            return self.known_name(phone);
        }
        match claims.mac.filter(|mac| mac.parse::<MacAddress>().is_ok()) {
            Some(mac) => self
                .name_at(mac)
                .ok_or_else(|| format!("no phone is known with the hardware address {mac}")),
            None => self.speaker(peer, claims),
        }
    }

    fn with_mac(
        &self,
        peer: IpAddr,
        candidates: Vec<Candidate>,
        mac: MacAddress,
        claims: Claims<'_>,
    ) -> Result<NamedPhone, String> {
        let (same, others): (Vec<_>, Vec<_>) = candidates
            .into_iter()
            .partition(|candidate| candidate.mac == Some(mac));
        if !same.is_empty() {
            // Several lines of one phone.
            let first = same.first().map(|first| first.phone.clone());
            return pick(&same, claims).or(first).ok_or_else(|| ambiguous(peer));
        }
        if let Some(other) = self.name_at(&mac.to_string()) {
            return Err(format!(
                "{mac} is the hardware address of {}, which is not at {peer}",
                other.name
            ));
        }
        let (unknown, known): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|other| other.mac.is_none());
        match (&*unknown, &*known) {
            ([], [only]) => {
                let (name, own) = (&only.phone.name, only.mac.unwrap_or(mac));
                Err(format!(
                    "{mac} is not the hardware address of {name}, the phone at {peer}, which is {own}"
                ))
            }
            ([], _) => Err(format!(
                "none of the phones at {peer} has the hardware address {mac}"
            )),
            (_, []) => pick(&unknown, claims).ok_or_else(|| ambiguous(peer)),
            _ => Err(ambiguous(peer)),
        }
    }

    /// Returns the phones at an address: configured there or, without a configured address, registered
    /// from there.
    fn candidates(&self, peer: IpAddr) -> Vec<Candidate> {
        let peer = peer.to_canonical();
        let known = self.known();
        let mut found: Vec<Candidate> = Vec::new();
        for entry in known.directory.entries() {
            let address = entry
                .address
                .as_ref()
                .and_then(handset_phones::phone::Address::ip);
            if address.map(|ip| ip.to_canonical()) == Some(peer) {
                let server = known.directory.server_of(entry, &self.roster);
                found.push(Candidate {
                    phone: self.named(&entry.clone().at(server.as_ref())),
                    endpoint: entry.endpoint.clone(),
                    mac: entry.mac,
                    socket: None,
                });
            }
        }
        let configured = found.len();
        for info in self.roster.find(&peer.to_string()) {
            // A private address behind NAT is one that others may have as well.
            let Some(endpoint) = info.endpoint.filter(|_| info.address == Some(peer)) else {
                continue;
            };
            let mac = info.identity.and_then(|identity| identity.mac);
            let entry = known.directory.of_endpoint(&endpoint, info.server.as_ref());
            let phone = if entry.listing.is_named() {
                self.named(&entry)
            } else {
                self.named_endpoint(&endpoint, info.server)
            };
            match found.iter_mut().find(|candidate| candidate.phone == phone) {
                Some(candidate) => candidate.mac = candidate.mac.or(mac),
                None if entry.address.is_some() => {}
                None => found.push(Candidate {
                    phone,
                    endpoint: Some(endpoint),
                    mac: entry.mac.or(mac),
                    socket: info.contact.as_deref().and_then(socket),
                }),
            }
        }
        // The roster has no order; a phone must not change its name.
        if let Some(registered) = found.get_mut(configured..) {
            registered.sort_by(|one, other| one.phone.name.cmp(&other.phone.name));
        }
        found
    }

    /// Returns the one phone that `text` names, if it is configured or registered.
    fn known_name(&self, text: &str) -> Result<NamedPhone, String> {
        let unknown = || format!("phone={text} names no phone that is known");
        let targets = self.targets(&PhoneNames::inserted(text), None);
        let target = targets.into_iter().next().ok_or_else(unknown)?;
        match target {
            Target::Listed(entry) => Ok(self.named(&entry)),
            Target::Unlisted(PhoneEntry {
                endpoint: Some(endpoint),
                server,
                ..
            }) if self.roster.knows(&endpoint, server.as_ref()) => {
                Ok(self.named_endpoint(&endpoint, server))
            }
            Target::Unknown { text, .. } => self.name_at(&text).ok_or_else(unknown),
            Target::Ambiguous { name, servers } => Err(Self::ambiguous(&name, &servers).reason),
            Target::Group(_)
            | Target::NoMatch(_)
            | Target::Plain(_)
            | Target::Unlisted(_)
            | Target::Unplaced { .. } => Err(unknown()),
        }
    }
}

/// Returns the only candidate, or the only one that the claims name. Several lines that are registered at
/// one socket are one phone; without a claim it has the name of the first.
fn pick(candidates: &[Candidate], claims: Claims<'_>) -> Option<NamedPhone> {
    if let [only] = candidates {
        return Some(only.phone.clone());
    }
    let line = claims.local.map(user);
    let is_named = |candidate: &&Candidate| {
        let endpoint = candidate.endpoint.as_ref();
        let is_line = endpoint.is_some_and(|endpoint| line == Some(endpoint.name()));
        is_line || claims.phone.is_some_and(|claim| candidate.is_called(claim))
    };
    let mut named = candidates.iter().filter(is_named);
    if let Some(first) = named.next() {
        return named.next().is_none().then(|| first.phone.clone());
    }
    let first = candidates.first()?;
    let is_same = |other: &Candidate| first.socket.is_some() && first.socket == other.socket;
    candidates.iter().all(is_same).then(|| first.phone.clone())
}

/// Returns the host and port of a SIP URI: `sip:1001@192.0.2.21:5060;transport=udp`.
fn socket(uri: &str) -> Option<String> {
    let (_, rest) = uri.split_once('@')?;
    let socket = rest.split([';', '?', '>']).next().unwrap_or_default();
    (!socket.is_empty()).then(|| socket.to_owned())
}

/// Returns the user of a SIP address: `sip:1001@pbx`, `1001@pbx`, `1001`.
fn user(address: &str) -> &str {
    let address = address.trim();
    let rest = address.split_once(':').map_or(address, |(scheme, rest)| {
        if matches!(scheme, "sip" | "sips") {
            rest
        } else {
            address
        }
    });
    rest.split(['@', ';']).next().unwrap_or_default()
}

fn ambiguous(peer: IpAddr) -> String {
    format!(
        "several phones are known at {peer}, and mac= names none of them; set http.action_key, and \
         put it into the URL"
    )
}

#[cfg(test)]
mod tests;
