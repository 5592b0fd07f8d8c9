//! The channel of a call, in whose dialog a NOTIFY goes.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::execution::Failed;
use super::super::registration::RegisteredContact;
use crate::outcome::Status;
use handset_ami::{Action, Event, ListQuery};
use handset_phones::phone::Technology;
use handset_phones::vendor::InCall;

/// Returns the name of the channel of a call.
pub(super) async fn channel(
    reached: &RegisteredContact,
    call: &InCall,
    until: Instant,
) -> Result<String, Failed> {
    if reached.endpoint.technology != Technology::Pjsip {
        let reason = "chan_sip sends no NOTIFY within a call";
        return Err((Status::Unsupported, reason.to_owned()));
    }
    let prefix = format!("{}-", reached.endpoint);
    if let Some(named) = &call.channel {
        if !named.as_str().starts_with(&prefix) {
            let reason = format!("call: {named} is no channel of {}", reached.endpoint);
            return Err((Status::Invalid, reason));
        }
        return Ok(named.to_string());
    }
    let mut channels = Vec::new();
    for _ in 0..TRIES {
        let all = of_phone(reached, &prefix, until).await?;
        let fits = |(_, state): &&(String, u8)| *state == if call.ringing { RINGING } else { UP };
        channels = all
            .iter()
            .filter(fits)
            .map(|(name, _)| name.clone())
            .collect();
        // A call that has just come may be about to ring.
        let may_ring = call.ringing && all.iter().any(|(_, state)| *state < RINGING);
        if !channels.is_empty() || !may_ring {
            break;
        }
        sleep(PAUSE).await;
    }
    match channels.as_slice() {
        [only] => Ok(only.clone()),
        [] if call.ringing => Err(rejected("no call rings at the phone")),
        [] => Err(rejected("the phone is in no call")),
        [first, ..] => Err(rejected(&format!(
            "the phone is in {} calls; name one, as call={first}",
            channels.len()
        ))),
    }
}

/// Returns the channels of a phone, with their states.
async fn of_phone(
    reached: &RegisteredContact,
    prefix: &str,
    until: Instant,
) -> Result<Vec<(String, u8)>, Failed> {
    let server = reached.client.name();
    let action = Action::list(ListQuery::Channels);
    let answer = reached.client.send_until(action, until).await;
    let answer = answer.map_err(|error| {
        let reason = format!("Asterisk {server} does not tell which calls there are: {error}");
        (Status::Unreachable, reason)
    })?;
    let channel = |item: &Event| {
        let name = item
            .header("Channel")
            .filter(|name| name.starts_with(prefix))?;
        let state = item.header("ChannelState")?.parse().ok()?;
        Some((name.to_owned(), state))
    };
    Ok(answer.items().iter().filter_map(channel).collect())
}

fn rejected(reason: &str) -> Failed {
    (Status::Rejected, reason.to_owned())
}

/// The state of a channel at whose other end it rings; those before have not got so far.
const RINGING: u8 = 5;

/// The state of a channel in which somebody talks.
const UP: u8 = 6;

/// How often it is looked whether a call that comes rings.
const TRIES: usize = 10;

/// How long it is waited between.
const PAUSE: Duration = Duration::from_millis(100);
