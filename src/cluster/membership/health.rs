//! Whether NATS works as required, and the state of this daemon that follows from it.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::error::Reason;
use crate::shared::Shared;
use crate::state::State;

/// Whether NATS works as required.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Health {
    Good,
    Failing { since: Instant, reason: Reason },
    Refused(Reason),
}

impl Health {
    /// Returns the health of a connection that does not exist yet.
    pub(super) fn initial() -> Self {
        Self::Failing {
            since: Instant::now(),
            reason: Reason::new("NATS has not answered yet"),
        }
    }
}

/// Records a failure, keeping the time of the first.
pub(super) fn record_failure(health: &watch::Sender<Health>, reason: Reason) {
    health.send_modify(|health| {
        let since = match health {
            Health::Failing { since, .. } => *since,
            Health::Good => Instant::now(),
            // A refusal stays until it is resolved.
            Health::Refused(_) => return,
        };
        *health = Health::Failing { since, reason };
    });
}

/// Keeps the state of this daemon up to date: failures shorter than the tolerated time do not change it.
pub(super) async fn update_state(shared: Arc<Shared>, mut health: watch::Receiver<Health>) {
    loop {
        let current = health.borrow_and_update().clone();
        let deadline = match &current {
            Health::Failing { since, .. } => {
                Some(*since + shared.config.timing.unavailable_timeout)
            }
            Health::Good | Health::Refused(_) => None,
        };
        match current {
            Health::Good => set_state(&shared, |since| State::Joined { since }),
            Health::Refused(reason) => set_state(&shared, |since| State::Refused { since, reason }),
            Health::Failing { reason, .. } if deadline.is_some_and(|at| at <= Instant::now()) => {
                set_state(&shared, |since| State::Alone { since, reason });
            }
            Health::Failing { .. } => {}
        }
        let deadline_passed = async {
            match deadline.filter(|at| *at > Instant::now()) {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = health.changed() => if changed.is_err() { return },
            () = deadline_passed => {}
        }
    }
}

/// Changes the state and logs it, unless only the reason has changed.
fn set_state(shared: &Shared, state: impl FnOnce(SystemTime) -> State) {
    let new = state(SystemTime::now());
    shared.state.send_if_modified(|old| {
        if std::mem::discriminant(old) == std::mem::discriminant(&new) {
            return false;
        }
        match &new {
            State::Joined { .. } => {
                info!(daemon = %shared.config.name, "Joined the cluster.");
            }
            State::Alone { reason, .. } => {
                warn!(%reason, "The cluster is away; this daemon continues alone.");
            }
            State::Refused { reason, .. } => {
                warn!(%reason, "The cluster refuses this daemon; it continues alone.");
            }
            State::Joining { .. } => {}
        }
        *old = new;
        true
    });
}
