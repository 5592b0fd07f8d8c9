//! OriginatedCalls that Asterisk places to a phone, and what becomes of them.
//!
//! A call has an id of our own making, so that its events are known among all others. Asterisk says
//! of every call that it is queued; what comes of it is told by the events `Newstate`, `Hangup` and
//! `OriginateResponse`.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::execution::{Failed, begin};
use super::registration::{self, RegisteredContact};
use crate::commit_point::CommitPoint;
use crate::outcome::Status;
use crate::roster::Roster;
use handset_ami::{Action, Client, Destination, Error, Event, Events, Originate};
use handset_phones::phone::{Endpoint, Phone, Technology};
use handset_phones::vendor::{Call, Purpose};

/// The calls that were placed last, one for each phone.
#[derive(Debug, Default)]
pub(super) struct OriginatedCalls(Mutex<HashMap<String, OriginatedCall>>);

#[derive(Clone, Debug)]
struct OriginatedCall {
    client: Client,
    /// The unique id of its channel.
    id: String,
}

impl OriginatedCalls {
    /// Places a call and waits until it is clear what became of it: whoever shall be called is being
    /// called, or the phone rings. `commit_point` is asked before Asterisk is.
    pub(super) async fn place(
        &self,
        roster: &Roster,
        phone: &Phone,
        call: &Call,
        until: Instant,
        commit_point: &CommitPoint,
    ) -> Result<(), Failed> {
        let RegisteredContact {
            client,
            contact,
            is_alone,
            endpoint,
        } = registration::reach(roster, phone, "a call", until).await?;
        let mut channel = endpoint.to_string();
        if !is_alone {
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
            // Whoever is called next shall see who calls: the phone.
            caller_id: Some(format!("<{}>", endpoint.name())),
            variables: variables(&endpoint, call)?,
            channel_id: Some(id.clone()),
        };
        let invalid = |error: handset_ami::InvalidAction| (Status::Invalid, error.to_string());
        let action = originate.action().map_err(invalid)?;
        begin(commit_point).await?;
        // EventStream begins before, or the first event may be missed.
        let events = client.events();
        let answer = send(&client, action, until).await?;
        let number = answer.header("ActionID").unwrap_or_default().to_owned();
        let placed = OriginatedCall {
            client: client.clone(),
            id: id.clone(),
        };
        self.note(phone, placed);
        let rings_only = matches!(call.purpose, Purpose::Ring(_));
        let follow = CallProgress {
            id: &id,
            number: &number,
            rings_only,
        };
        let Ok(ended) = timeout_at(until, follow.run(events)).await else {
            let server = client.name();
            let reason = format!(
                "Asterisk {server} placed the call and did not tell in time what became of it; the \
                 account in manager.conf needs read = call"
            );
            return Err((Status::Unknown, reason));
        };
        ended
    }

    /// Ends the call that was placed last, if it is still there.
    pub(super) async fn hang_up(
        &self,
        phone: &Phone,
        until: Instant,
        commit_point: &CommitPoint,
    ) -> Result<(), Failed> {
        begin(commit_point).await?;
        let Some(OriginatedCall { client, id }) = self.lock().remove(&phone.name) else {
            return Ok(());
        };
        let action = Action::hangup(&id, None);
        let action = action.map_err(|error| (Status::Error, error.to_string()))?;
        match client.send_until(action, until).await {
            // A call that is gone already needs no end.
            Ok(_) => Ok(()),
            Err(error) => Err(failed(&client, &error)),
        }
    }

    fn note(&self, phone: &Phone, placed: OriginatedCall) {
        let mut calls = self.lock();
        if calls.len() >= MAX_CALLS {
            calls.clear();
        }
        calls.insert(phone.name.clone(), placed);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, OriginatedCall>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for the events of one call.
struct CallProgress<'a> {
    /// The unique id of its channel.
    id: &'a str,
    /// The `ActionID` of the action that placed it.
    number: &'a str,
    /// Whether ringing is all that is wanted.
    rings_only: bool,
}

impl CallProgress<'_> {
    async fn run(&self, mut events: Events) -> Result<(), Failed> {
        let (mut cause, mut response) = (None, None);
        // The cause may come before Asterisk says that the call failed, or after that.
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
            if event.is("OriginateResponse") && event.header("ActionID") == Some(self.number) {
                until = Some(Instant::now() + CAUSE);
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
            return Err((Status::Unknown, reason.to_owned()));
        };
        self.ended(&response, cause.as_ref())
    }

    /// Says what became of the call, when Asterisk says so.
    fn ended(&self, response: &Event, cause: Option<&Cause>) -> Result<(), Failed> {
        // 3 is «ringing»: it rang to the end, and nobody answered.
        let has_rung = response.header("Reason") == Some("3");
        if is_answered(response) || self.rings_only && has_rung {
            return Ok(());
        }
        let words = cause.map_or("", |cause| cause.words.as_str());
        Err(match cause.map(|cause| cause.number) {
            Some(17) => (Status::Rejected, "the phone is busy".to_owned()),
            Some(21) => (Status::Rejected, "the phone declined the call".to_owned()),
            Some(NOT_THERE) => (
                Status::Unreachable,
                "the phone is not registered any more".to_owned(),
            ),
            _ if has_rung => (
                Status::Rejected,
                "the phone rang and did not answer by itself; its settings must allow that"
                    .to_owned(),
            ),
            Some(number) => (
                Status::Rejected,
                format!("Asterisk could not place the call: cause {number}, {words}"),
            ),
            None => (
                Status::Rejected,
                "Asterisk could not place the call; its console says why".to_owned(),
            ),
        })
    }
}

/// Why a channel ended (Q.850).
struct Cause {
    number: u16,
    words: String,
}

impl Cause {
    fn of(hangup: &Event) -> Self {
        let header = |name| hangup.header(name).unwrap_or_default();
        Self {
            number: header("Cause").parse().unwrap_or_default(),
            words: header("Cause-txt").to_owned(),
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

/// Returns the headers of the INVITE as variables of the new channel.
fn variables(endpoint: &Endpoint, call: &Call) -> Result<Vec<(String, String)>, Failed> {
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
            let reason = "a call by Asterisk tells an SCCP phone nothing but to ring";
            Err((Status::Unsupported, reason.to_owned()))
        }
    }
}

/// Returns the context in which the endpoint's own calls start.
async fn context(client: &Client, endpoint: &Endpoint, until: Instant) -> Result<String, Failed> {
    let name = endpoint.name();
    let variable = match endpoint.technology {
        Technology::Sip => format!("SIPPEER({name},context)"),
        Technology::Pjsip | Technology::Sccp => format!("PJSIP_ENDPOINT({name},context)"),
    };
    let action = Action::getvar(None, &variable);
    let action = action.map_err(|error| (Status::Invalid, error.to_string()))?;
    let answer = send(client, action, until).await?;
    let context = answer.header("Value").unwrap_or_default();
    Ok(if context.is_empty() {
        "default"
    } else {
        context
    }
    .to_owned())
}

async fn send(
    client: &Client,
    action: Action,
    until: Instant,
) -> Result<handset_ami::Response, Failed> {
    let name = action.name().to_owned();
    let until = until.min(Instant::now() + ASKING);
    let answer = client.send_until(action, until).await;
    let answer = answer.map_err(|error| failed(client, &error))?;
    if answer.is_success() {
        return Ok(answer);
    }
    let (server, words) = (client.name(), answer.message());
    if words.to_ascii_lowercase().contains("permission denied") {
        let right = if name == "Originate" {
            "originate"
        } else {
            "call"
        };
        let reason = format!("{server}: the account in manager.conf needs write = {right}");
        return Err((Status::Unreachable, reason));
    }
    Err((
        Status::Rejected,
        format!("{server} refuses {name}: {words}"),
    ))
}

fn failed(client: &Client, error: &Error) -> Failed {
    let server = client.name();
    match error {
        Error::Busy { .. } | Error::NotSent { .. } => (
            Status::Unreachable,
            format!("Asterisk {server} is away: {error}"),
        ),
        error => (Status::Unknown, format!("Asterisk {server}: {error}")),
    }
}

/// The cause of a subscriber who is absent.
const NOT_THERE: u16 = 20;

/// How long Asterisk may take to answer an action.
const ASKING: Duration = Duration::from_secs(3);

/// How long Asterisk may take to say why a call failed, once it has said that it did.
const CAUSE: Duration = Duration::from_secs(1);

/// How many calls are remembered.
const MAX_CALLS: usize = 10_000;

#[cfg(test)]
mod tests;
