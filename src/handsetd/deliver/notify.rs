//! Sends a NOTIFY through Asterisk.
//!
//! Asterisk only confirms that it has queued the NOTIFY, even for an endpoint without contacts, so
//! the registration is checked first. [`handset_ami::notify`] knows how a body passes Asterisk's
//! parser.

use handset_ami::notify::{Body, InvalidNotify, Notify};
use handset_ami::{Action, NotifyTarget, Response};
use handset_phones::phone::{Endpoint, Phone, Technology};
use handset_phones::vendor;
use tokio::time::Instant;

use super::asterisk_action::failure;
use super::channel::{self, CallState};
use super::failure::Failure;
use super::registration;
use crate::commit_point::CommitPoint;
use crate::outcome::Status;
use crate::roster::{Contact, Roster};

/// Sends `notify` to `phone` after committing; returns a note for the caller, since acceptance by
/// Asterisk is not acceptance by the phone.
pub(super) async fn send(
    roster: &Roster,
    phone: &Phone,
    notify: &vendor::Notify,
    until: Instant,
    commit_point: &CommitPoint,
) -> Result<Option<&'static str>, Failure> {
    let technology = phone.endpoint.as_ref().map(|endpoint| endpoint.technology);
    if technology == Some(Technology::Sccp) {
        let reason = "Asterisk cannot send NOTIFY to SCCP phones";
        return Err(Failure::new(Status::Unsupported, reason));
    }
    let contact = registration::find(roster, phone, "a NOTIFY", until).await?;
    let is_only = contact.is_only;
    let action = match &notify.call {
        None => action(
            &contact.endpoint,
            (!is_only).then_some(&contact.contact),
            notify,
        ),
        Some(call) => {
            if technology != Some(Technology::Pjsip) {
                let reason = "chan_sip cannot send NOTIFY within a call";
                return Err(Failure::new(Status::Unsupported, reason));
            }
            let named = call.channel.as_ref();
            let state = if call.ringing {
                CallState::Ringing
            } else {
                CallState::Answered
            };
            let channel = channel::find(&contact, named, state, until).await?;
            Action::pjsip_notify(&NotifyTarget::Channel(channel), &content(notify))
        }
    };
    let action = action.map_err(|invalid| Failure::new(Status::Invalid, with_source(&invalid)))?;
    let name = action.name().to_owned();
    let server = contact.client.name();
    commit_point.commit().await?;
    match contact.client.send_until(action, until).await {
        Ok(response) if response.is_success() && is_only => Ok(Some(QUEUED)),
        Ok(response) if response.is_success() && notify.call.is_some() => Ok(Some(QUEUED)),
        Ok(response) if response.is_success() => Ok(Some(QUEUED_ONE)),
        Ok(response) => Err(Failure::new(
            Status::Unreachable,
            refusal(server, &name, &response),
        )),
        Err(error) => Err(failure(&contact.client, &error)),
    }
}

/// Returns the AMI action; `one` is the contact that it goes to, if not to all of the endpoint.
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

/// Explains an error response, with its remedy if known.
fn refusal(server: &str, action: &str, response: &Response) -> String {
    let message = response.message();
    let is = |part: &str| message.to_ascii_lowercase().contains(part);
    let remedy = if is("unknown command") && action == "PJSIPNotify" {
        "Asterisk loads res_pjsip_notify only if pjsip_notify.conf has at least one section; "
    } else if is("unknown command") {
        "chan_sip is not loaded; "
    } else if is("permission denied") {
        "the account in manager.conf needs write = system; "
    } else {
        ""
    };
    format!("{remedy}{server} rejected {action}: {message}")
}

fn with_source(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", with_source(source)),
        None => error.to_string(),
    }
}

/// Note for every NOTIFY.
const QUEUED: &str = "sent by NOTIFY, which no phone confirms";

/// Note for a NOTIFY to one contact of several.
const QUEUED_ONE: &str = "sent by NOTIFY to one contact of several, for which Asterisk needs a \
                          default_outbound_endpoint in pjsip.conf; no phone confirms it";

#[cfg(test)]
mod tests;
