//! The target phones of a call: the caller's own, or those in `phone=`. Where configuration and roster do not
//! suffice, Asterisk is queried through the call itself.

use std::time::Duration;

use handset_agi::{self as agi, Channel};
use handset_phones::phone::{Endpoint, PhoneEntry, PhoneNames, RegistrationInfo, Target};
use handset_phones::verb::Request;
use tokio::time::{Instant, timeout};

use super::asterisk;
use crate::outcome::{Outcome, Status};
use crate::resolver::{PhoneResolver, Resolution};

/// Returns the target phones of a call; for each that cannot be found, the reason.
pub(super) async fn find(
    resolver: &PhoneResolver,
    request: &Request,
    call: &agi::Request,
    channel: &mut Channel,
    until: Instant,
) -> Vec<Resolution> {
    let Some(names) = &request.phone else {
        return caller(resolver, call, channel, until).await;
    };
    let mut found = Vec::new();
    for target in resolver.targets(names) {
        match target {
            Target::Listed(entry) | Target::Unlisted(entry) => {
                found.extend(phones(resolver, &entry, call, channel, until).await);
            }
            Target::Plain(entry) => {
                let phones = plain(resolver, &entry, call, channel, until).await;
                found.extend(PhoneResolver::of_any_technology(phones));
            }
            Target::NoMatch(pattern) => {
                found.push(Err(PhoneResolver::no_match(&pattern).into()));
            }
            Target::Group(name) => found.push(Err(PhoneResolver::no_group(&name).into())),
            Target::Unknown(address) => {
                let address_only = PhoneNames::inserted(&address);
                resolver.inquire(&address_only, until - LAST_ANSWER).await;
                found.extend(resolver.at_address(&address));
            }
        }
    }
    if found.is_empty() {
        found.push(Err(PhoneResolver::no_phone().into()));
    }
    found
}

/// Returns the phones of a name without a technology, which the roster does not know: those of the
/// caller's own endpoint if it has this name, else of PJSIP, else of `chan_sip`, else of chan-sccp.
async fn plain(
    resolver: &PhoneResolver,
    entry: &PhoneEntry,
    call: &agi::Request,
    channel: &mut Channel,
    until: Instant,
) -> Vec<Resolution> {
    let own = Endpoint::of_channel(call.channel());
    if let Some(own) = own.as_ref().filter(|own| own.name() == entry.name) {
        let entry = resolver.of_endpoint(own);
        return phones(resolver, &entry, call, channel, until).await;
    }
    let found = phones(resolver, entry, call, channel, until).await;
    if found.iter().any(Result::is_ok) {
        return found;
    }
    let others = timeout(QUERY_TIMEOUT, asterisk::other_technologies(channel)).await;
    for technology in others.ok().and_then(Result::ok).unwrap_or_default() {
        let Ok(other) = Endpoint::new(technology, &entry.name) else {
            continue;
        };
        let entry = resolver.of_endpoint(&other);
        let others = phones(resolver, &entry, call, channel, until).await;
        if others.iter().any(Result::is_ok) {
            return others;
        }
    }
    found
}

async fn caller(
    resolver: &PhoneResolver,
    call: &agi::Request,
    channel: &mut Channel,
    until: Instant,
) -> Vec<Resolution> {
    let Some(endpoint) = Endpoint::of_channel(call.channel()) else {
        let reason = format!(
            "channel {} does not belong to a phone (PJSIP, SIP, SCCP); name one with phone=",
            call.channel()
        );
        return vec![Err(Outcome::new(Status::NotFound, reason).into())];
    };
    let entry = resolver.of_endpoint(&endpoint);
    phones(resolver, &entry, call, channel, until).await
}

/// Returns the phone of an entry; several if its endpoint has several contacts and no address is
/// configured.
async fn phones(
    resolver: &PhoneResolver,
    entry: &PhoneEntry,
    call: &agi::Request,
    channel: &mut Channel,
    until: Instant,
) -> Vec<Resolution> {
    let Some(endpoint) = entry.endpoint.as_ref().filter(|_| !entry.is_complete()) else {
        return vec![resolver.resolve(entry, &RegistrationInfo::default())];
    };
    let is_caller = Endpoint::of_channel(call.channel()).as_ref() == Some(endpoint);
    if !is_caller && let Some(found) = resolver.on_roster(entry, endpoint) {
        return found;
    }
    let query = async {
        if is_caller {
            let known = resolver.registrations(endpoint);
            let infos = asterisk::caller(channel, endpoint, known).await?;
            let complete = |info| resolver.completed(info, endpoint);
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
    let is_found = |infos: &Vec<RegistrationInfo>| infos.iter().any(|info| info.address.is_some());
    if !queried.as_ref().is_ok_and(is_found) {
        // The server of the call has no contact; another one may.
        resolver.inquire_entry(entry, until - LAST_ANSWER).await;
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

/// How long the queries for one phone may take.
const QUERY_TIMEOUT: Duration = Duration::from_secs(2);

/// How much of the budget is left for the outcome when servers do not answer.
const LAST_ANSWER: Duration = Duration::from_millis(100);
