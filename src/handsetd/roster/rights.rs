//! Which rights the account has, and whether a new session would have others.
//!
//! Asterisk applies a changed `manager.conf` only to sessions that log in afterwards. What another
//! session would have is found out by one, so that the connection with the events is given up only for
//! more rights.

use std::collections::BTreeSet;
use std::time::Duration;

use handset_ami::{Action, Client, Events, Response, State};
use tokio::time::timeout;
use tracing::debug;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

/// The rights of a session, as far as they can be observed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Rights {
    /// The actions that it may send.
    pub(super) actions: BTreeSet<String>,
    /// Whether it receives events of the class `system`.
    pub(super) hears_system: bool,
}

impl Rights {
    /// Reads the response to `ListCommands`.
    pub(super) fn new(response: &Response, hears_system: bool) -> Self {
        let names = response.headers().map(|(name, _)| name.to_lowercase());
        let names = names.filter(|name| name != "response" && name != "actionid");
        Self {
            actions: names.collect(),
            hears_system,
        }
    }
}

/// Returns whether a new session would have other rights than `present`, or, where events of
/// registrations do not arrive, hears one.
pub(super) async fn have_changed(client: Client, present: Rights, hides_events: bool) -> bool {
    let probe = client.probe();
    let (probe, driver) = match probe {
        Ok(probe) => probe,
        Err(error) => {
            debug!(%error, "Cannot check the rights of the account.");
            return false;
        }
    };
    let mut events = probe.events();
    let check = async {
        let mut state = probe.state();
        let settled = state.wait_for(|state| {
            matches!(
                state,
                State::Connected(_) | State::Lost { .. } | State::Refused { .. } | State::Stopped
            )
        });
        let hears_system = match settled.await.as_deref() {
            Ok(State::Connected(connected)) => connected.booted,
            // With allowmultiplelogin = no, there is only one way to find out.
            Ok(State::Lost { reason, .. }) => {
                return reason.to_lowercase().contains("already in use");
            }
            _ => return false,
        };
        match probe.send(Action::list_commands()).await {
            Ok(response) if Rights::new(&response, hears_system) != present => true,
            Ok(_) if hides_events => hears_registration(&mut events).await,
            Ok(_) | Err(_) => false,
        }
    };
    let checked = async {
        tokio::select! {
            // It would log each of its sessions.
            () = driver.run().with_subscriber(NoSubscriber::default()) => false,
            changed = check => changed,
        }
    };
    timeout(CHECK_TIMEOUT, checked).await.unwrap_or_default()
}

/// Waits for the event of a registration, which a corrected `eventfilter` lets pass.
async fn hears_registration(events: &mut Events) -> bool {
    while let Some(event) = events.next().await {
        if event.is("ContactStatus") || event.is("PeerStatus") {
            return true;
        }
    }
    false
}

/// How long a check may take, and listen for registrations; longer than Asterisk is given to report that it has booted.
const CHECK_TIMEOUT: Duration = Duration::from_mins(1);
