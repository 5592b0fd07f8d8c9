//! Phones of several Asterisk servers that have the same names.

use std::net::IpAddr;

use handset_phones::phone::{Endpoint, PhoneEntry, PhoneNames, ServerName, Target};
use tokio::time::Instant;

use super::PhoneResolver;
use super::named_phone::NamedPhone;
use crate::outcome::{Outcome, Status};
use crate::roster::CallOrigin;

impl PhoneResolver {
    /// Returns the server that a call comes from, if it can be determined until `until`.
    pub(crate) async fn server_of_call(
        &self,
        call: CallOrigin<'_>,
        until: Instant,
    ) -> Option<ServerName> {
        self.roster.server_of_call(call, until).await
    }

    /// Returns whether names may be those of several phones.
    pub(crate) fn has_several_servers(&self) -> bool {
        self.known().directory.has_several_servers()
    }

    /// Returns the server at which the phone of an endpoint is registered from `address`, if it is one.
    pub(crate) fn server_at(&self, endpoint: &Endpoint, address: IpAddr) -> Option<ServerName> {
        let infos = self.roster.registrations(endpoint, None).into_iter();
        let mut here = infos.filter(|info| info.address == Some(address));
        let server = here.next()?.server?;
        here.all(|info| info.server.as_ref() == Some(&server))
            .then_some(server)
    }

    /// Returns the only server that has an endpoint; the outcome if there are several.
    pub(crate) fn owner_of(&self, endpoint: &Endpoint) -> Result<Option<ServerName>, Outcome> {
        let name = endpoint.to_string();
        let targets = self.targets(&PhoneNames::inserted(&name), None);
        match targets.into_iter().next() {
            Some(Target::Ambiguous { name, servers }) => Err(Self::ambiguous(&name, &servers)),
            Some(target) => Ok(target.entry().and_then(|entry| entry.server.clone())),
            None => Ok(None),
        }
    }

    /// Returns the name of a phone, with that of its server where phones of several servers have it.
    pub(crate) fn display_name(&self, name: &str, server: Option<&ServerName>) -> String {
        let known = self.known();
        let Some(server) = server.filter(|_| known.directory.has_several_servers()) else {
            return name.to_owned();
        };
        let namesakes = known.directory.namesakes(name, server, &self.roster);
        if namesakes.is_empty() {
            name.to_owned()
        } else {
            server.qualify(name)
        }
    }

    /// Returns the name of a configured phone.
    pub(crate) fn named(&self, entry: &PhoneEntry) -> NamedPhone {
        let server = entry.server.as_ref();
        NamedPhone {
            name: self.display_name(&entry.name, server),
            server: server.cloned(),
        }
    }

    /// Returns the name of an endpoint with its technology.
    pub(super) fn named_endpoint(
        &self,
        endpoint: &Endpoint,
        server: Option<ServerName>,
    ) -> NamedPhone {
        NamedPhone {
            name: self.display_name(&endpoint.to_string(), server.as_ref()),
            server,
        }
    }

    /// Returns an entry if it is clear whose phone it is.
    pub(crate) fn placed(&self, entry: PhoneEntry) -> Result<PhoneEntry, Outcome> {
        let servers = self.known().directory.doubts(&entry, &self.roster);
        if servers.is_empty() {
            return Ok(entry);
        }
        Err(Self::unplaced(&entry.name, &servers))
    }

    /// Returns the outcome for a name that phones of several servers have.
    pub(super) fn ambiguous(name: &str, servers: &[ServerName]) -> Outcome {
        let names: Vec<_> = servers.iter().map(ServerName::to_string).collect();
        let qualified: Vec<_> = servers.iter().map(|server| server.qualify(name)).collect();
        let (servers, qualified) = (join(&names, "and"), join(&qualified, "or"));
        let reason = format!("{name} is a phone of {servers}; write {qualified}");
        Outcome::at(name, None, Status::Invalid, reason)
    }

    /// Returns the outcome for a `[[phone]]` that does not say of which server it is.
    pub(super) fn unplaced(name: &str, servers: &[ServerName]) -> Outcome {
        let names: Vec<_> = servers.iter().map(ServerName::to_string).collect();
        let example = servers.first().map(ServerName::as_str).unwrap_or_default();
        let reason = format!(
            "{name} is a phone of {}, and its [[phone]] does not say which has its address; add \
             server = {example:?} or another to it",
            join(&names, "and")
        );
        Outcome::at(name, None, Status::Invalid, reason)
    }
}

/// Joins words: `a, b and c`.
fn join(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}
