//! The target phones of a call: the caller's own, or those in `phone=`. Where configuration and roster do not
//! suffice, Asterisk is queried through the call itself.

use std::time::Duration;

use handset_agi::{self as agi, Channel};
use handset_phones::phone::{
    Endpoint, PhoneEntry, PhoneNames, RegistrationInfo, ServerName, Target,
};
use handset_phones::verb::Request;
use tokio::time::{Instant, timeout};

use super::asterisk;
use crate::outcome::{Outcome, Status};
use crate::resolver::{NotFound, PhoneResolver, Resolution};

/// Finds the target phones of a call.
pub(super) struct Finder<'a> {
    pub(super) resolver: &'a PhoneResolver,
    pub(super) call: &'a agi::Request,
    pub(super) channel: &'a mut Channel,
    /// The server of the call; its names mean the phones of that server.
    pub(super) home: Option<ServerName>,
    pub(super) until: Instant,
}

impl Finder<'_> {
    /// Returns the target phones of a call; for each that cannot be found, the reason.
    pub(super) async fn find(&mut self, request: &Request) -> Vec<Resolution> {
        let Some(names) = &request.phone else {
            return self.caller().await;
        };
        let (resolver, home) = (self.resolver, self.home.clone());
        let until = self.until - LAST_ANSWER;
        resolver.inquire_owners(names, home.as_ref(), until).await;
        let mut found = Vec::new();
        for target in resolver.targets(names, home.as_ref()) {
            match target {
                Target::Listed(entry) | Target::Unlisted(entry) => {
                    found.extend(self.phones(&entry).await);
                }
                Target::Plain(entry) => {
                    let phones = self.plain(&entry).await;
                    found.extend(PhoneResolver::of_any_technology(phones));
                }
                Target::Unknown { text, server } => {
                    let address_only = PhoneNames::inserted(&text);
                    resolver.inquire(&address_only, home.as_ref(), until).await;
                    found.extend(resolver.at_address(&text, server.as_ref()));
                }
                other => found.extend(resolver.not_an_entry(&other)),
            }
        }
        if found.is_empty() {
            found.push(Err(PhoneResolver::no_phone().into()));
        }
        if self.home.is_none() {
            found.iter_mut().for_each(add_hint);
        }
        found
    }

    /// Returns the phones of a name without a technology, which the roster does not know: those of the
    /// caller's own endpoint if it has this name, else of PJSIP, else of `chan_sip`, else of chan-sccp.
    async fn plain(&mut self, entry: &PhoneEntry) -> Vec<Resolution> {
        let own = self.own_endpoint();
        let server = entry.server.as_ref();
        if let Some(own) = own.as_ref().filter(|own| own.name() == entry.name)
            && !self.is_elsewhere(entry)
        {
            let entry = self.resolver.of_endpoint(own, server);
            return self.phones(&entry).await;
        }
        let found = self.phones(entry).await;
        if found.iter().any(Result::is_ok) || self.is_elsewhere(entry) {
            return found;
        }
        let others = timeout(QUERY_TIMEOUT, asterisk::other_technologies(self.channel)).await;
        for technology in others.ok().and_then(Result::ok).unwrap_or_default() {
            let Ok(other) = Endpoint::new(technology, &entry.name) else {
                continue;
            };
            let entry = self.resolver.of_endpoint(&other, server);
            let others = self.phones(&entry).await;
            if others.iter().any(Result::is_ok) {
                return others;
            }
        }
        found
    }

    async fn caller(&mut self) -> Vec<Resolution> {
        let Some(endpoint) = self.own_endpoint() else {
            let reason = format!(
                "channel {} does not belong to a phone (PJSIP, SIP, SCCP); name one with phone=",
                self.call.channel()
            );
            return vec![Err(Outcome::new(Status::NotFound, reason).into())];
        };
        let mut server = self.home.clone();
        if server.is_none() && self.resolver.has_several_servers() {
            server = match self.server_by_contact(&endpoint).await {
                Ok(server) => server,
                Err(outcome) => {
                    let mut refused = Err(outcome.into());
                    add_hint(&mut refused);
                    return vec![refused];
                }
            };
            self.home.clone_from(&server);
        }
        let entry = self.resolver.of_endpoint(&endpoint, server.as_ref());
        match self.resolver.placed(entry) {
            Ok(entry) => self.phones(&entry).await,
            Err(outcome) => vec![Err(outcome.into())],
        }
    }

    /// Returns the server at which the phone of the call is registered from its address; if that does
    /// not tell, the only one that has its endpoint.
    async fn server_by_contact(
        &mut self,
        endpoint: &Endpoint,
    ) -> Result<Option<ServerName>, Outcome> {
        let query = asterisk::caller(self.channel, endpoint, Vec::new());
        let infos = timeout(QUERY_TIMEOUT, query).await;
        if let Ok(Ok(infos)) = infos
            && let [info] = infos.as_slice()
            && let Some(address) = info.address
            && let Some(server) = self.resolver.server_at(endpoint, address)
        {
            return Ok(Some(server));
        }
        self.resolver.owner_of(endpoint)
    }

    /// Returns the phone of an entry; several if its endpoint has several contacts and no address is
    /// configured.
    async fn phones(&mut self, entry: &PhoneEntry) -> Vec<Resolution> {
        let (resolver, server) = (self.resolver, entry.server.as_ref());
        let Some(endpoint) = entry.endpoint.as_ref().filter(|_| !entry.is_complete()) else {
            return vec![resolver.resolve(entry, &RegistrationInfo::default())];
        };
        let is_elsewhere = self.is_elsewhere(entry);
        let is_caller = !is_elsewhere && self.own_endpoint().as_ref() == Some(endpoint);
        if !is_caller && let Some(found) = resolver.on_roster(entry, endpoint) {
            return found;
        }
        let until = self.until - LAST_ANSWER;
        if is_elsewhere {
            // The call can be asked for the phones of its own server only.
            resolver.inquire_entry(entry, until).await;
            return resolver.entry(entry);
        }
        let channel = &mut *self.channel;
        let query = async {
            if is_caller {
                let known = resolver.registrations(endpoint, server);
                let infos = asterisk::caller(channel, endpoint, known).await?;
                let complete = |info| resolver.completed(info, endpoint, server);
                Ok(infos.into_iter().map(complete).collect())
            } else {
                asterisk::endpoint(channel, endpoint).await
            }
        };
        let queried: Result<_, agi::Error> = match timeout(QUERY_TIMEOUT, query).await {
            Ok(queried) => queried,
            Err(_) => Err(agi::Error::ReplyTimeout {
                command: "GET FULL VARIABLE".to_owned(),
                after: QUERY_TIMEOUT,
            }),
        };
        let is_found =
            |infos: &Vec<RegistrationInfo>| infos.iter().any(|info| info.address.is_some());
        if !queried.as_ref().is_ok_and(is_found) {
            // It may have registered meanwhile.
            resolver.inquire_entry(entry, until).await;
            if let Some(found) = resolver.on_roster(entry, endpoint) {
                return found;
            }
        }
        // The configuration may still suffice.
        let infos = queried.unwrap_or_else(|error| {
            let sources = vec![format!("querying Asterisk: {error}")];
            vec![RegistrationInfo {
                sources,
                ..RegistrationInfo::default()
            }]
        });
        resolver.desk_phones(entry, &infos)
    }

    /// Returns the endpoint of the call, if it has one.
    fn own_endpoint(&self) -> Option<Endpoint> {
        Endpoint::of_channel(self.call.channel())
    }

    /// Returns whether an entry is that of a phone of another server.
    fn is_elsewhere(&self, entry: &PhoneEntry) -> bool {
        entry.server.is_some() && entry.server != self.home
    }
}

/// Adds to the reason why a name is ambiguous how the server of a call is determined.
fn add_hint(found: &mut Resolution) {
    if let Err(NotFound { outcome, .. }) = found
        && outcome.status == Status::Invalid
        && outcome.reason.contains("; write ")
    {
        outcome.reason.push_str(
            "; or set systemname in asterisk.conf of each server, so that handsetd can tell which of \
             them a call comes from",
        );
    }
}

/// How long the queries for one phone may take.
const QUERY_TIMEOUT: Duration = Duration::from_secs(2);

/// How much of the budget is left for the outcome when servers do not answer.
const LAST_ANSWER: Duration = Duration::from_millis(100);
