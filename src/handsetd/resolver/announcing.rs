//! What this daemon announces to others, and what it knows of phones that others may have as well.

use std::collections::BTreeMap;

use handset_phones::phone::{Address, Phone, PhoneNames, Target};
use tokio::time::Instant;

use super::{PhoneRef, PhoneResolver, PhoneSummary};
use crate::fleet::{AnnouncedGroup, AnnouncedPhone};
use crate::outcome::{Outcome, Status};

impl PhoneResolver {
    /// Returns the phones that this daemon reaches, or may reach once they register, as far as they are known
    /// now. Servers that are away have none.
    pub(crate) async fn announced_phones(&self) -> Vec<AnnouncedPhone> {
        let (phones, _) = self.list(Instant::now()).await;
        phones.into_iter().map(announced).collect()
    }

    /// Returns the groups with their members, as they are written.
    pub(crate) fn announced_groups(&self) -> BTreeMap<String, AnnouncedGroup> {
        let known = self.known();
        let directory = &known.directory;
        let group = |name: &str| {
            let members = directory.members(name)?.to_vec();
            Some((name.to_owned(), AnnouncedGroup { members }))
        };
        directory.groups().filter_map(group).collect()
    }

    /// Returns the names of the Asterisk servers.
    pub(crate) fn server_names(&self) -> Vec<String> {
        let known = self.known();
        let servers = known.directory.servers().iter();
        servers.map(ToString::to_string).collect()
    }

    /// Returns whether an Asterisk server of this name is configured.
    pub(crate) fn has_server(&self, name: &str) -> bool {
        let known = self.known();
        let mut servers = known.directory.servers().iter();
        servers.any(|server| server.as_str() == name)
    }

    /// Splits `berlin/1001` into server and name, if such a server is configured.
    pub(crate) fn split_server<'a>(&self, name: &'a str) -> (Option<String>, &'a str) {
        let known = self.known();
        let (server, rest) = known.directory.split_server(name);
        (server.map(ToString::to_string), rest)
    }

    /// Returns the members of a group, as they are written; `None` if there is no such group.
    pub(crate) fn members(&self, group: &str) -> Option<Vec<String>> {
        self.known()
            .directory
            .members(group)
            .map(<[String]>::to_vec)
    }

    /// Returns whether a `[[phone]]` has exactly this name, even if it looks like a pattern.
    pub(crate) fn names_listed_phone(&self, name: &str) -> bool {
        let targets = self.targets(&PhoneNames::inserted(name), None);
        matches!(targets.first(), Some(Target::Listed(_)))
    }

    /// Returns the phone of a reference that another daemon made; the outcome if it is not a phone of this
    /// one. Unlike a reference of this daemon, it never means the phone of another server.
    pub(crate) fn resolve_peer_ref(&self, phone_ref: &PhoneRef) -> Result<Phone, Outcome> {
        if let Some(server) = phone_ref.server()
            && !self.has_server(server)
        {
            let phone = format!("{server}/{}", phone_ref.text());
            let reason = format!("no [[asterisk]] is named {server:?}");
            return Err(Outcome::at(&phone, None, Status::NotFound, reason));
        }
        self.resolve_ref(phone_ref)
    }
}

/// Returns a phone as other daemons would announce it.
pub(crate) fn as_announced(phone: &Phone) -> AnnouncedPhone {
    AnnouncedPhone {
        name: phone.plain_name().to_owned(),
        endpoint: phone.endpoint.as_ref().map(ToString::to_string),
        server: phone.server.as_ref().map(ToString::to_string),
        mac: phone.mac.map(|mac| mac.to_string()),
        ip: phone.address.ip().map(|ip| ip.to_string()),
        vendor: phone.vendor.name().to_owned(),
        is_listed: phone.listing.is_named(),
        is_reached: true,
    }
}

fn announced(phone: PhoneSummary) -> AnnouncedPhone {
    let known = |text: String| (!text.is_empty()).then_some(text);
    let server = known(phone.server);
    let plain = server
        .as_ref()
        .and_then(|server| phone.name.strip_prefix(server)?.strip_prefix('/'));
    let address = phone.address.parse::<Address>().ok();
    AnnouncedPhone {
        name: plain.unwrap_or(&phone.name).to_owned(),
        endpoint: known(phone.endpoint),
        mac: known(phone.mac),
        ip: address.and_then(|address| Some(address.ip()?.to_string())),
        is_listed: phone.found.first().is_some_and(|how| how == "[[phone]]"),
        is_reached: !phone.vendor.is_empty() && !phone.address.is_empty(),
        vendor: phone.vendor,
        server,
    }
}
