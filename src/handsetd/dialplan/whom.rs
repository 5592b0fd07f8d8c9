//! Whose phone a call means: the caller's own, or those that `phone=` names. Where configuration
//! and roster do not suffice, Asterisk is asked through the call itself.

use std::time::Duration;

use tokio::time::timeout;

use super::asterisk;
use crate::outcome::{Outcome, Status};
use crate::resolver::{PhoneResolver, Resolution};
use handset_agi::{self as agi, Channel};
use handset_phones::phone::{Endpoint, PhoneEntry, RegistrationInfo, Target};
use handset_phones::verb::Request;

/// Returns the phones that a call means; for each that can't be found, why not.
pub(super) async fn find(
    resolver: &PhoneResolver,
    request: &Request,
    call: &agi::Request,
    channel: &mut Channel,
) -> Vec<Resolution> {
    let Some(names) = &request.phone else {
        return caller(resolver, call, channel).await;
    };
    let mut found = Vec::new();
    for target in resolver.targets(names) {
        match target {
            Target::Listed(entry) | Target::Unlisted(entry) => {
                found.extend(phones(resolver, &entry, call, channel).await);
            }
            Target::Unknown(address) => found.extend(resolver.at_address(&address)),
        }
    }
    if found.is_empty() {
        found.push(Err(PhoneResolver::nobody().into()));
    }
    found
}

async fn caller(
    resolver: &PhoneResolver,
    call: &agi::Request,
    channel: &mut Channel,
) -> Vec<Resolution> {
    let Some(endpoint) = Endpoint::of_channel(call.channel()) else {
        let reason = format!(
            "channel {} is none of a phone (PJSIP, SIP, SCCP); name one with phone=",
            call.channel()
        );
        return vec![Err(Outcome::new(Status::NotFound, reason).into())];
    };
    let entry = resolver.of_endpoint(&endpoint);
    phones(resolver, &entry, call, channel).await
}

/// Returns the phone of an entry; several, where an endpoint that no address is configured for has
/// several contacts.
async fn phones(
    resolver: &PhoneResolver,
    entry: &PhoneEntry,
    call: &agi::Request,
    channel: &mut Channel,
) -> Vec<Resolution> {
    let Some(endpoint) = entry.endpoint.as_ref().filter(|_| !entry.is_complete()) else {
        return vec![resolver.resolve(entry, &RegistrationInfo::default())];
    };
    let is_caller = Endpoint::of_channel(call.channel()).as_ref() == Some(endpoint);
    if !is_caller && let Some(found) = resolver.on_roster(entry, endpoint) {
        return found;
    }
    let asking = async {
        if is_caller {
            let facts = asterisk::caller(channel, endpoint).await?;
            Ok(vec![resolver.completed(facts, endpoint)])
        } else {
            asterisk::endpoint(channel, endpoint).await
        }
    };
    let asked: Result<_, agi::Error> = match timeout(ASKING, asking).await {
        Ok(asked) => asked,
        Err(_) => Err(agi::Error::ReplyTimeout {
            command: "GET FULL VARIABLE".to_owned(),
            after: ASKING,
        }),
    };
    // The configuration may still suffice.
    let facts = asked.unwrap_or_else(|error| {
        let tried = vec![format!("asking Asterisk: {error}")];
        vec![RegistrationInfo {
            tried,
            ..RegistrationInfo::default()
        }]
    });
    resolver.each(entry, &facts).collect()
}

/// How long Asterisk may take to tell of one phone.
const ASKING: Duration = Duration::from_secs(2);
