//! Finds the channel of a call, for a NOTIFY within its dialog.

use std::time::Duration;

use handset_ami::{Action, Event, ListQuery};
use handset_phones::phone::Technology;
use handset_phones::vendor::InCall;
use tokio::time::{Instant, sleep};

use super::super::failure::Failure;
use super::super::registration::RegisteredContact;
use crate::outcome::Status;

/// Returns the name of the channel of a call.
pub(super) async fn channel(
    contact: &RegisteredContact,
    call: &InCall,
    until: Instant,
) -> Result<String, Failure> {
    if contact.endpoint.technology != Technology::Pjsip {
        let reason = "chan_sip cannot send NOTIFY within a call";
        return Err(Failure::new(Status::Unsupported, reason));
    }
    let prefix = format!("{}-", contact.endpoint);
    if let Some(named) = &call.channel {
        if !named.as_str().starts_with(&prefix) {
            let reason = format!("call: {named} is not a channel of {}", contact.endpoint);
            return Err(Failure::new(Status::Invalid, reason));
        }
        return Ok(named.to_string());
    }
    let mut channels = Vec::new();
    for _ in 0..ATTEMPTS {
        let all = of_phone(contact, &prefix, until).await?;
        let fits = |(_, state): &&(String, u8)| *state == if call.ringing { RINGING } else { UP };
        channels = all
            .iter()
            .filter(fits)
            .map(|(name, _)| name.clone())
            .collect();
        // A call that has just arrived may be about to ring.
        let may_ring = call.ringing && all.iter().any(|(_, state)| *state < RINGING);
        if !channels.is_empty() || !may_ring {
            break;
        }
        sleep(POLL_INTERVAL).await;
    }
    match channels.as_slice() {
        [only] => Ok(only.clone()),
        [] if call.ringing => Err(rejected("no call is ringing at the phone")),
        [] => Err(rejected("the phone is in no call")),
        [first, ..] => Err(rejected(&format!(
            "the phone is in {} calls; name one, as call={first}",
            channels.len()
        ))),
    }
}

/// Returns the channels of a phone and their states.
async fn of_phone(
    contact: &RegisteredContact,
    prefix: &str,
    until: Instant,
) -> Result<Vec<(String, u8)>, Failure> {
    let server = contact.client.name();
    let action = Action::list(ListQuery::Channels);
    let response = contact.client.send_until(action, until).await;
    let response = response.map_err(|error| {
        let reason = format!("cannot list the calls of Asterisk {server}: {error}");
        Failure::new(Status::Unreachable, reason)
    })?;
    let channel = |item: &Event| {
        let name = item
            .header("Channel")
            .filter(|name| name.starts_with(prefix))?;
        let state = item.header("ChannelState")?.parse().ok()?;
        Some((name.to_owned(), state))
    };
    Ok(response.items().iter().filter_map(channel).collect())
}

fn rejected(reason: &str) -> Failure {
    Failure::new(Status::Rejected, reason)
}

/// State of a channel whose far end is ringing; lower states precede it.
const RINGING: u8 = 5;

/// State of an answered channel.
const UP: u8 = 6;

/// How often an arriving call is polled until it rings.
const ATTEMPTS: usize = 10;

const POLL_INTERVAL: Duration = Duration::from_millis(100);
