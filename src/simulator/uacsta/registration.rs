//! Keeps an identity registered.

use std::time::Duration;

use tokio::time::sleep;

use crate::device::Device;
use crate::sip::Agent;

/// Registers, and again before the registration expires and after each new connection.
pub(super) async fn keep(agent: Agent, device: Device, seconds: u32) {
    agent.connected().await;
    let mut connections = agent.connections();
    let mut pause = MIN_PAUSE;
    loop {
        connections.mark_unchanged();
        let wait = match agent.register_for(seconds).await {
            Ok(granted) => {
                device.change(|state| {
                    state.csta.registered = Some(granted);
                    state.csta.registrations += 1;
                    state.csta.registration_failure = None;
                });
                pause = MIN_PAUSE;
                Duration::from_secs(u64::from(granted)) / 2
            }
            Err(error) => {
                device.change(|state| {
                    state.csta.registered = None;
                    state.csta.registration_failure = Some(error.to_string());
                });
                let wait = pause;
                pause = (pause * 2).min(MAX_PAUSE);
                wait
            }
        };
        tokio::select! {
            () = sleep(wait) => {}
            Ok(()) = connections.changed() => {}
        }
    }
}

/// Records why there is no connection to the registrar.
pub(super) async fn record_connection_failures(agent: Agent, device: Device) {
    let mut failures = agent.connection_failure();
    loop {
        let failure = failures.borrow_and_update().clone();
        if failure.is_some() {
            device.change(|state| {
                state.csta.registered = None;
                state.csta.registration_failure = failure;
            });
        }
        if failures.changed().await.is_err() {
            return;
        }
    }
}

/// How long the phone waits after a registration that failed; doubled each time.
const MIN_PAUSE: Duration = Duration::from_secs(1);

/// The longest such wait.
const MAX_PAUSE: Duration = Duration::from_secs(15);
