//! A NOTIFY through Asterisk: which server takes it, to which contact, and what came of it.
//!
//! Asterisk says no more than that it has queued the NOTIFY, even for an endpoint without contacts;
//! so the roster is asked first whether anybody is there. How a body gets through Asterisk's
//! splitter is known in [`crate::ami::notify`].

use std::time::Duration;

use tokio::time::Instant;

use super::courier::Failed;
use crate::ami::notify::{Body, InvalidNotify, Notify};
use crate::ami::{Action, Error, NotifyTarget, Response};
use crate::outcome::Status;
use crate::phone::{Endpoint, Phone, Technology};
use crate::roster::{Absent, Contact, Reach, Roster};
use crate::vendor;

/// Sends `notify` to `phone`; returns what there is to say although Asterisk took it.
pub(super) async fn send(
    roster: &Roster,
    phone: &Phone,
    notify: &vendor::Notify,
    until: Instant,
) -> Result<Option<&'static str>, Failed> {
    let Some(endpoint) = &phone.endpoint else {
        let reason = "a NOTIFY goes to an endpoint of Asterisk, and this phone has none";
        return Err((Status::Unreachable, reason.to_owned()));
    };
    if endpoint.technology == Technology::Sccp {
        let reason = "Asterisk sends no NOTIFY to SCCP phones";
        return Err((Status::Unsupported, reason.to_owned()));
    }
    let read = until.min(Instant::now() + READING);
    let registration = roster
        .registration(endpoint, read)
        .await
        .map_err(|absent| {
            let status = match absent {
                Absent::NoServer => Status::Unsupported,
                _ => Status::Unreachable,
            };
            (status, absent.to_string())
        })?;
    let contact = choose(phone, endpoint, &registration.contacts)?;
    if contact.reach == Reach::Unreachable {
        let reason = format!("{endpoint} is registered, but does not answer Asterisk");
        return Err((Status::Unreachable, reason));
    }
    let is_alone = registration.contacts.len() == 1;
    let action = action(endpoint, (!is_alone).then_some(contact), notify)
        .map_err(|invalid| (Status::Invalid, with_source(&invalid)))?;
    let name = action.name().to_owned();
    let server = registration.client.name();
    match registration.client.send_until(action, until).await {
        Ok(answer) if answer.is_success() => Ok(Some(if is_alone { QUEUED } else { QUEUED_ONE })),
        Ok(answer) => Err((Status::Unreachable, refusal(server, &name, &answer))),
        Err(error @ (Error::Busy { .. } | Error::NotSent { .. })) => Err((
            Status::Unreachable,
            format!("Asterisk {server} is away: {error}"),
        )),
        Err(error) => Err((Status::Unknown, format!("Asterisk {server}: {error}"))),
    }
}

/// Picks the contact that is this phone.
fn choose<'a>(
    phone: &Phone,
    endpoint: &Endpoint,
    contacts: &'a [Contact],
) -> Result<&'a Contact, Failed> {
    if let [only] = contacts {
        return Ok(only);
    }
    let ip = phone.address.ip();
    let is_it = |contact: &&Contact| phone.contact.as_ref() == Some(&contact.uri);
    let is_there = |contact: &&Contact| ip.is_some() && contact.address == ip;
    let found = contacts.iter().find(is_it);
    found
        .or_else(|| contacts.iter().find(is_there))
        .ok_or_else(|| {
            let (many, address) = (contacts.len(), &phone.address);
            let reason =
                format!("{endpoint} has {many} contacts, and none of them is at {address}");
            (Status::Unreachable, reason)
        })
}

/// Makes the action; `one` is the contact that it goes to, if not to all of the endpoint.
fn action(
    endpoint: &Endpoint,
    one: Option<&Contact>,
    notify: &vendor::Notify,
) -> Result<Action, InvalidNotify> {
    let body = notify.body.as_ref();
    let notify = Notify {
        event: notify.event.clone(),
        headers: Vec::new(),
        body: body.map(|(content_type, text)| Body {
            content_type: content_type.clone(),
            text: text.clone(),
        }),
    };
    if endpoint.technology == Technology::Sip {
        return Action::sip_notify(endpoint.name(), &notify);
    }
    let target = match one {
        Some(contact) => NotifyTarget::Uri(contact.uri.clone()),
        None => NotifyTarget::Endpoint(endpoint.name().to_owned()),
    };
    Action::pjsip_notify(&target, &notify)
}

/// Says what Asterisk said, with the cure where one is known.
fn refusal(server: &str, action: &str, answer: &Response) -> String {
    let words = answer.message();
    let is = |part: &str| words.to_ascii_lowercase().contains(part);
    let cure = if is("unknown command") && action == "PJSIPNotify" {
        "Asterisk loads res_pjsip_notify only with a pjsip_notify.conf of one section at least; "
    } else if is("unknown command") {
        "chan_sip is not loaded; "
    } else if is("permission denied") {
        "the account in manager.conf needs write = system; "
    } else {
        ""
    };
    format!("{cure}{server} does not take {action}: {words}")
}

fn with_source(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", with_source(source)),
        None => error.to_string(),
    }
}

/// How long a server that is being read is waited for.
const READING: Duration = Duration::from_secs(3);

/// What is said of every NOTIFY.
const QUEUED: &str = "sent by NOTIFY, which no phone confirms";

/// What is said of a NOTIFY to one contact of several.
const QUEUED_ONE: &str = "sent by NOTIFY to one contact of several, for which Asterisk needs a \
                          default_outbound_endpoint in pjsip.conf; no phone confirms it";

#[cfg(test)]
mod tests;
