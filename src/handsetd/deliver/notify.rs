//! A NOTIFY through Asterisk: which server takes it, to which contact, and what came of it.
//!
//! Asterisk says no more than that it has queued the NOTIFY, even for an endpoint without contacts;
//! so the roster is asked first whether anybody is there. How a body gets through Asterisk's
//! splitter is known in [`handset_ami::notify`].

mod in_call;

use tokio::time::Instant;

use super::execution::{Failed, begin};
use super::registration;
use crate::commit_point::CommitPoint;
use crate::outcome::Status;
use crate::roster::{Contact, Roster};
use handset_ami::notify::{Body, InvalidNotify, Notify};
use handset_ami::{Action, Error, NotifyTarget, Response};
use handset_phones::phone::{Endpoint, Phone, Technology};
use handset_phones::vendor;

/// Sends `notify` to `phone`, once `commit_point` lets it go; returns what there is to say although
/// Asterisk took it.
pub(super) async fn send(
    roster: &Roster,
    phone: &Phone,
    notify: &vendor::Notify,
    until: Instant,
    commit_point: &CommitPoint,
) -> Result<Option<&'static str>, Failed> {
    let technology = phone.endpoint.as_ref().map(|endpoint| endpoint.technology);
    if technology == Some(Technology::Sccp) {
        let reason = "Asterisk sends no NOTIFY to SCCP phones";
        return Err((Status::Unsupported, reason.to_owned()));
    }
    let reached = registration::reach(roster, phone, "a NOTIFY", until).await?;
    let is_alone = reached.is_alone;
    let action = match &notify.call {
        None => action(
            &reached.endpoint,
            (!is_alone).then_some(&reached.contact),
            notify,
        ),
        Some(call) => {
            let channel = in_call::channel(&reached, call, until).await?;
            Action::pjsip_notify(&NotifyTarget::Channel(channel), &content(notify))
        }
    };
    let action = action.map_err(|invalid| (Status::Invalid, with_source(&invalid)))?;
    let name = action.name().to_owned();
    let server = reached.client.name();
    begin(commit_point).await?;
    match reached.client.send_until(action, until).await {
        Ok(answer) if answer.is_success() && is_alone => Ok(Some(QUEUED)),
        Ok(answer) if answer.is_success() && notify.call.is_some() => Ok(Some(QUEUED)),
        Ok(answer) if answer.is_success() => Ok(Some(QUEUED_ONE)),
        Ok(answer) => Err((Status::Unreachable, refusal(server, &name, &answer))),
        Err(error @ (Error::Busy { .. } | Error::NotSent { .. })) => Err((
            Status::Unreachable,
            format!("Asterisk {server} is away: {error}"),
        )),
        Err(error) => Err((Status::Unknown, format!("Asterisk {server}: {error}"))),
    }
}

/// Makes the action; `one` is the contact that it goes to, if not to all of the endpoint.
fn action(
    endpoint: &Endpoint,
    one: Option<&Contact>,
    notify: &vendor::Notify,
) -> Result<Action, InvalidNotify> {
    let notify = content(notify);
    if endpoint.technology == Technology::Sip {
        return Action::sip_notify(endpoint.name(), &notify);
    }
    let target = match one {
        Some(contact) => NotifyTarget::Uri(contact.uri.clone()),
        None => NotifyTarget::Endpoint(endpoint.name().to_owned()),
    };
    Action::pjsip_notify(&target, &notify)
}

fn content(notify: &vendor::Notify) -> Notify {
    let body = notify.body.as_ref();
    Notify {
        event: notify.event.clone(),
        headers: Vec::new(),
        body: body.map(|(content_type, text)| Body {
            content_type: content_type.clone(),
            text: text.clone(),
        }),
    }
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

/// What is said of every NOTIFY.
const QUEUED: &str = "sent by NOTIFY, which no phone confirms";

/// What is said of a NOTIFY to one contact of several.
const QUEUED_ONE: &str = "sent by NOTIFY to one contact of several, for which Asterisk needs a \
                          default_outbound_endpoint in pjsip.conf; no phone confirms it";

#[cfg(test)]
mod tests;
