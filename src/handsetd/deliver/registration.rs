//! Which server knows a phone, and as which contact.

use std::time::Duration;

use tokio::time::Instant;

use super::execution::Failed;
use crate::outcome::Status;
use crate::roster::{Contact, Reach, Roster, Unavailable};
use handset_ami::{Action, Client};
use handset_phones::phone::{Endpoint, Phone, Technology};

/// A phone as a server knows it.
#[derive(Debug)]
pub(super) struct RegisteredContact {
    /// The server.
    pub(super) client: Client,
    /// Its contact there.
    pub(super) contact: Contact,
    /// Whether the endpoint has no other contact.
    pub(super) is_alone: bool,
    /// The endpoint.
    pub(super) endpoint: Endpoint,
}

/// Finds the server and the contact of `phone` for `what`, a NOTIFY or a call.
///
/// Asterisk takes both for an endpoint without contacts and says nothing, so this is asked first.
pub(super) async fn reach(
    roster: &Roster,
    phone: &Phone,
    what: &str,
    until: Instant,
) -> Result<RegisteredContact, Failed> {
    let Some(endpoint) = &phone.endpoint else {
        let reason = format!("{what} goes to an endpoint of Asterisk, and this phone has none");
        return Err((Status::Unreachable, reason));
    };
    let read = until.min(Instant::now() + READING);
    let registration = roster
        .registration(endpoint, read)
        .await
        .map_err(|absent| {
            let status = match absent {
                Unavailable::NoServer => Status::Unsupported,
                _ => Status::Unreachable,
            };
            (status, absent.to_string())
        })?;
    let contact = choose(phone, endpoint, &registration.contacts)?.clone();
    if contact.reach == Reach::Unreachable {
        let reason = format!("{endpoint} is registered, but does not answer Asterisk");
        return Err((Status::Unreachable, reason));
    }
    Ok(RegisteredContact {
        is_alone: registration.contacts.len() == 1,
        client: registration.client,
        contact,
        endpoint: endpoint.clone(),
    })
}

/// Picks the contact that is this phone.
pub(super) fn choose<'a>(
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

/// Says whether `phone` could be sent what `action` sends, without sending anything; returns in words
/// who would send it, and where to.
pub(super) async fn try_out(
    roster: &Roster,
    phone: &Phone,
    action: Sends,
    until: Instant,
) -> Result<String, Failed> {
    let reached = reach(roster, phone, action.what(), until).await?;
    let server = reached.client.name();
    let name = action.name(reached.endpoint.technology);
    // Asterisk lists those only that the account may use.
    let list = reached.client.send_until(Action::list_commands(), until);
    let list = list.await.map_err(|error| {
        let reason = format!("Asterisk {server} does not say what it can do: {error}");
        (Status::Unreachable, reason)
    })?;
    let mut known = list.headers().map(|(name, _)| name);
    if !known.any(|known| known.eq_ignore_ascii_case(name)) {
        let cure = action.cure();
        let reason = format!("Asterisk {server} has no {name} for handsetd; {cure}");
        return Err((Status::Unreachable, reason));
    }
    let uri = match reached.contact.uri.as_str() {
        "" => reached.endpoint.to_string(),
        uri => uri.to_owned(),
    };
    Ok(format!(
        "Asterisk {server} would send {} to {uri}",
        action.what()
    ))
}

/// What goes through Asterisk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sends {
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

    fn cure(self) -> &'static str {
        match self {
            Self::Call => "the account in manager.conf needs write = originate",
            Self::Notify => {
                "the account in manager.conf needs write = system, and res_pjsip_notify a \
                 pjsip_notify.conf of one section at least"
            }
        }
    }
}

/// How long a server that is being read is waited for.
const READING: Duration = Duration::from_secs(3);
