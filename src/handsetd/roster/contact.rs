//! One registration of one phone.

use std::net::IpAddr;

use handset_ami::{Event, Response};
use handset_phones::phone::{
    Endpoint, Identity, MacAddress, RegistrationInfo, ServerName, Technology, sip_host,
};

/// Where Asterisk reaches a phone, and what the phone reports about itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Contact {
    /// The endpoint or peer that it is registered as.
    pub endpoint: Endpoint,
    /// Its SIP URI; `chan_sip` does not need one.
    pub uri: String,
    /// The address that Asterisk sends to.
    pub address: Option<IpAddr>,
    /// The address that the phone writes into its messages, if it differs: there is NAT or a proxy
    /// between.
    pub own: Option<IpAddr>,
    user_agent: String,
    /// Its MAC address, if its User-Agent has it; kept, since all contacts are searched for it.
    mac: Option<MacAddress>,
    /// The SCCP device of a line.
    device: Option<Endpoint>,
    /// Whether the device of this line is registered as another line as well, which stands for it.
    pub(super) is_further_line: bool,
    /// The `Call-ID` of its registration, if Asterisk reports it.
    pub call_id: Option<String>,
    /// Whether it answers Asterisk's qualify requests.
    pub reach: Reach,
}

/// Whether a phone answers Asterisk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    /// It answers.
    Reachable,
    /// It is not qualified.
    Unqualified,
    /// It does not answer.
    Unreachable,
}

impl Contact {
    /// Parses an item of the responses to `PJSIPShowContacts` and `PJSIPShowEndpoint`.
    pub fn of_pjsip(item: &Event) -> Option<Self> {
        let first = |names: [&str; 2]| names.into_iter().find_map(|name| item.header(name));
        let uri = first(["Uri", "URI"])?;
        // A configured contact has no endpoint, but its address of record before the hash.
        let id = first(["ObjectName", "ID"]).unwrap_or_default();
        let aor = id.split_once(";@").or_else(|| id.split_once("@@"));
        let aor = aor.map_or(id, |(aor, _hash)| aor);
        let endpoint = first(["Endpoint", "EndpointName"]).filter(|name| !name.is_empty());
        let endpoint = Endpoint::new(Technology::Pjsip, endpoint.unwrap_or(aor)).ok()?;
        // `ViaAddress` carries the port after the last colon, and `ViaAddr` does not.
        let via = item.header("ViaAddr").or_else(|| {
            let (via, _port) = item.header("ViaAddress")?.rsplit_once(':')?;
            Some(via)
        });
        let contact = Self::new(
            endpoint,
            uri,
            address(sip_host(uri)),
            via.and_then(address),
            item.header("UserAgent").unwrap_or_default(),
            item.header("Status").unwrap_or_default(),
        );
        let call_id = item
            .header("CallID")
            .filter(|id| !id.is_empty() && id.len() <= MAX_CALL_ID);
        Some(Self {
            call_id: call_id.map(ToOwned::to_owned),
            ..contact
        })
    }

    /// Parses an item of the response to `SIPpeers`; `None` if the peer is not registered.
    pub(super) fn of_peer(item: &Event) -> Option<Self> {
        let endpoint = Endpoint::new(Technology::Sip, item.header("ObjectName")?).ok()?;
        let ip = address(item.header("IPaddress")?)?;
        let status = item.header("Status").unwrap_or_default();
        Some(Self::new(endpoint, "", Some(ip), None, "", status))
    }

    /// Parses the response to `SIPshowpeer`; `None` if the peer is not registered.
    pub(super) fn of_peer_details(endpoint: &Endpoint, response: &Response) -> Option<Self> {
        let header = |name| response.header(name).unwrap_or_default();
        let ip = address(header("Address-IP"))?;
        let own = address(sip_host(header("Reg-Contact")));
        let endpoint = endpoint.clone();
        let user_agent = header("SIP-Useragent");
        let status = header("Status");
        Some(Self::new(endpoint, "", Some(ip), own, user_agent, status))
    }

    /// Parses an item of the response to `SCCPListDevices`; `None` if the device is not registered. Its
    /// endpoint is the device (`SCCP/SEP00005E005301`).
    pub(super) fn of_sccp_device(item: &Event) -> Option<Self> {
        let is_sccp = item
            .header("ChannelType")
            .is_some_and(|word| word.eq_ignore_ascii_case("SCCP"));
        let name = item.header("ObjectId").filter(|_| is_sccp)?;
        let endpoint = Endpoint::new(Technology::Sccp, name).ok()?;
        // `192.0.2.21:51010`, or `--` for an unregistered device.
        let socket = item.header("IPaddress")?;
        let (host, _port) = socket.rsplit_once(':').unwrap_or((socket, ""));
        let ip = address(host)?;
        Some(Self::new(endpoint, "", Some(ip), None, "", ""))
    }

    /// Returns whether it is a line of an SCCP device.
    pub(super) fn is_line(&self) -> bool {
        self.device.is_some()
    }

    /// Returns this SCCP device as the phone of one of its lines.
    pub(super) fn at_line(&self, line: Endpoint, is_first: bool) -> Self {
        Self {
            endpoint: line,
            device: Some(self.endpoint.clone()),
            is_further_line: !is_first,
            ..self.clone()
        }
    }

    /// Sets the User-Agent from chan-sccp's name of the model.
    pub(super) fn set_skinny_type(&mut self, model: &str) {
        if let Some(identity) = Identity::of_skinny_type(model) {
            self.set_user_agent(&format!("Cisco-CP{}/SCCP", identity.model));
        }
    }

    fn new(
        endpoint: Endpoint,
        uri: &str,
        address: Option<IpAddr>,
        own: Option<IpAddr>,
        user_agent: &str,
        status: &str,
    ) -> Self {
        let mut contact = Self {
            endpoint,
            uri: uri.to_owned(),
            address: address.or(own),
            own: own.filter(|own| address.is_some_and(|address| address != *own)),
            user_agent: String::new(),
            mac: None,
            device: None,
            is_further_line: false,
            call_id: None,
            reach: Reach::of(status),
        };
        contact.set_user_agent(user_agent);
        contact
    }

    /// Returns its User-Agent.
    pub fn user_agent(&self) -> &str {
        &self.user_agent
    }

    /// Sets its User-Agent.
    pub(super) fn set_user_agent(&mut self, text: &str) {
        self.user_agent = text.chars().take(MAX_USER_AGENT).collect();
        self.mac = self.identity().and_then(|identity| identity.mac);
    }

    /// Returns vendor and model, if handsetd knows them.
    pub fn identity(&self) -> Option<Identity> {
        let identity = Identity::of_user_agent(self.user_agent.trim())?;
        // The name of an SCCP device contains it, too.
        let device = self.device.as_ref().unwrap_or(&self.endpoint);
        let of_device = device.name().strip_prefix("SEP");
        Some(Identity {
            mac: identity.mac.or_else(|| of_device?.parse().ok()),
            ..identity
        })
    }

    /// Returns its MAC address, if its User-Agent has it.
    pub(super) fn mac(&self) -> Option<MacAddress> {
        self.mac
    }

    /// Returns the phone's own address if it is behind NAT: a private one, while Asterisk sends to a
    /// public one. A proxy in the same network makes them differ, too, but is not NAT.
    pub fn behind_nat(&self) -> Option<IpAddr> {
        let own = self.own.filter(|own| is_private(*own))?;
        self.address
            .is_some_and(|address| !is_private(address))
            .then_some(own)
    }

    /// Returns it as information on a phone, reported by `server`.
    pub(super) fn to_info(&self, server: &ServerName) -> RegistrationInfo {
        let Self {
            endpoint,
            uri,
            user_agent,
            ..
        } = self;
        let mut sources = vec![match (uri.as_str(), &self.device) {
            ("", Some(device)) => {
                format!("{endpoint} of device {} on {server}", device.name())
            }
            ("", None) => format!("{endpoint} on {server}"),
            (uri, _) => format!("contact {uri} of {endpoint} on {server}"),
        }];
        sources.extend(self.own.map(|own| match self.behind_nat() {
            Some(_) => format!("which is behind NAT as {own}"),
            None => format!("which calls itself {own}"),
        }));
        sources.push(format!("its User-Agent {user_agent:?}"));
        RegistrationInfo {
            endpoint: Some(endpoint.clone()),
            server: Some(server.clone()),
            address: self.address,
            identity: self.identity(),
            user_agent: user_agent.trim().to_owned(),
            contact: (!uri.is_empty()).then(|| uri.clone()),
            device: self.device.as_ref().map(|device| device.name().to_owned()),
            behind_nat: self.behind_nat(),
            call_id: self.call_id.clone(),
            is_known: true,
            sources,
        }
    }
}

impl Reach {
    /// Parses the status in PJSIP or in `chan_sip` (`OK (12 ms)`).
    fn of(status: &str) -> Self {
        let is = |word: &str| {
            status
                .get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        if is("Reachable") || is("OK") || is("LAGGED") {
            Self::Reachable
        } else if is("Unreachable") {
            Self::Unreachable
        } else {
            Self::Unqualified
        }
    }
}

fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let ip = bare.parse::<IpAddr>().ok()?.to_canonical();
    (!ip.is_unspecified()).then_some(ip)
}

/// Whether an address is local to its network.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Maximum length of a `Call-ID`, in bytes; longer ones are ignored.
const MAX_CALL_ID: usize = 255;

/// Maximum length of a User-Agent, in characters; the rest is cut off.
const MAX_USER_AGENT: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contact_has_the_call_id_of_its_registration() {
        let of = |more: &str| {
            let text = format!(
                "Event: ContactList\r\nEndpoint: 1001\r\nUri: sip:1001@192.0.2.21\r\n{more}"
            );
            let item = Event::parse(text.as_bytes()).unwrap();
            Contact::of_pjsip(&item).unwrap()
        };
        let contact = of("CallID: 00005e005301-1@192.0.2.21\r\n");
        let info = contact.to_info(&"pbx".parse().unwrap());
        assert_eq!(info.call_id.as_deref(), Some("00005e005301-1@192.0.2.21"));
        assert_eq!(of("CallID: \r\n").call_id, None);
        assert_eq!(of("").call_id, None);
    }
}
