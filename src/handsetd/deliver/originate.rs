//! Calls that Asterisk originates to a phone, and their progress.
//!
//! handsetd chooses the unique id of a call, to recognize its events. Asterisk confirms only that a
//! call is queued; the events `Newstate`, `Hangup` and `OriginateResponse` report the result.

use std::time::Duration;

use handset_ami::{Action, Client, Destination, Event, Events, Originate};
use handset_net::expiring::ExpiringMap;
use handset_phones::phone::{Endpoint, Phone, Technology};
use handset_phones::vendor::{Call, Purpose};
use parking_lot::Mutex;
use tokio::time::{Instant, timeout_at};

use super::asterisk_action::{context, failure, send};
use super::failure::Failure;
use super::registration::{self, RegisteredContact};
use crate::commit_point::CommitPoint;
use crate::outcome::Status;
use crate::roster::Roster;

/// The last originated call of each phone.
#[derive(Debug)]
pub(super) struct OriginatedCalls(Mutex<ExpiringMap<String, OriginatedCall>>);

impl Default for OriginatedCalls {
    fn default() -> Self {
        Self(Mutex::new(ExpiringMap::new(CAPACITY)))
    }
}

#[derive(Clone, Debug)]
struct OriginatedCall {
    client: Client,
    /// The unique id of its channel.
    id: String,
}

impl OriginatedCalls {
    /// Places a call and waits for its result: the number is being called, or the phone rings. Commits
    /// before anything is sent.
    pub(super) async fn place(
        &self,
        roster: &Roster,
        phone: &Phone,
        call: &Call,
        until: Instant,
        commit_point: &CommitPoint,
    ) -> Result<(), Failure> {
        let RegisteredContact {
            client,
            contact,
            is_only,
            endpoint,
        } = registration::find(roster, phone, "a call", until).await?;
        let mut channel = endpoint.to_string();
        if !is_only {
            channel = format!("{endpoint}/{}", contact.uri);
        }
        let id = format!("handsetd-{}", handset_net::random::hex_token::<8>());
        let (destination, timeout) = match &call.purpose {
            Purpose::Dial(number) => {
                let context = context(&client, &endpoint, until).await?;
                let extension = number.to_string();
                let destination = Destination::Extension { context, extension };
                (destination, until.saturating_duration_since(Instant::now()))
            }
            Purpose::Ring(time) => (Destination::default(), *time),
        };
        let originate = Originate {
            channel,
            destination,
            timeout: Some(timeout),
            // The called party sees the phone as the caller.
            caller_id: Some(format!("<{}>", endpoint.name())),
            variables: variables(&endpoint, call)?,
            channel_id: Some(id.clone()),
        };
        let invalid =
            |error: handset_ami::InvalidAction| Failure::new(Status::Invalid, error.to_string());
        let action = originate.action().map_err(invalid)?;
        commit_point.commit().await?;
        // Subscribed first, so that no event is missed.
        let events = client.events();
        let response = send(&client, action, until).await?;
        let action_id = response.header("ActionID").unwrap_or_default().to_owned();
        let call_placed = OriginatedCall {
            client: client.clone(),
            id: id.clone(),
        };
        self.remember(phone, call_placed);
        let rings_only = matches!(call.purpose, Purpose::Ring(_));
        let progress = CallProgress {
            id: &id,
            action_id: &action_id,
            rings_only,
        };
        let Ok(result) = timeout_at(until, progress.run(events)).await else {
            let server = client.name();
            let reason = format!(
                "Asterisk {server} placed the call and did not report its result in time; the account in \
                 manager.conf needs read = call"
            );
            return Err(Failure::new(Status::Unknown, reason));
        };
        result
    }

    /// Hangs up the last originated call of the phone, if it still exists. Commits before anything is
    /// sent.
    pub(super) async fn hang_up(
        &self,
        phone: &Phone,
        until: Instant,
        commit_point: &CommitPoint,
    ) -> Result<(), Failure> {
        commit_point.commit().await?;
        let Some(OriginatedCall { client, id }) =
            self.0.lock().remove(&phone.key(), Instant::now())
        else {
            return Ok(());
        };
        let action = Action::hangup(&id, None);
        let action = action.map_err(|error| Failure::new(Status::Error, error.to_string()))?;
        match client.send_until(action, until).await {
            // An error response: the call has ended already.
            Ok(_) => Ok(()),
            Err(error) => Err(failure(&client, &error)),
        }
    }

    fn remember(&self, phone: &Phone, call: OriginatedCall) {
        let mut calls = self.0.lock();
        calls.insert(phone.key(), call, RETENTION, Instant::now());
    }
}

/// Follows the events of one call.
struct CallProgress<'a> {
    /// The unique id of its channel.
    id: &'a str,
    /// The `ActionID` of the action that placed it.
    action_id: &'a str,
    /// Whether ringing counts as success.
    rings_only: bool,
}

impl CallProgress<'_> {
    async fn run(&self, mut events: Events) -> Result<(), Failure> {
        let (mut cause, mut response) = (None, None);
        // The cause of a failure may arrive before the response or after it.
        let mut until: Option<Instant> = None;
        loop {
            let next = match until {
                None => events.next().await,
                Some(until) => timeout_at(until, events.next()).await.ok().flatten(),
            };
            let Some(event) = next else { break };
            if event.header("Uniqueid") == Some(self.id) {
                if event.is("Newstate") && self.rings_only && is_ringing(&event) {
                    return Ok(());
                }
                if event.is("Hangup") {
                    cause = Some(Cause::of(&event));
                }
            }
            if event.is("OriginateResponse") && event.header("ActionID") == Some(self.action_id) {
                until = Some(Instant::now() + CAUSE_TIMEOUT);
                response = Some(event);
            }
            if let Some(response) = &response
                && (cause.is_some() || is_answered(response))
            {
                break;
            }
        }
        let Some(response) = response else {
            let reason = "the connection to Asterisk ended after the call was placed";
            return Err(Failure::new(Status::Unknown, reason));
        };
        self.result(&response, cause.as_ref())
    }

    /// Interprets the response and the cause.
    fn result(&self, response: &Event, cause: Option<&Cause>) -> Result<(), Failure> {
        // 3 is ringing: it rang until the timeout, unanswered.
        let has_rung = response.header("Reason") == Some("3");
        if is_answered(response) || self.rings_only && has_rung {
            return Ok(());
        }
        let text = cause.map_or("", |cause| cause.text.as_str());
        Err(match cause.map(|cause| cause.number) {
            Some(17) => Failure::new(Status::Rejected, "the phone is busy"),
            Some(21) => Failure::new(Status::Rejected, "the phone declined the call"),
            Some(SUBSCRIBER_ABSENT) => {
                Failure::new(Status::Unreachable, "the phone is no longer registered")
            }
            _ if has_rung => Failure::new(
                Status::Rejected,
                "the phone rang and did not answer automatically; enable that in its settings",
            ),
            Some(number) => Failure::new(
                Status::Rejected,
                format!("Asterisk could not place the call: cause {number}, {text}"),
            ),
            None => Failure::new(
                Status::Rejected,
                "Asterisk could not place the call; see its log",
            ),
        })
    }
}

/// Why a channel ended (Q.850).
struct Cause {
    number: u16,
    text: String,
}

impl Cause {
    fn of(hangup: &Event) -> Self {
        let header = |name| hangup.header(name).unwrap_or_default();
        Self {
            number: header("Cause").parse().unwrap_or_default(),
            text: header("Cause-txt").to_owned(),
        }
    }
}

fn is_answered(response: &Event) -> bool {
    let word = response.header("Response").unwrap_or_default();
    word.eq_ignore_ascii_case("Success")
}

fn is_ringing(event: &Event) -> bool {
    matches!(event.header("ChannelState"), Some("5"))
}

/// Returns the channel variables that add the headers to the INVITE.
fn variables(endpoint: &Endpoint, call: &Call) -> Result<Vec<(String, String)>, Failure> {
    let headers = call.headers.iter();
    match endpoint.technology {
        Technology::Pjsip => Ok(headers
            .map(|(name, value)| (format!("PJSIP_HEADER(add,{name})"), value.clone()))
            .collect()),
        Technology::Sip => Ok((1..)
            .zip(headers)
            .map(|(at, (name, value))| (format!("SIPADDHEADER{at:02}"), format!("{name}: {value}")))
            .collect()),
        Technology::Sccp => {
            let reason = "a call by Asterisk can only make an SCCP phone ring";
            Err(Failure::new(Status::Unsupported, reason))
        }
    }
}

/// Q.850 cause: subscriber absent.
const SUBSCRIBER_ABSENT: u16 = 20;

/// How long the cause of a failed call may follow its response.
const CAUSE_TIMEOUT: Duration = Duration::from_secs(1);

/// How many calls are remembered, and for how long after they were placed.
const CAPACITY: usize = 10_000;
const RETENTION: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests;
