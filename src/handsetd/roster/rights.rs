//! Which rights the account has, and whether a new session would have others.
//!
//! Asterisk applies a changed `manager.conf` only to sessions that log in afterwards. What another
//! session would have is found out by one, so that the connection with the events is given up only for
//! more rights.

use std::collections::BTreeSet;
use std::time::Duration;

use handset_ami::{Action, Client, Response, State};
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

/// Returns whether a new session would have other rights than `present`.
pub(super) async fn have_changed(client: Client, present: Rights) -> bool {
    let probe = client.probe();
    let (probe, driver) = match probe {
        Ok(probe) => probe,
        Err(error) => {
            debug!(%error, "Cannot check the rights of the account.");
            return false;
        }
    };
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
            Ok(response) => Rights::new(&response, hears_system) != present,
            Err(_) => false,
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

/// How long a check may take; longer than Asterisk is given to report that it has booted.
const CHECK_TIMEOUT: Duration = Duration::from_mins(1);
