//! The channel of a call, in whose dialog a NOTIFY goes.

use tokio::time::Instant;

use super::super::errand::Failed;
use super::super::reach::Reached;
use crate::ami::{Action, Event, ListQuery};
use crate::outcome::Status;
use crate::phone::Technology;
use crate::vendor::InCall;

/// Returns the name of the channel of a call.
pub(super) async fn channel(
    reached: &Reached,
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
    let server = reached.client.name();
    let action = Action::list(ListQuery::Channels);
    let answer = reached.client.send_until(action, until).await;
    let answer = answer.map_err(|error| {
        let reason = format!("Asterisk {server} does not tell which calls there are: {error}");
        (Status::Unreachable, reason)
    })?;
    let channels: Vec<_> = answer
        .items()
        .iter()
        .filter(|item| fits(item, &prefix, call.rings))
        .filter_map(|item| item.header("Channel"))
        .collect();
    match channels.as_slice() {
        [only] => Ok((*only).to_owned()),
        [] if call.rings => Err(rejected("no call rings at the phone")),
        [] => Err(rejected("the phone is in no call")),
        [first, ..] => Err(rejected(&format!(
            "the phone is in {} calls; name one, as call={first}",
            channels.len()
        ))),
    }
}

/// Whether a channel is of the phone and in that state: 5 is ringing, 6 is up.
fn fits(item: &Event, prefix: &str, rings: bool) -> bool {
    let state = if rings { "5" } else { "6" };
    let is_ours = item
        .header("Channel")
        .is_some_and(|channel| channel.starts_with(prefix));
    is_ours && item.header("ChannelState") == Some(state)
}

fn rejected(reason: &str) -> Failed {
    (Status::Rejected, reason.to_owned())
}
