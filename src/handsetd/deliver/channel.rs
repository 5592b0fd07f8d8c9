//! Calls of a phone, as channels of Asterisk: finds them, ends them, transfers them.

use std::time::Duration;

use handset_ami::{Action, Event, ListQuery};
use handset_phones::phone::Phone;
use handset_phones::vendor::ChannelAction;
use handset_phones::verb::CallId;
use tokio::time::{Instant, sleep};

use super::asterisk_action;
use super::failure::Failure;
use super::registration::{self, RegisteredContact};
use crate::commit_point::CommitPoint;
use crate::outcome::Status;
use crate::roster::Roster;

/// Which calls of a phone are meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CallState {
    Answered,
    /// An answered one if there is one, else any.
    Any,
    Ringing,
}

/// Acts on a call of `phone`: never on one of another phone. Commits before anything is sent.
pub(super) async fn act(
    roster: &Roster,
    phone: &Phone,
    action: &ChannelAction,
    until: Instant,
    commit_point: &CommitPoint,
) -> Result<(), Failure> {
    let contact = registration::find(roster, phone, "call control by Asterisk", until).await?;
    let RegisteredContact {
        client, endpoint, ..
    } = &contact;
    let invalid =
        |error: handset_ami::InvalidAction| Failure::new(Status::Invalid, error.to_string());
    let named = action.channel.as_ref();
    let action = match &action.transfer_to {
        None => {
            let channel = find(&contact, named, CallState::Any, until).await?;
            Action::hangup(&channel, None)
        }
        Some(number) => {
            let channel = find(&contact, named, CallState::Answered, until).await?;
            let context = asterisk_action::context(client, endpoint, until).await?;
            // Asterisk would drop the call.
            if !asterisk_action::extension_exists(client, &context, number, until).await? {
                let reason = format!("the context {context} of Asterisk has no extension {number}");
                return Err(Failure::new(Status::Rejected, reason));
            }
            Action::blind_transfer(&channel, &context, number.as_str())
        }
    };
    let action = action.map_err(invalid)?;
    commit_point.commit().await?;
    asterisk_action::send(client, action, until).await?;
    Ok(())
}

/// Returns the name of the channel of a call: `named`, if it is one of the phone, else the only one in that
/// state.
pub(super) async fn find(
    contact: &RegisteredContact,
    named: Option<&CallId>,
    state: CallState,
    until: Instant,
) -> Result<String, Failure> {
    let prefix = format!("{}-", contact.endpoint);
    if let Some(named) = named {
        if !named.as_str().starts_with(&prefix) {
            let reason = format!("call: {named} is not a channel of {}", contact.endpoint);
            return Err(Failure::new(Status::Invalid, reason));
        }
        return Ok(named.to_string());
    }
    let mut channels = Vec::new();
    for _ in 0..ATTEMPTS {
        let all = of_phone(contact, &prefix, until).await?;
        channels = select(&all, state);
        // A call that has just arrived may be about to ring.
        let may_ring = state == CallState::Ringing && all.iter().any(|(_, state)| *state < RINGING);
        if !channels.is_empty() || !may_ring {
            break;
        }
        sleep(POLL_INTERVAL).await;
    }
    match channels.as_slice() {
        [only] => Ok(only.clone()),
        [] if state == CallState::Ringing => Err(rejected("no call is ringing at the phone")),
        [] => Err(rejected("the phone is in no call")),
        [first, ..] => Err(rejected(&format!(
            "the phone is in {} calls; name one, as call={first}",
            channels.len()
        ))),
    }
}

/// Returns the names of the channels in a state.
fn select(all: &[(String, u8)], state: CallState) -> Vec<String> {
    let in_state = |wanted: Option<u8>| {
        let fits = |(_, state): &&(String, u8)| wanted.is_none_or(|wanted| *state == wanted);
        let names = all.iter().filter(fits);
        names.map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    match state {
        CallState::Answered => in_state(Some(UP)),
        CallState::Ringing => in_state(Some(RINGING)),
        CallState::Any => {
            let answered = in_state(Some(UP));
            if answered.is_empty() {
                in_state(None)
            } else {
                answered
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answered_call_is_meant_before_others() {
        let all =
            [("a", RINGING), ("b", UP), ("c", 4)].map(|(name, state)| (name.to_owned(), state));
        assert_eq!(select(&all, CallState::Any), ["b"]);
        assert_eq!(select(&all, CallState::Answered), ["b"]);
        assert_eq!(select(&all, CallState::Ringing), ["a"]);
        let [ringing, _, dialing] = all;
        assert_eq!(select(&[ringing, dialing], CallState::Any), ["a", "c"]);
        assert!(select(&[], CallState::Any).is_empty());
    }
}
