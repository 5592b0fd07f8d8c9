//! The server at which a phone is registered, and its contact there.

use std::time::Duration;

use handset_ami::{Action, Client};
use handset_phones::phone::{Endpoint, Phone, Technology};
use tokio::time::Instant;

use super::failure::Failure;
use crate::outcome::Status;
use crate::roster::{Contact, Reach, Roster, Unavailable};

/// A phone as registered at a server.
#[derive(Debug)]
pub(super) struct RegisteredContact {
    pub(super) client: Client,
    pub(super) contact: Contact,
    /// Whether it is the only contact of the endpoint.
    pub(super) is_only: bool,
    pub(super) endpoint: Endpoint,
}

/// Finds the server and the contact of `phone` for `what`, a NOTIFY or a call.
///
/// Asterisk silently accepts both for an endpoint without contacts, so this is checked first.
pub(super) async fn find(
    roster: &Roster,
    phone: &Phone,
    what: &str,
    until: Instant,
) -> Result<RegisteredContact, Failure> {
    let Some(endpoint) = &phone.endpoint else {
        let reason = format!("{what} requires an endpoint of Asterisk, and this phone has none");
        return Err(Failure::new(Status::Unreachable, reason));
    };
    let until = until.min(Instant::now() + SYNC_TIMEOUT);
    let registration = roster
        .registration(endpoint, phone.server.as_ref(), until)
        .await
        .map_err(|unavailable| {
            let status = match unavailable {
                Unavailable::NoServer => Status::Unsupported,
                _ => Status::Unreachable,
            };
            Failure::new(status, unavailable.to_string())
        })?;
    let contact = choose(phone, endpoint, &registration.contacts)?.clone();
    if contact.reach == Reach::Unreachable {
        let reason = format!("{endpoint} is registered, but does not answer Asterisk");
        return Err(Failure::new(Status::Unreachable, reason));
    }
    Ok(RegisteredContact {
        is_only: registration.contacts.len() == 1,
        client: registration.client,
        contact,
        endpoint: endpoint.clone(),
    })
}

/// Returns the contact of this phone.
pub(super) fn choose<'a>(
    phone: &Phone,
    endpoint: &Endpoint,
    contacts: &'a [Contact],
) -> Result<&'a Contact, Failure> {
    if let [only] = contacts {
        return Ok(only);
    }
    let ip = phone.address.ip();
    let is_same = |contact: &&Contact| phone.contact.as_ref() == Some(&contact.uri);
    let has_address = |contact: &&Contact| ip.is_some() && contact.address == ip;
    let found = contacts.iter().find(is_same);
    found
        .or_else(|| contacts.iter().find(has_address))
        .ok_or_else(|| {
            let (many, address) = (contacts.len(), &phone.address);
            let reason = format!("{endpoint} has {many} contacts, none of them at {address}");
            Failure::new(Status::Unreachable, reason)
        })
}

/// Checks whether Asterisk could send `action` to `phone`, without sending it; returns a
/// human-readable summary.
pub(super) async fn probe(
    roster: &Roster,
    phone: &Phone,
    action: Sends,
    until: Instant,
) -> Result<String, Failure> {
    let contact = find(roster, phone, action.what(), until).await?;
    let server = contact.client.name();
    let name = action.name(contact.endpoint.technology);
    // Asterisk lists only the actions that the account may use.
    let list = contact.client.send_until(Action::list_commands(), until);
    let list = list.await.map_err(|error| {
        let reason = format!("cannot list the actions of Asterisk {server}: {error}");
        Failure::new(Status::Unreachable, reason)
    })?;
    let mut known = list.headers().map(|(name, _)| name);
    if !known.any(|known| known.eq_ignore_ascii_case(name)) {
        let hint = action.hint();
        let reason = format!("Asterisk {server} does not offer {name} to handsetd; {hint}");
        return Err(Failure::new(Status::Unreachable, reason));
    }
    let uri = match contact.contact.uri.as_str() {
        "" => contact.endpoint.to_string(),
        uri => uri.to_owned(),
    };
    Ok(format!(
        "Asterisk {server} would send {} to {uri}",
        action.what()
    ))
}

/// What Asterisk sends to a phone on behalf of handsetd.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sends {
    /// A call.
    Call,
    /// A NOTIFY.
    Notify,
}

impl Sends {
    fn what(self) -> &'static str {
        match self {
            Self::Call => "a call",
            Self::Notify => "a NOTIFY",
        }
    }

    fn name(self, technology: Technology) -> &'static str {
        match (self, technology) {
            (Self::Call, _) => "Originate",
            (Self::Notify, Technology::Sip) => "SIPnotify",
            (Self::Notify, _) => "PJSIPNotify",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Call => "the account in manager.conf needs write = originate",
            Self::Notify => {
                "the account in manager.conf needs write = system, and res_pjsip_notify a \
                 pjsip_notify.conf with at least one section"
            }
        }
    }
}

/// How long to wait for a server whose registrations are being loaded.
const SYNC_TIMEOUT: Duration = Duration::from_secs(3);
